// Owns bytes that came and are not yet used, in one piece, at a cost that grows with the bytes and not with how they were cut.

const none: Buffer = Buffer.alloc(0);
const sizeMin = 1024;

export class ByteQueue {
  private store = none;
  /** Whether the store is ours to write to: bytes of one piece are kept as they came. */
  private isOwn = false;
  private start = 0;
  private end = 0;

  get size(): number {
    return this.end - this.start;
  }

  /** What is there. Stays as it is whatever is added later. */
  get bytes(): Buffer {
    return this.store.subarray(this.start, this.end);
  }

  add(bytes: Buffer): void {
    if (this.size === 0) {
      this.store = bytes;
      this.isOwn = false;
      this.start = 0;
      this.end = bytes.length;
      return;
    }
    if (!this.isOwn || this.store.length - this.end < bytes.length) this.grow(bytes.length);
    // Only ever behind what was handed out.
    bytes.copy(this.store, this.end);
    this.end += bytes.length;
  }

  /** Takes away the first so many. */
  drop(count: number): void {
    this.start += count;
    if (this.start >= this.end) this.clear();
  }

  clear(): void {
    this.store = none;
    this.isOwn = false;
    this.start = 0;
    this.end = 0;
  }

  private grow(by: number): void {
    const { bytes } = this;
    const store = Buffer.allocUnsafe(Math.max(sizeMin, 2 * (bytes.length + by)));
    bytes.copy(store);
    this.store = store;
    this.isOwn = true;
    this.start = 0;
    this.end = bytes.length;
  }
}
