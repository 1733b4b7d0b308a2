// Owns the proof that a folder which is not what was written is refused with words, never with a signal or with wrong answers.
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Opened } from "../../../src/store/embedded/embedded-store.ts";
import type { Entry, Store } from "../../../src/store/store.ts";
import { seededRandom } from "../../../src/world/random.ts";
import { open, openStore } from "./opening.ts";
import { temporaryFolder } from "./writer-process.ts";

/** Every entry as text, which compares fast. */
async function entriesOf(store: Store): Promise<string> {
  const page = await store.list("/");
  if (page.is !== "page") throw new Error("compacted");
  const line = ({ value, ...facts }: Entry): string =>
    `${JSON.stringify(facts)} ${Buffer.from(value).toString("base64")}`;
  return page.entries.map(line).join("\n");
}

/** Enough for inner pages, overflow pages, free pages and two databases. */
async function fill(folder: string): Promise<string> {
  const store = await openStore(folder);
  await store.grant(3_600_000);
  for (let count = 0; count < 400; count++) {
    const value = new Uint8Array(count % 50 === 0 ? 9000 : count).fill(count);
    await store.commit([], [{ do: "put", key: `/k/${count % 300}`, value }]);
  }
  await store.compact(store.revision() - 10);
  const entries = await entriesOf(store);
  await store.close();
  return entries;
}

const cases: readonly { name: string; is: Opened["is"]; message: RegExp; harm: (folder: string) => void }[] =
  [
    {
      name: "a format from the future",
      is: "newer-format",
      message: /it has format 99 and this program knows formats up to 1; use the newer program/,
      harm: (folder) => writeFileSync(join(folder, "format"), "everynode-store 99\n"),
    },
    {
      name: "a format file of something else",
      is: "corrupt",
      message: /format does not name a format; restore/,
      harm: (folder) => writeFileSync(join(folder, "format"), "hello"),
    },
    {
      name: "no format file",
      is: "corrupt",
      message: /store\.mdb is there but the file .*format, which names its format, is not/,
      harm: (folder) => rmSync(join(folder, "format")),
    },
    {
      name: "no data file",
      is: "corrupt",
      message: /store\.mdb is missing or empty; restore/,
      harm: (folder) => rmSync(join(folder, "store.mdb")),
    },
    {
      name: "an empty data file",
      is: "corrupt",
      message: /store\.mdb is missing or empty; restore/,
      harm: (folder) => truncateSync(join(folder, "store.mdb"), 0),
    },
    {
      name: "a data file of noise",
      is: "corrupt",
      message: /store\.mdb is damaged \(it does not begin as a store does\); restore/,
      harm: (folder) => writeFileSync(join(folder, "store.mdb"), seededRandom(1).bytes(100_000)),
    },
    ...[100, 4096, 8192, 20_000, 40_960, 100_000].map((size) => ({
      name: `a data file cut to ${size} bytes`,
      is: "corrupt" as const,
      message: /store\.mdb is damaged \(it is cut short.*\); restore/,
      harm: (folder: string) => truncateSync(join(folder, "store.mdb"), size),
    })),
  ];

it.each(cases)("refuses $name", async ({ is, message, harm }) => {
  using folder = temporaryFolder();
  await fill(folder.path);
  harm(folder.path);
  const opened = await open(folder.path);
  expect(opened).toMatchObject({ is, message: expect.stringMatching(message) as unknown });
  // The refusal holds no claim on the folder.
  expect(await open(folder.path)).toMatchObject({ is });
});

it("begins anew where its making was cut short", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "format"), "everynode-store 1 unfinished\n");
  writeFileSync(join(folder.path, "store.mdb"), "half");
  const store = await openStore(folder.path);
  expect(store.revision()).toBe(0);
  await store.close();
  expect(readFileSync(join(folder.path, "format"), "utf8")).toBe("everynode-store 1\n");
});

it("either refuses or answers rightly whichever bytes are turned", async () => {
  using folder = temporaryFolder();
  const whole = join(folder.path, "whole");
  const entries = await fill(whole);
  const file = readFileSync(join(whole, "store.mdb"));
  const random = seededRandom(42);
  const outcomes = { corrupt: 0, open: 0 };
  for (let round = 0; round < 150; round++) {
    const harmed = join(folder.path, `harmed-${round}`);
    cpSync(whole, harmed, { recursive: true });
    const bytes = Buffer.from(file);
    const at = random.int(bytes.length);
    for (let turned = 0; turned < 1 + (round % 3) * 7; turned++)
      bytes.writeUInt8(random.int(256), (at + turned) % bytes.length);
    writeFileSync(join(harmed, "store.mdb"), bytes);
    const opened = await open(harmed);
    if (opened.is === "open") {
      outcomes.open++;
      expect((await entriesOf(opened.store)) === entries).toBe(true);
      await opened.store.close();
    } else {
      expect(opened.is).toBe("corrupt");
      outcomes.corrupt++;
    }
    rmSync(harmed, { recursive: true });
  }
  expect(outcomes.corrupt).toBeGreaterThan(10);
  expect(outcomes.open).toBeGreaterThan(10);
});
