// Owns the transport to an API server in the same process: frozen objects are handed over, nothing is encoded.
import type { ApiRequest, ApiResponse, Caller, Transport, WatchEvent } from "../model/wire.ts";

/** The part of the API server's pipeline that a caller in the same process needs. */
export interface PipelineDoor {
  answer(request: ApiRequest, caller: Caller): Promise<ApiResponse>;
  watch(request: ApiRequest, caller: Caller, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]>;
}

/** Every request is made as `caller`, through the same authorization and admission as one from outside. */
export function inProcessTransport(pipeline: PipelineDoor, caller: Caller): Transport {
  return {
    request: (request) => pipeline.answer(request, caller),
    // Over HTTP the query alone tells a watch from a list; the pipeline reads it there.
    watch: (request, signal) =>
      pipeline.watch({ ...request, query: { ...request.query, watch: "true" } }, caller, signal),
  };
}
