// Owns the way to durability: everything that waits is written together, one write at a time, and each hears when it is safe.
import { wordsOf } from "../world/log.ts";
import type { Batch, Journal, LeaseTerms } from "./journal.ts";
import { type LeaseId, NoSpaceError, type Revision } from "./store.ts";
import type { Version } from "./version-index.ts";

interface Group {
  readonly made: Version[];
  readonly forgotten: Version[];
  readonly granted: LeaseTerms[];
  readonly ended: LeaseId[];
  oldest: Revision | undefined;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (why: Error) => void;
}

function newGroup(): Group {
  let resolve = (): void => undefined;
  let reject = (_why: Error): void => undefined;
  const done = new Promise<void>((resolveDone, rejectDone) => {
    resolve = resolveDone;
    reject = rejectDone;
  });
  // Whoever submitted hears of a failure; a group nobody waits for must not end the process by itself.
  done.catch(() => undefined);
  return { made: [], forgotten: [], granted: [], ended: [], oldest: undefined, done, resolve, reject };
}

export class GroupCommit {
  private readonly journal: Journal;
  private readonly durable: (made: readonly Version[]) => void;
  private readonly undone: () => void;
  private waiting: Group | undefined;
  private writing: Group | undefined;
  private running: Promise<void> | undefined;
  private failure: Error | undefined;

  /** `durable` is told of versions in order, before whoever made them; `undone`, that all not yet durable never will be. */
  constructor(journal: Journal, durable: (made: readonly Version[]) => void, undone: () => void) {
    this.journal = journal;
    this.durable = durable;
    this.undone = undone;
  }

  /** Throws where an earlier write failed: what is on the medium is no longer known, so nothing more is added to it. */
  refuseIfFailed(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  submit(part: Partial<Batch>): Promise<void> {
    this.refuseIfFailed();
    const group = (this.waiting ??= newGroup());
    for (const version of part.made ?? []) group.made.push(version);
    for (const version of part.forgotten ?? []) group.forgotten.push(version);
    for (const lease of part.granted ?? []) group.granted.push(lease);
    for (const lease of part.ended ?? []) group.ended.push(lease);
    if (part.oldest !== undefined) group.oldest = part.oldest;
    this.running ??= this.run();
    return group.done;
  }

  /** Resolves once all that was submitted is durable. */
  settled(): Promise<void> {
    return (this.waiting ?? this.writing)?.done ?? Promise.resolve();
  }

  /** Resolves when nothing is being written, whether it went well or not. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // What else is committed in this turn joins the first write.
    await Promise.resolve();
    for (let group = this.waiting; group !== undefined; group = this.waiting) {
      this.waiting = undefined;
      this.writing = group;
      try {
        await this.journal.write(group);
        this.durable(group.made);
        group.resolve();
      } catch (thrown) {
        this.fail(thrown, group);
      }
      this.writing = undefined;
    }
    this.running = undefined;
  }

  private fail(thrown: unknown, group: Group): void {
    const why = thrown instanceof NoSpaceError ? thrown : this.finalFailure(thrown);
    // What waits was decided upon what has just failed.
    this.undone();
    group.reject(why);
    this.waiting?.reject(why);
    this.waiting = undefined;
  }

  private finalFailure(thrown: unknown): Error {
    this.failure = new Error(
      `cannot write to the store: ${wordsOf(thrown)}; restart once the cause is mended, all acknowledged writes are safe`,
      { cause: thrown },
    );
    return this.failure;
  }
}
