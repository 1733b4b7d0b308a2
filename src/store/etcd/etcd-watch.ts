// Owns following etcd's changes: one stream at a time, taken up at another member where it was left.
import { wordsOf, type Log } from "../../world/log.ts";
import { type Change, CompactedError, type Key, type Revision, type WatchShows } from "../store.ts";
import type { EtcdConnection, Stream } from "./etcd-connection.ts";
import { faultOf, isServiceError } from "./etcd-fault.ts";
import { entryOf, rangeOf } from "./etcd-forms.ts";
import type { WatchEvent, WatchResponse } from "./protocol.ts";

export interface WatchParts {
  readonly connection: EtcdConnection;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly saw: (revision: Revision) => void;
  readonly shows: WatchShows;
}

/** Ends when the signal aborts; throws `CompactedError` where it cannot begin or go on. */
export async function* watchEtcd(
  parts: WatchParts,
  prefix: Key,
  after: Revision,
): AsyncGenerator<readonly Change[], void> {
  const { connection, log, signal, saw } = parts;
  let position = after;
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const told of responses(parts, prefix, position)) {
        if (told.compactRevision > 0) throw new CompactedError(oldestAfter(told.compactRevision));
        if (told.canceled) throw new Error(`etcd ended the watch: ${told.cancelReason}`);
        failures = 0;
        const events = told.events.filter(({ kv }) => kv.modRevision > position);
        const newest = events.at(-1)?.kv.modRevision;
        if (newest === undefined) {
          // All up to here was told, or does not concern this watch.
          if (!told.created && told.events.length === 0) position = Math.max(position, told.header.revision);
          continue;
        }
        position = newest;
        saw(newest);
        yield events.map(changeOf);
      }
    } catch (thrown) {
      if (thrown instanceof CompactedError || (isServiceError(thrown) && faultOf(thrown).is === "refused"))
        throw thrown;
      if (signal.aborted) return;
      log.warn("the watch on etcd is taken up again", { after: position, because: wordsOf(thrown) });
    }
    failures += 1;
    if (!signal.aborted) await connection.turn(failures);
  }
}

/** Of a compaction at a revision etcd keeps what is visible there, but not all that happened there. */
const oldestAfter = (compacted: Revision): Revision => compacted + 1;

/** The history's beginning, which etcd tells only to a watch that asks for more. */
export async function oldestOf(connection: EtcdConnection): Promise<Revision> {
  for (let failures = 1; ; failures++) {
    const stop = new AbortController();
    try {
      // That the watch was created is said before it is said that it cannot be.
      for await (const { compactRevision, events } of responses(
        { connection, signal: stop.signal, shows: "changes-only" },
        "",
        0,
      ))
        if (compactRevision > 0) return oldestAfter(compactRevision);
        else if (events.length > 0) return 0;
    } catch (thrown) {
      if (connection.isClosed || failures > 10) throw thrown;
    } finally {
      stop.abort();
    }
    await connection.turn(failures);
  }
}

async function* responses(
  { connection, signal, shows }: Pick<WatchParts, "connection" | "signal" | "shows">,
  prefix: Key,
  after: Revision,
): AsyncGenerator<WatchResponse, void> {
  const stream: Stream<"Watch.Watch"> = connection.stream("Watch.Watch");
  // Without a listener the error of a stream that nobody reads any more would end the process.
  stream.on("error", () => undefined);
  const cancel = (): void => stream.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    // From the last one known, which etcd keeps whole only where it is not the one compacted: what comes twice is dropped.
    const startRevision = Math.max(1, after);
    stream.write({
      createRequest: {
        ...rangeOf(prefix),
        startRevision,
        progressNotify: true,
        prevKv: shows === "with-previous",
      },
    });
    for await (const response of stream as AsyncIterable<WatchResponse>) {
      if (signal.aborted) return;
      yield response;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

function changeOf({ type, kv, prevKv }: WatchEvent): Change {
  const before = prevKv === null ? {} : { previous: entryOf(prevKv) };
  return type === "PUT"
    ? { is: "put", entry: entryOf(kv), ...before }
    : { is: "deleted", key: kv.key.toString("utf8"), revision: kv.modRevision, ...before };
}
