// Owns the reading of JSON lines from bytes as they come in, however they are cut.

export interface JsonLines {
  /** The values of all lines that are complete with this chunk. */
  take(chunk: Uint8Array): unknown[];
}

export function createJsonLines(): JsonLines {
  const decoder = new TextDecoder();
  // Pieces of the line not yet complete; joined once, so that a long line costs no more than its length.
  let pieces: string[] = [];
  return {
    take(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      const end = text.lastIndexOf("\n");
      if (end < 0) {
        pieces.push(text);
        return [];
      }
      const whole = pieces.length === 0 ? text.slice(0, end) : pieces.join("") + text.slice(0, end);
      pieces = end + 1 === text.length ? [] : [text.slice(end + 1)];
      const values: unknown[] = [];
      for (const line of whole.split("\n")) if (line.trim() !== "") values.push(JSON.parse(line));
      return values;
    },
  };
}
