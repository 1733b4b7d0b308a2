// Owns streaming to a client at the client's pace: what lags is waited for within bounds, and then ended.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { ResponseStream } from "../../world/http.ts";

/** Bytes a client may lag behind before it is waited for, even within one burst. */
const pendingMax = 4 * 1024 * 1024;
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

export type StreamEnd = "ended" | "client-lags" | "client-left";

/** Sends all chunks; each burst is what was ready together. Never holds more than `pendingMax` and one chunk for the client. */
export async function sendChunks(
  stream: ResponseStream,
  bursts: AsyncIterable<readonly Uint8Array[]>,
  signal: AbortSignal,
  clock: Clock,
): Promise<StreamEnd> {
  for await (const burst of bursts) {
    let goesOn = true;
    for (const chunk of burst) {
      goesOn = stream.write(chunk);
      if (stream.pending > pendingMax && !(await caughtUp(stream, clock))) return "client-lags";
      if (signal.aborted) return "client-left";
    }
    if (!goesOn && !(await caughtUp(stream, clock))) return "client-lags";
    if (signal.aborted) return "client-left";
  }
  return "ended";
}
