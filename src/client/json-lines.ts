// Owns the reading of JSON lines from bytes as they come in, however they are cut.

export interface JsonLines {
  /** The values of all lines that are complete with this chunk. */
  take(chunk: Uint8Array): unknown[];
}

const lineEnd = 0x0a;

export function createJsonLines(): JsonLines {
  // Bytes of the line not yet complete; joined once, so that a long line costs no more than its length. A line ends where no
  // character is cut in two, so whole lines alone are made text.
  let pieces: Uint8Array[] = [];
  return {
    take(chunk) {
      const end = chunk.lastIndexOf(lineEnd);
      if (end < 0) {
        pieces.push(chunk);
        return [];
      }
      const lines = textOf(
        pieces.length === 0 ? chunk.subarray(0, end) : joined(pieces, chunk.subarray(0, end)),
      );
      pieces = end + 1 === chunk.length ? [] : [chunk.subarray(end + 1)];
      return valuesOf(lines);
    },
  };
}

const joined = (pieces: readonly Uint8Array[], last: Uint8Array): Uint8Array =>
  Buffer.concat([...pieces, last]);

const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("utf8");

function valuesOf(lines: string): unknown[] {
  const values: unknown[] = [];
  for (let from = 0; from <= lines.length;) {
    const found = lines.indexOf("\n", from);
    const to = found < 0 ? lines.length : found;
    const line = lines.slice(from, to);
    if (line.trim() !== "") values.push(JSON.parse(line));
    from = to + 1;
  }
  return values;
}
