// Owns unpacking a deflate stream (RFC 1951) that comes in pieces, each flushed to a whole byte, with what earlier pieces held.
import { constants, inflateRawSync } from "node:zlib";

/** How far back a stream may refer to itself. */
const windowMax = 32 * 1024;

export type Inflated =
  | { readonly is: "unpacked"; readonly bytes: Uint8Array; readonly window: Uint8Array }
  | { readonly is: "bad"; readonly because: string };

const codedOf = (error: Error): { readonly code: unknown; readonly message: string } => ({
  code: "code" in error ? error.code : "",
  message: error.message,
});

/**
 * Unpacks one flushed piece. `window` is what earlier pieces (or a dictionary) left; the one given back goes with the next piece.
 * A piece that would unpack to more than `limit` bytes is bad.
 */
export function inflate(window: Uint8Array, piece: Uint8Array, limit: number): Inflated {
  let bytes: Buffer;
  try {
    bytes = inflateRawSync(piece, {
      ...(window.length === 0 ? {} : { dictionary: window }),
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: limit,
    });
  } catch (thrown) {
    const { code, message } =
      thrown instanceof Error ? codedOf(thrown) : { code: "", message: String(thrown) };
    if (code === "ERR_BUFFER_TOO_LARGE")
      return { is: "bad", because: `it unpacks to more than ${limit} bytes` };
    return { is: "bad", because: message };
  }
  const kept = Buffer.concat([window, bytes]).subarray(-windowMax);
  return { is: "unpacked", bytes: Uint8Array.from(bytes), window: Uint8Array.from(kept) };
}
