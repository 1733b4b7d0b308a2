// Owns what a failed call to etcd means: whether it was carried out, and whether another member may be asked.
import type { ServiceError } from "@grpc/grpc-js";

export type Fault =
  /** The history asked for is gone. */
  | { readonly is: "compacted" }
  /** A revision that is still to come was asked for. */
  | { readonly is: "future" }
  | { readonly is: "no-lease" }
  | { readonly is: "lease-taken" }
  /** Its quota is used up. */
  | { readonly is: "full" }
  /** Certainly not carried out: this member cannot, another one or a later moment may. */
  | { readonly is: "elsewhere" }
  /** It may have been carried out or may still be. */
  | { readonly is: "unknown" }
  /** No member would do it, now or later, as it was asked. */
  | { readonly is: "refused" };

// gRPC's status codes that a lost or slow member gives: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE.
const lost: ReadonlySet<number> = new Set([1, 2, 4, 13, 14]);

// Words of etcd's own (api/v3rpc/rpctypes/error.go), which are the same in 3.4, 3.5 and 3.6; codes changed between them.
const words: readonly (readonly [pattern: RegExp, is: Fault["is"]])[] = [
  [/required revision has been compacted/, "compacted"],
  [/required revision is a future revision/, "future"],
  [/requested lease not found/, "no-lease"],
  [/lease already exists/, "lease-taken"],
  [/database space exceeded/, "full"],
  [/no leader|too many requests|not capable|server stopped|member not found/, "elsewhere"],
  [/^No connection established/, "elsewhere"],
];

export function faultOf({ code, details }: Pick<ServiceError, "code" | "details">): Fault {
  for (const [pattern, is] of words) if (pattern.test(details)) return { is };
  return { is: lost.has(code) ? "unknown" : "refused" };
}

export const isServiceError = (thrown: unknown): thrown is ServiceError =>
  thrown instanceof Error && "code" in thrown && "details" in thrown && typeof thrown.details === "string";
