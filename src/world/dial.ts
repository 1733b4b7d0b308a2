// Owns the port to raw connections: whether something listens at an address.
import type { Millis } from "../lib/units.ts";

/** Connects and hangs up again; what kept it from connecting otherwise. */
export type Dial = (
  host: string,
  port: number,
  timeout: Millis,
) => Promise<"open" | { readonly error: string }>;
