// Owns the recent changes of one kind, from which a watch is resumed; how far back they reach is bounded.
import type { Revision } from "../../store/store.ts";
import type { ObjectChange } from "./emission.ts";

export class ChangeRing {
  private readonly sizeMax: number;
  private slots: (ObjectChange | undefined)[] = [];
  private first = 0;
  private count = 0;
  private lost: Revision;

  /** `from`: the revision the kind was read at; changes before it were never seen. */
  constructor(sizeMax: number, from: Revision) {
    this.sizeMax = sizeMax;
    this.lost = from;
  }

  /** A watch can be resumed after any revision from this one on. */
  get floor(): Revision {
    return this.lost;
  }

  push(change: ObjectChange): void {
    if (this.count < this.sizeMax) {
      this.slots.push(change);
      this.count += 1;
      return;
    }
    this.lost = this.slots[this.first]?.revision ?? this.lost;
    this.slots[this.first] = change;
    this.first = (this.first + 1) % this.sizeMax;
  }

  /** Changes with a revision greater than the one given, in order. */
  after(revision: Revision): ObjectChange[] {
    const found: ObjectChange[] = [];
    for (let back = this.count - 1; back >= 0; back -= 1) {
      const change = this.slots[(this.first + back) % this.slots.length];
      if (change === undefined || change.revision <= revision) break;
      found.push(change);
    }
    return found.reverse();
  }
}
