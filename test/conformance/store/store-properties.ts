// Owns the random histories: whatever happens to a store, it answers as the model does.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Change, CompactedError, type Guard, type Store, type Write } from "../../../src/store/store.ts";
import type { Subject } from "./subject.ts";
import { revisionOf, StoreModel } from "./store-model.ts";
import { type Watching, watching } from "./watching.ts";

const keys = ["/a", "/a/1", "/a/2", "/b/\u00e9", "/b/\u{1f600}", "/b/\uffee"];
const prefixes = ["/", "/a", "/a/", "/b/", "/none"];
const key = fc.constantFrom(...keys);
const prefix = fc.constantFrom(...prefixes);
// Revisions are drawn as a distance back from the newest.
const back = fc.nat(6);

const guard = fc.record({ key, is: fc.constantFrom("absent", "current", "stale") });
const write = fc.record({ key, value: fc.option(fc.string({ maxLength: 8 }), { nil: undefined }) });
const commit = fc.record({
  guards: fc.array(guard, { maxLength: 2 }),
  writes: fc.uniqueArray(write, { maxLength: 3, selector: (drawn) => drawn.key }),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("commit" as const), commit }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("burst" as const),
      commits: fc.array(commit, { minLength: 2, maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("get" as const), key, back }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      prefix,
      back,
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      after: fc.option(key, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("watch" as const), prefix, back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;
type DrawnCommit = typeof commit extends fc.Arbitrary<infer Drawn> ? Drawn : never;

interface Watched {
  readonly prefix: string;
  readonly after: number;
  seen: Change[];
  watch: Watching;
}

class Run {
  private readonly subject: Subject;
  private readonly model: StoreModel;
  private watches: Watched[] = [];

  constructor(subject: Subject) {
    this.subject = subject;
    this.model = new StoreModel(subject.store.revision());
  }

  private get store(): Store {
    return this.subject.store;
  }

  async take(step: Step): Promise<void> {
    const at = "back" in step ? Math.max(0, this.model.revision - step.back) : 0;
    switch (step.do) {
      case "commit":
        return this.commit([step.commit]);
      case "burst":
        return this.commit(step.commits);
      case "get":
        return this.get(step.key, at);
      case "list":
        return this.list(step, at);
      case "watch":
        return this.watch(step.prefix, at);
      case "compact":
        return this.compact(at);
      case "restart":
        return this.restart();
    }
  }

  /** Commits made at once take effect in the order they were made. */
  private async commit(drawn: readonly DrawnCommit[]): Promise<void> {
    const answers: Promise<unknown>[] = [];
    const expected: unknown[] = [];
    for (const { guards: drawnGuards, writes: drawnWrites } of drawn) {
      const guards = drawnGuards.map((one) => this.guard(one));
      const writes = drawnWrites.map(({ key, value }): Write =>
        value === undefined
          ? { do: "delete", key }
          : { do: "put", key, value: new Uint8Array(Buffer.from(value)) },
      );
      const answer = this.store.commit(guards, writes);
      answers.push(answer);
      if (this.subject.takesInOrder === false) await answer;
      const broken = this.model.firstBroken(guards);
      if (broken === undefined) {
        this.model.apply(writes);
        expected.push({ is: "committed", revision: this.model.revision });
      } else {
        const actual = this.model.entries().get(broken.key) ?? "absent";
        expected.push({ is: "conflict", key: broken.key, actual });
      }
    }
    expect(plain(await Promise.all(answers))).toEqual(plain(expected));
    expect(this.store.revision()).toBe(this.model.revision);
  }

  private guard({ key, is }: { key: string; is: string }): Guard {
    if (is === "absent") return { key, is };
    const modified = this.model.entries().get(key)?.modified ?? this.model.revision + 7;
    return { key, is: "at", modified: is === "current" ? modified : modified - 1 };
  }

  private async get(key: string, at: number): Promise<void> {
    const expected =
      at < this.model.oldest ? this.compacted() : (this.model.entries(at).get(key) ?? "absent");
    expect(plain(await this.store.get(key, at))).toEqual(plain(expected));
  }

  private async list(step: Extract<Step, { do: "list" }>, at: number): Promise<void> {
    const { prefix, limit, after } = step;
    const request = {
      at,
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    };
    const found = await this.store.list(prefix, request);
    if (at < this.model.oldest) return expect(found).toEqual(this.compacted());
    const all = this.model.list(prefix, at);
    const from = after === undefined ? 0 : all.filter((entry) => compareBytes(entry.key, after) <= 0).length;
    const entries = all.slice(from, from + (limit ?? Infinity));
    const remaining = all.length - from - entries.length;
    expect(plain({ remaining, ...found })).toEqual(
      plain({ is: "page", entries, revision: at, more: remaining > 0, remaining }),
    );
  }

  private async watch(prefix: string, after: number): Promise<void> {
    const watch = watching(this.store, prefix, after);
    if (after + 1 < this.model.oldest) expect(await watch.end).toBeInstanceOf(CompactedError);
    else this.watches.push({ prefix, after, seen: [], watch });
  }

  private async compact(at: number): Promise<void> {
    if (this.subject.beginsWatchesAtOnce === false) await this.begun();
    await this.caughtUp();
    await this.store.compact(at);
    this.model.oldest = Math.max(this.model.oldest, at);
  }

  /** A watch is taken up after the restart where it was left: nothing is skipped, nothing repeated. */
  private async restart(): Promise<void> {
    if (this.subject.restart === undefined) return;
    await this.caughtUp();
    await this.subject.restart();
    expect(this.store.revision()).toBe(this.model.revision);
    for (const watched of this.watches) {
      expect(await watched.watch.end).toBe("ended");
      watched.seen = [...watched.seen, ...watched.watch.changes()];
      const last = watched.seen.at(-1);
      const position = Math.max(last === undefined ? watched.after : revisionOf(last), this.model.oldest - 1);
      watched.watch = watching(this.store, watched.prefix, position);
    }
  }

  /** Only a watch that was told something has certainly begun. */
  private async begun(): Promise<void> {
    const silent = this.watches.filter(({ watch }) => watch.changes().length === 0);
    const keys = new Set(silent.map(({ prefix }) => `${prefix}begun`));
    const writes = [...keys].map((key): Write => ({ do: "put", key, value: new Uint8Array() }));
    await this.store.commit([], writes);
    this.model.apply(writes);
  }

  async caughtUp(): Promise<void> {
    for (const { prefix, after, seen, watch } of this.watches) {
      const expected = this.model.changes(prefix, after);
      const changes = [...seen, ...(await watch.until(expected.length - seen.length))];
      expect(plain(changes.map(withoutPrevious))).toEqual(plain(expected.map(withoutPrevious)));
      for (const [at, change] of changes.entries())
        if (change.previous !== undefined) expect(plain(change)).toEqual(plain(expected[at]));
        // What stood before may be forgotten together with the history up to the change.
        else if (revisionOf(change) > this.model.oldest) expect(expected[at]?.previous).toBeUndefined();
    }
  }

  async finish(): Promise<void> {
    await this.caughtUp();
    const all = await this.store.list("/");
    expect(plain(all)).toMatchObject({ entries: plain(this.model.list("/", this.model.revision)) });
    for (const { watch } of this.watches) expect(await watch.stop()).toBe("ended");
  }

  private compacted(): unknown {
    return { is: "compacted", oldest: this.model.oldest };
  }
}

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const withoutPrevious = (change: Change): unknown =>
  change.is === "put"
    ? { is: change.is, entry: change.entry }
    : { is: change.is, key: change.key, revision: change.revision };

/** Values as text: a Buffer and a Uint8Array of the same bytes are the same value. */
const plain = (found: unknown): unknown =>
  JSON.parse(
    JSON.stringify(found, (_, part: unknown) =>
      typeof part === "object" && part !== null && "value" in part && part.value instanceof Uint8Array
        ? { ...part, value: Buffer.from(part.value).toString("hex") }
        : part,
    ) ?? "null",
  );

export function storeProperties(open: () => Promise<Subject>, histories: number): void {
  it("answers as the model does, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
        const subject = await open();
        try {
          const run = new Run(subject);
          for (const one of steps) await run.take(one);
          await run.finish();
        } finally {
          await subject.dispose();
        }
      }),
      // A failure is told before the test's own time is up, however slowly it shrinks.
      { numRuns: histories, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
    );
  });
}
