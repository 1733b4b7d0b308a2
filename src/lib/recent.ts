// Owns a map that remembers no more than a bounded number of entries: those used last.

const remembered = 4096;

/** A map of the entries used last. */
export class Recent<V> {
  private readonly entries = new Map<string, V>();
  /** Stands before the oldest: one begun anew would pass over the places of all that were forgotten, each time. */
  private readonly oldest = this.entries.keys();

  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= remembered) return;
    const { done, value: first } = this.oldest.next();
    if (done !== true) this.entries.delete(first);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
