// Owns the port to raw connections that stay.
import type { Duplex } from "node:stream";
import type { Millis } from "../lib/units.ts";

/** Connects by TCP; both directions end apart. Rejects with words that name the address. */
export type Connect = (host: string, port: number, timeout: Millis) => Promise<Duplex>;
