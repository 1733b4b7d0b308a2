// Owns the proof that a disk which fills and empties while the store writes ends no process and loses nothing acknowledged.
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mountSmallDisk } from "../cluster/small-disk.fixture.ts";
import { openStore } from "./opening.ts";
import { startWriter, type WriterProcess } from "./writer-process.ts";

const disk = mountSmallDisk(96);
if (disk === undefined)
  console.warn("SKIPPED: the test of a store on a full disk needs a user who may mount a tmpfs (root)");
afterAll(() => disk?.remove());

const rounds = 12;
const clients = 4;

/** Resolves when so many more lines begin so, or the process has ended. */
async function more(writer: WriterProcess, word: "ack" | "full", count: number): Promise<void> {
  const begin = writer.lines.length;
  const found = (): number => writer.lines.slice(begin).filter((line) => line.startsWith(word)).length;
  for (let last = -1; found() < count && last !== writer.lines.length;) {
    last = writer.lines.length;
    await writer.said(last + 1);
  }
}

it.skipIf(disk === undefined)(
  "goes on writing whenever there is room",
  async () => {
    if (disk === undefined) return;
    const folder = join(disk.path, "store");
    const writer = startWriter(folder, clients, "patient");
    await more(writer, "ack", clients);
    for (let round = 0; round < rounds; round++) {
      disk.fill();
      await more(writer, "full", 3 * clients);
      disk.free();
      await more(writer, "ack", 3 * clients);
    }
    disk.fill();
    await more(writer, "full", clients);
    await writer.kill();
    disk.free();
    // lmdb says there when it meets the end of the disk, and each time may break its heap.
    expect(writer.errors).toEqual([]);
    const acknowledged = writer.lines.filter((line) => line.startsWith("ack"));
    expect(writer.lines.filter((line) => line === "full").length).toBeGreaterThanOrEqual(
      rounds * 3 * clients,
    );
    expect(acknowledged.length).toBeGreaterThan(rounds * 3 * clients);
    const store = await openStore(folder);
    for (const line of acknowledged) {
      const [, client, count, revision] = line.split(" ");
      const entry = await store.get(`/pair/${client}/left`, Number(revision));
      if (entry === "absent" || "is" in entry) throw new Error(`lost: ${line}`);
      expect(Buffer.from(entry.value).toString()).toMatch(new RegExp(`^${client} ${count} `));
    }
    await store.close();
  },
  120_000,
);
