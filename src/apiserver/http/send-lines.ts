// Owns streaming to a client at the client's pace: what lags is waited for within bounds, and then ended.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { ResponseStream } from "../../world/http.ts";
import { SharedJoins } from "./shared-joins.ts";

/** Bytes a client may lag behind before it is waited for, even within one burst. Each client has its own copy of them. */
const pendingMax = 256 * 1024;
/** What was ready together leaves together, so many bytes at a time: each write costs a TLS record and a system call. */
const writeMax = 32 * 1024;
/** How long a client that takes nothing is waited for. */
const patience: Millis = 30_000;

/** Whether the stream caught up in time. */
function caughtUp(stream: ResponseStream, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(patience, () => resolve(false));
    void stream.drained().then(() => {
      cancel();
      resolve(true);
    });
  });
}

const joins = new SharedJoins();

/** The chunks of a burst, joined to pieces worth a write. */
export function* joined(burst: readonly Uint8Array[]): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const chunk of burst) {
    if (size > 0 && size + chunk.byteLength > writeMax) {
      yield joins.join(parts, size);
      parts = [];
      size = 0;
    }
    parts.push(chunk);
    size += chunk.byteLength;
  }
  if (size > 0) yield joins.join(parts, size);
}

export type StreamEnd = "ended" | "client-lags" | "client-left";

/** Sends all chunks; each burst is what was ready together. Never holds more than `pendingMax` and one piece for the client. */
export async function sendChunks(
  stream: ResponseStream,
  bursts: AsyncIterable<readonly Uint8Array[]>,
  signal: AbortSignal,
  clock: Clock,
): Promise<StreamEnd> {
  for await (const burst of bursts) {
    let goesOn = true;
    for (const chunk of joined(burst)) {
      goesOn = stream.write(chunk);
      if (stream.pending > pendingMax && !(await caughtUp(stream, clock))) return "client-lags";
      if (signal.aborted) return "client-left";
    }
    if (!goesOn && !(await caughtUp(stream, clock))) return "client-lags";
    if (signal.aborted) return "client-left";
  }
  return "ended";
}
