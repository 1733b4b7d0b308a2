// Owns the types between the request pipeline and what surrounds it: the HTTP edge, the in-process transport, authorization.
import type { ApiRequest, ApiResponse, Caller, WatchEvent } from "../model/wire.ts";

/** An answer ready for the wire. Objects' bytes are those encoded once in the watch cache. */
export interface EncodedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly warnings: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What authorization is asked about a request. */
export interface Attributes {
  readonly verb:
    "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection" | "other";
  /** Absent for paths that are no resource (`/metrics`). */
  readonly resource?: {
    readonly group: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly path: string;
}

export type Authorize = (caller: Caller, attributes: Attributes) => "allow" | { readonly deny: string };

/** The pipeline: authorize, route, decode, admit, validate, store, respond. Requests come authenticated. */
export interface Pipeline {
  answer(request: ApiRequest, caller: Caller): Promise<ApiResponse>;
  answerEncoded(request: ApiRequest, caller: Caller): Promise<EncodedAnswer>;
  /** Events as objects, for the in-process transport. */
  watch(request: ApiRequest, caller: Caller, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]>;
  /**
   * Events as JSON lines, or the refusal to send instead. Each inner array is what was ready together; bytes of one event are
   * shared by all watchers.
   */
  watchEncoded(
    request: ApiRequest,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<
    | EncodedAnswer
    | {
        readonly is: "watching";
        readonly contentType: string;
        readonly lines: AsyncIterable<readonly Uint8Array[]>;
      }
  >;
}
