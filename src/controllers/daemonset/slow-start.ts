// Owns doing many things at once without storming a server that refuses them: one first, then one more with each success.

/** `again` asks for another plan; `stop` that nothing more of this kind be started. */
export type Done = "done" | "again" | "stop";

interface Batch {
  left: number;
  outcome: Done;
  thrown: { readonly error: unknown } | undefined;
  readonly end: () => void;
}

/** Works through what it is given in order, at most `most` at a time. After a `stop` what has not begun never does. */
export class SlowStart<T> {
  private readonly most: number;
  private readonly work: (item: T) => Promise<Done>;
  private readonly abandoned: (item: T) => void;
  private waiting: { readonly item: T; readonly batch: Batch }[] = [];
  private next = 0;
  private running = 0;
  private allowed = 1;

  /** `abandoned` is told of what never begins. */
  constructor(
    most: number,
    work: (item: T) => Promise<Done>,
    abandoned: (item: T) => void = () => undefined,
  ) {
    this.most = most;
    this.work = work;
    this.abandoned = abandoned;
  }

  get busy(): boolean {
    return this.running > 0 || this.next < this.waiting.length;
  }

  /** Resolves with what these items came to, once each has ended or is abandoned. */
  add(items: readonly T[]): Promise<Done> {
    if (items.length === 0) return Promise.resolve("done");
    return new Promise((resolve, reject) => {
      const end = () => (batch.thrown === undefined ? resolve(batch.outcome) : reject(batch.thrown.error));
      const batch: Batch = { left: items.length, outcome: "done", thrown: undefined, end };
      for (const item of items) this.waiting.push({ item, batch });
      this.pump();
    });
  }

  /** Abandons what has not begun. */
  drop(): void {
    const { waiting, next } = this;
    this.waiting = [];
    this.next = 0;
    for (const { item, batch } of waiting.slice(next)) {
      this.abandoned(item);
      endOne(batch, "stop");
    }
  }

  private pump(): void {
    while (this.running < this.allowed) {
      const begun = this.waiting[this.next];
      if (begun === undefined) break;
      this.next += 1;
      this.running += 1;
      void this.begin(begun.item, begun.batch);
    }
    if (this.next < this.waiting.length) return;
    this.waiting = [];
    this.next = 0;
    if (this.running === 0) this.allowed = 1;
  }

  private async begin(item: T, batch: Batch): Promise<void> {
    let done: Done = "stop";
    try {
      done = await this.work(item);
    } catch (error) {
      batch.thrown ??= { error };
    }
    this.running -= 1;
    if (done === "done") this.allowed = Math.min(this.allowed + 1, this.most);
    if (done === "stop") {
      this.allowed = 1;
      this.drop();
    }
    endOne(batch, done);
    this.pump();
  }
}

function endOne(batch: Batch, done: Done): void {
  if (done !== "done" && batch.outcome !== "stop") batch.outcome = done;
  batch.left -= 1;
  if (batch.left === 0) batch.end();
}

/** Works through the items alone. What is under way is waited for even when one of them throws. */
export const slowStart = <T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<Done>,
): Promise<Done> => new SlowStart(most, work).add(items);
