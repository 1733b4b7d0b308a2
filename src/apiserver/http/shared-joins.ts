// Owns joining chunks to one: what many watchers are told in one go is joined once for all of them.

interface Joined {
  readonly parts: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

// Watchers of a few kinds with a few selections are told at the same time; each piece kept is some ten kilobytes.
const keptMax = 16;

/** Remembers what it joined last. The bytes are shared: never to be written to. */
export class SharedJoins {
  private readonly kept: (Joined | undefined)[] = Array.from({ length: keptMax }, () => undefined);
  private next = 0;

  join(parts: readonly Uint8Array[], size: number): Uint8Array {
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    for (let back = 1; back <= keptMax; back += 1) {
      const found = this.kept[(this.next - back + keptMax) % keptMax];
      if (found !== undefined && isSame(found.parts, parts)) return found.bytes;
    }
    const bytes = Buffer.concat(parts, size);
    this.kept[this.next] = { parts, bytes };
    this.next = (this.next + 1) % keptMax;
    return bytes;
  }
}

const isSame = (left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean =>
  left.length === right.length && left[0] === right[0] && left.every((part, at) => part === right[at]);
