// Owns putting bytes together out of texts and bytes: in a room that is used again, so that only the whole is given memory.

// Most objects are a few kilobytes long; what is longer has a room of its own.
const roomLength = 64 * 1024;
const usual = Buffer.allocUnsafeSlow(roomLength);
// A character of a string is at most three bytes of UTF-8.
const widest = 3;
// Small ones share memory, which is kept as long as any of them is.
const sharedMax = 512;

/** Made in one go: two at a time would write over each other. */
export class ByteText {
  private room = usual;
  private size = 0;

  get length(): number {
    return this.size;
  }

  text(text: string): void {
    this.makeRoom(text.length * widest);
    this.size += this.room.write(text, this.size);
  }

  bytes(bytes: Uint8Array): void {
    this.makeRoom(bytes.length);
    this.room.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** A copy of the whole. */
  take(): Uint8Array {
    const whole = newBytes(this.size);
    whole.set(this.room.subarray(0, this.size));
    return whole;
  }

  private makeRoom(more: number): void {
    const needed = this.size + more;
    if (needed <= this.room.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.room.copy(larger, 0, 0, this.size);
    this.room = larger;
  }
}

/** Bytes that may be kept for long: they hold no memory but their own. */
export const newBytes = (length: number): Buffer =>
  length <= sharedMax ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
