// Owns one watch over HTTP: events as they come, line by line, for as long as both sides stay.
import type { ApiRequest, Caller } from "../../model/wire.ts";
import type { Clock } from "../../world/clock.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import type { Pipeline } from "../answer.ts";
import { sendChunks } from "./send-lines.ts";
import { headersOf, send, type Sender } from "./send.ts";

interface Options {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers and tells the status it answered with, once the watch has ended. */
export async function sendWatch(
  options: Options,
  sender: Sender,
  request: ApiRequest,
  caller: Caller,
): Promise<number> {
  const { exchange } = sender;
  const watching = await options.pipeline.watchEncoded(request, caller, exchange.signal);
  if (!("is" in watching)) {
    await send(sender, watching);
    return watching.status;
  }
  const head = { status: 200, contentType: watching.contentType, warnings: [] };
  const stream = exchange.stream(200, headersOf(sender, head));
  try {
    const end = await sendChunks(stream, watching.lines, exchange.signal, options.clock);
    if (end === "client-lags")
      options.log.warn("ended a watch whose client reads too slowly", {
        path: request.path,
        caller: caller.name,
        pending: stream.pending,
      });
  } catch (error) {
    if (!exchange.signal.aborted)
      options.log.error("a watch failed", { path: request.path, caller: caller.name, error: wordsOf(error) });
  } finally {
    stream.end();
  }
  return 200;
}
