// Owns the measure of durable writes: the embedded store beside its engine alone, in one run on one disk.
import { open } from "lmdb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openEmbeddedStore } from "../src/store/embedded/embedded-store.ts";
import { silentLog } from "../src/world/log.ts";
import { realClock } from "../src/world/real-clock.ts";

export interface StoreBenchRow {
  readonly clients: number;
  /** Acknowledged 1 KB writes a second. */
  readonly store: number;
  /** The same through lmdb's own `put`. */
  readonly engine: number;
  readonly ratio: number;
}

const value = Buffer.alloc(1024, "x");
const keyCount = 10_000;
const roundMs = 1000;
const rounds = 3;

/** So many clients, each of which writes again as soon as its last write is acknowledged. */
async function writesPerSecond(clients: number, write: (key: string) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let writes = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - start < roundMs) {
      await write(`/registry/configmaps/default/bench-${writes % keyCount}`);
      writes++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (writes * 1000) / (performance.now() - start);
}

const median = (found: readonly number[]): number => found.toSorted((a, b) => a - b)[found.length >> 1] ?? 0;

async function row(folder: string, clients: number): Promise<StoreBenchRow> {
  const opened = await openEmbeddedStore({ folder: join(folder, "store"), clock: realClock, log: silentLog });
  if (opened.is !== "open") throw new Error(opened.message);
  const { store } = opened;
  const engine = open<Buffer, string>({
    path: join(folder, "engine.mdb"),
    noSubdir: true,
    encoding: "binary",
  });
  const found = { store: [] as number[], engine: [] as number[] };
  // In turns, so that a disk that slows down slows both.
  for (let round = 0; round < rounds; round++) {
    found.engine.push(await writesPerSecond(clients, (key) => engine.put(key, value)));
    found.store.push(await writesPerSecond(clients, (key) => store.commit([], [{ do: "put", key, value }])));
    await store.compact(store.revision());
  }
  await store.close();
  await engine.close();
  const [ours, theirs] = [median(found.store), median(found.engine)];
  return { clients, store: Math.round(ours), engine: Math.round(theirs), ratio: ours / theirs };
}

export async function run(): Promise<readonly StoreBenchRow[]> {
  const rows: StoreBenchRow[] = [];
  for (const clients of [1, 64]) {
    const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
    rows.push(await row(folder, clients));
    rmSync(folder, { recursive: true });
  }
  return rows;
}

export const print = (rows: readonly StoreBenchRow[]): string =>
  rows
    .map(
      ({ clients, store, engine, ratio }) =>
        `acknowledged 1 KB writes/s, ${clients} client${clients === 1 ? "" : "s"}: store ${store}, lmdb alone ${engine}, ratio ${ratio.toFixed(2)}`,
    )
    .join("\n");

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(print(await run()));
