// Owns what can be asked of an API server and what it answers, whichever transport carries it.
import type { KubeObject } from "./meta.ts";
import type { Status } from "./generated/types.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who asks, as authenticated. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
  /** Of the service account. */
  readonly uid?: string;
  /** What else its credentials say: the pod and node a token is bound to. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** What the client calls itself; managedFields and the audit name it. */
  readonly agent?: string;
}

export interface ApiRequest {
  readonly method: Method;
  /** As in a URL, without the query: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** A JSON value; the server does not keep or change it. */
  readonly body?: unknown;
  /** Of the body; `application/json` unless given. Patches name their type here. */
  readonly contentType?: string;
  /** Paths of fields that stood twice in the body's text, of which the last counts. */
  readonly duplicates?: readonly string[];
  /** What the caller would like back: Table and PartialObjectMetadata are asked for here. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /**
   * Parsed JSON, never to be written to: in process it is the server's own, frozen, and elsewhere it is shared all the same. A string
   * where the content is not JSON.
   */
  readonly body: unknown;
  /** `Warning` header texts. */
  readonly warnings?: readonly string[];
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly object: KubeObject }
  | { readonly type: "ERROR"; readonly object: Status };

/** What a client can ask of an API server, wherever it is. In process and over HTTP answer alike. */
export interface Transport {
  request(request: ApiRequest): Promise<ApiResponse>;
  /**
   * A watch of a collection; the query carries resourceVersion, selectors and the like. Events come in arrays of what was
   * ready together. A refusal (410, 403 …) comes as one ERROR event with the Status. Ends when the server ends it or the signal
   * aborts; throws only when the connection fails.
   */
  watch(request: ApiRequest, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]>;
}
