// Owns asking for the newest revision on behalf of many: who comes while a question is under way shares the next one.
import type { Revision } from "../store.ts";

export class LatestRevision {
  private readonly ask: () => Promise<Revision>;
  private current: Promise<Revision> | undefined;
  private next: Promise<Revision> | undefined;

  constructor(ask: () => Promise<Revision>) {
    this.ask = ask;
  }

  /** At least every revision that was acknowledged before this call. */
  get(): Promise<Revision> {
    if (this.current === undefined) return this.start();
    // The one under way may have been answered before the caller's last write.
    this.next ??= this.current.then(
      () => this.start(),
      () => this.start(),
    );
    return this.next;
  }

  private start(): Promise<Revision> {
    this.next = undefined;
    const asked = this.ask();
    this.current = asked;
    const over = (): void => {
      if (this.current === asked) this.current = undefined;
    };
    asked.then(over, over);
    return asked;
  }
}
