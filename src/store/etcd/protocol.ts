// Owns what is said to etcd: the calls of its v3 API that the store makes, their messages and field numbers.
import type { PackageDefinition } from "@grpc/proto-loader";
import { fromJSON } from "@grpc/proto-loader";

export interface Header {
  readonly revision: number;
}
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly lease: number;
}
export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  /** 0 or absent: the newest. */
  readonly revision?: number;
  readonly countOnly?: boolean;
}
export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** Of all keys in the range, whatever the limit. */
  readonly count: number;
}
export interface Compare {
  readonly result: "EQUAL";
  readonly target: "CREATE" | "MOD";
  readonly key: Buffer;
  readonly createRevision?: number;
  readonly modRevision?: number;
}
export type RequestOp =
  | { readonly requestRange: RangeRequest }
  | { readonly requestPut: { readonly key: Buffer; readonly value: Uint8Array; readonly lease?: number } }
  | { readonly requestDeleteRange: { readonly key: Buffer } };
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}
export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly responseRange?: RangeResponse }[];
}
export interface WatchRequest {
  readonly createRequest: {
    readonly key: Buffer;
    readonly rangeEnd: Buffer;
    readonly startRevision: number;
    readonly progressNotify: boolean;
    readonly prevKv: boolean;
  };
}
export interface WatchEvent {
  readonly type: "PUT" | "DELETE";
  readonly kv: KeyValue;
  readonly prevKv: KeyValue | null;
}
export interface WatchResponse {
  readonly header: Header;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Above 0 where the watch began before it. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly events: readonly WatchEvent[];
}

type Field = readonly [name: string, type: string, number: number];
type Namespace = Parameters<typeof fromJSON>[0];
/** What stands in a namespace: a message, an enumeration, a service or another namespace. */
type Nested = NonNullable<Namespace["nested"]>[string];

const message = (fields: readonly Field[], oneof?: readonly [name: string, of: string[]]): Nested => ({
  fields: Object.fromEntries(
    fields.map(([name, type, id]) => [
      name,
      type.startsWith("*") ? { rule: "repeated", type: type.slice(1), id } : { type, id },
    ]),
  ),
  ...(oneof === undefined ? {} : { oneofs: { [oneof[0]]: { oneof: oneof[1] } } }),
});

// Field numbers are those of etcd's api/etcdserverpb/rpc.proto and api/mvccpb/kv.proto, 3.4 and later.
const messages: Readonly<Record<string, Nested>> = {
  ResponseHeader: message([["revision", "int64", 3]]),
  RangeRequest: message([
    ["key", "bytes", 1],
    ["rangeEnd", "bytes", 2],
    ["limit", "int64", 3],
    ["revision", "int64", 4],
    ["countOnly", "bool", 9],
  ]),
  RangeResponse: message([
    ["header", "ResponseHeader", 1],
    ["kvs", "*mvccpb.KeyValue", 2],
    ["more", "bool", 3],
    ["count", "int64", 4],
  ]),
  PutRequest: message([
    ["key", "bytes", 1],
    ["value", "bytes", 2],
    ["lease", "int64", 3],
  ]),
  DeleteRangeRequest: message([["key", "bytes", 1]]),
  RequestOp: message(
    [
      ["requestRange", "RangeRequest", 1],
      ["requestPut", "PutRequest", 2],
      ["requestDeleteRange", "DeleteRangeRequest", 3],
    ],
    ["request", ["requestRange", "requestPut", "requestDeleteRange"]],
  ),
  ResponseOp: message([["responseRange", "RangeResponse", 1]]),
  Compare: message(
    [
      ["result", "CompareResult", 1],
      ["target", "CompareTarget", 2],
      ["key", "bytes", 3],
      ["createRevision", "int64", 5],
      ["modRevision", "int64", 6],
    ],
    ["targetUnion", ["createRevision", "modRevision"]],
  ),
  TxnRequest: message([
    ["compare", "*Compare", 1],
    ["success", "*RequestOp", 2],
    ["failure", "*RequestOp", 3],
  ]),
  TxnResponse: message([
    ["header", "ResponseHeader", 1],
    ["succeeded", "bool", 2],
    ["responses", "*ResponseOp", 3],
  ]),
  CompactionRequest: message([["revision", "int64", 1]]),
  CompactionResponse: message([["header", "ResponseHeader", 1]]),
  WatchCreateRequest: message([
    ["key", "bytes", 1],
    ["rangeEnd", "bytes", 2],
    ["startRevision", "int64", 3],
    ["progressNotify", "bool", 4],
    ["prevKv", "bool", 6],
  ]),
  WatchRequest: message([["createRequest", "WatchCreateRequest", 1]], ["requestUnion", ["createRequest"]]),
  WatchResponse: message([
    ["header", "ResponseHeader", 1],
    ["created", "bool", 3],
    ["canceled", "bool", 4],
    ["compactRevision", "int64", 5],
    ["cancelReason", "string", 6],
    ["events", "*mvccpb.Event", 11],
  ]),
  LeaseGrantRequest: message([
    ["TTL", "int64", 1],
    ["ID", "int64", 2],
  ]),
  LeaseGrantResponse: message([
    ["header", "ResponseHeader", 1],
    ["ID", "int64", 2],
    ["error", "string", 4],
  ]),
  LeaseRevokeRequest: message([["ID", "int64", 1]]),
  LeaseRevokeResponse: message([["header", "ResponseHeader", 1]]),
  LeaseKeepAliveRequest: message([["ID", "int64", 1]]),
  LeaseKeepAliveResponse: message([
    ["header", "ResponseHeader", 1],
    ["ID", "int64", 2],
    ["TTL", "int64", 3],
  ]),
};

type Methods = Extract<Nested, { methods: unknown }>["methods"];

const unary = (name: string): Methods => ({
  [name]: { comment: "", requestType: `${wordOf(name)}Request`, responseType: `${wordOf(name)}Response` },
});
const stream = (name: string, words: string): Methods => ({
  [name]: {
    comment: "",
    requestType: `${words}Request`,
    requestStream: true,
    responseType: `${words}Response`,
    responseStream: true,
  },
});
const wordOf = (name: string): string => (name === "Compact" ? "Compaction" : name);

const root: Namespace = {
  nested: {
    mvccpb: {
      nested: {
        KeyValue: message([
          ["key", "bytes", 1],
          ["createRevision", "int64", 2],
          ["modRevision", "int64", 3],
          ["value", "bytes", 5],
          ["lease", "int64", 6],
        ]),
        EventType: { values: { PUT: 0, DELETE: 1 } },
        Event: message([
          ["type", "EventType", 1],
          ["kv", "KeyValue", 2],
          ["prevKv", "KeyValue", 3],
        ]),
      },
    },
    etcdserverpb: {
      nested: {
        ...messages,
        CompareResult: { values: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } },
        CompareTarget: { values: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } },
        KV: { methods: { ...unary("Range"), ...unary("Txn"), ...unary("Compact") } },
        Watch: { methods: stream("Watch", "Watch") },
        Lease: {
          methods: {
            ...unary("LeaseGrant"),
            ...unary("LeaseRevoke"),
            ...stream("LeaseKeepAlive", "LeaseKeepAlive"),
          },
        },
      },
    },
  },
};

/** The services' definitions, as grpc-js takes them. Revisions and leases of ours stay below 2^53, so they are numbers. */
export function loadProtocol(): PackageDefinition {
  return fromJSON(root, { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
}
