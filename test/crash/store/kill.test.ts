// Owns the proof that a killed writer loses nothing it was told is safe (issue: acknowledged means durable).
import { expect, it } from "vitest";
import type { Change, Store } from "../../../src/store/store.ts";
import { roundsOf, seededMoments } from "../rounds.ts";
import { open, openStore } from "./opening.ts";
import { startWriter, temporaryFolder } from "./writer-process.ts";

interface Acknowledged {
  readonly client: string;
  readonly count: number;
  readonly revision: number;
}

const acknowledgedIn = (lines: readonly string[]): Acknowledged[] =>
  lines.flatMap((line) => {
    const [word, client = "", count, revision] = line.split(" ");
    return word === "ack" ? [{ client, count: Number(count), revision: Number(revision) }] : [];
  });

/** Everything that happened since the revision, by revision. */
async function replay(store: Store, after: number): Promise<Map<number, Change[]>> {
  const commits = new Map<number, Change[]>();
  const stop = new AbortController();
  if (store.revision() === after) return commits;
  for await (const changes of store.watch("/", after, stop.signal)) {
    for (const change of changes) {
      const revision = change.is === "put" ? change.entry.modified : change.revision;
      commits.set(revision, [...(commits.get(revision) ?? []), change]);
    }
    if (commits.has(store.revision())) break;
  }
  return commits;
}

const valueOf = (change: Change | undefined): string =>
  change?.is === "put" ? Buffer.from(change.entry.value).toString() : "none";

const rounds = roundsOf(70);

it.each([1, 32])(
  "loses no acknowledged write of %i clients, however often it is killed",
  async (clients) => {
    using folder = temporaryFolder();
    const random = seededMoments(`store with ${clients} clients killed`);
    let told = 0;
    let last = 0;
    for (let round = 0; round < rounds; round++) {
      const writer = startWriter(folder.path, clients);
      await writer.said(2 + random.int(4 + 8 * clients));
      await writer.kill();
      expect(writer.lines[0]).toBe(`open ${last}`);
      const acknowledged = acknowledgedIn(writer.lines);
      told += acknowledged.length;

      const store = await openStore(folder.path);
      const newest = Math.max(last, ...acknowledged.map(({ revision }) => revision));
      expect(store.revision()).toBeGreaterThanOrEqual(newest);
      // What came before is looked at again now and then, and at the end.
      const before = round % 20 === 19 || round === rounds - 1 ? 0 : last;
      last = store.revision();
      const commits = await replay(store, before);
      expect([...commits.keys()]).toEqual(Array.from({ length: last - before }, (_, at) => before + at + 1));
      for (const { client, count, revision } of acknowledged) {
        const changes = commits.get(revision) ?? [];
        expect(valueOf(changes[0])).toMatch(new RegExp(`^${client} ${count} `));
        expect(changes.slice(0, 3).map(valueOf)).toEqual(
          Array.from({ length: 3 }, () => valueOf(changes[0])),
        );
      }
      await store.close();
    }
    expect(told).toBeGreaterThan(rounds);
  },
  300_000 * roundsOf(1),
);

it(
  "neither loses nor revives anything when killed while it compacts",
  async () => {
    using folder = temporaryFolder();
    const random = seededMoments("compacting store killed");
    const newest = new Map<string, number>();
    let compacted = 0;
    for (let round = 0; round < rounds; round++) {
      const writer = startWriter(folder.path, 8, "compacting");
      await writer.said(180 + random.int(250));
      await writer.kill();
      const compactions = writer.lines.filter((line) => line.startsWith("compacted"));
      compacted += compactions.length;
      for (const { client, count } of acknowledgedIn(writer.lines)) newest.set(client, count);

      const store = await openStore(folder.path);
      const kept = await store.list("/kept/");
      if (kept.is !== "page") throw new Error("compacted");
      for (const [client, count] of newest) {
        const mine = kept.entries
          .map(({ key }) => key.split("/"))
          .filter(([, , name]) => name === client)
          .map(([, , , at]) => Number(at));
        expect(mine).toContain(count);
        // One more may have become durable before it could be acknowledged.
        for (const at of mine) expect(at <= count + 1).toBe(true);
        const pair = [await store.get(`/pair/${client}/left`), await store.get(`/pair/${client}/right`)];
        const [left, right] = pair.map((side) =>
          side === "absent" || "is" in side ? side : [...side.value],
        );
        expect(left).toEqual(right);
      }
      await store.close();
    }
    // Each round begins counting anew and so leaves at most its last few behind, one more where the last was not acknowledged.
    const store = await openStore(folder.path);
    const kept = await store.list("/kept/");
    if (kept.is !== "page") throw new Error("compacted");
    expect(kept.entries.length).toBeLessThanOrEqual(rounds * 8 * 4);
    expect(compacted).toBeGreaterThan(rounds / 2);
    await store.close();
  },
  300_000 * roundsOf(1),
);

it("is locked while it is open, by name, and free once its holder is killed", async () => {
  using folder = temporaryFolder();
  const holder = startWriter(folder.path, 0);
  await holder.said(1);
  const refused = await open(folder.path);
  expect(refused).toMatchObject({
    is: "locked",
    by: { pid: holder.pid },
    message: `cannot open the store in ${folder.path}: process ${holder.pid} has it open; end that process first, or use another folder`,
  });
  await holder.kill();
  const store = await openStore(folder.path);
  expect(await open(folder.path)).toMatchObject({ is: "locked", by: { pid: process.pid } });
  await store.close();
  await (await openStore(folder.path)).close();
});

it("goes to one of many that race for a dead holder's claim", async () => {
  using folder = temporaryFolder();
  const dead = startWriter(folder.path, 0);
  await dead.said(1);
  await dead.kill();
  const rivals = Array.from({ length: 4 }, () => startWriter(folder.path, 0));
  await Promise.all(rivals.map((rival) => rival.said(1)));
  const winners = rivals.filter(({ lines }) => lines[0]?.startsWith("open") === true);
  expect(winners).toHaveLength(1);
  for (const rival of rivals)
    if (!winners.includes(rival)) expect(rival.lines).toEqual([`locked ${winners[0]?.pid}`]);
  await Promise.all(rivals.map((rival) => rival.kill()));
});
