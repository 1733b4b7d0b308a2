// Owns the port to servers that tell their health by gRPC (grpc.health.v1).
import type { Millis } from "../lib/units.ts";

/** Asks for the health of a service, "" for the server's own; words say what was answered otherwise. */
export type GrpcHealth = (
  address: { readonly host: string; readonly port: number },
  service: string,
  timeout: Millis,
) => Promise<"serving" | { readonly error: string }>;
