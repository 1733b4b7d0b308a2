// Owns a line of keys: each stands in it once, the first to come is the first to be taken.

/** Every step costs the same, however long the line is and however many have left it. */
export class Line {
  private readonly keys = new Set<string>();
  /** Stands before the first key. One begun anew would pass over the places of all who were taken, each time. */
  private front: Iterator<string> | undefined;

  get size(): number {
    return this.keys.size;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** A key that is in the line keeps its place. */
  add(key: string): void {
    this.keys.add(key);
  }

  delete(key: string): void {
    this.keys.delete(key);
  }

  /** The first, which leaves the line. */
  take(): string | undefined {
    this.front ??= this.keys.values();
    const { done, value } = this.front.next();
    if (done === true) this.front = undefined;
    else this.keys.delete(value);
    return done === true ? undefined : value;
  }
}
