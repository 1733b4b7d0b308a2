// Owns the types of what a write is asked for and what it comes to, which the operations share.
import type { Caller } from "../../model/wire.ts";
import type { Held } from "../cache/held.ts";
import type { WriteOptions } from "../pipeline-options.ts";
import type { ObjectPlace } from "./read.ts";

export interface Answered {
  readonly held: Held;
  readonly warnings: readonly string[];
  /** Made by a request that might have found it there. */
  readonly isNew?: boolean;
}

export interface CreateOptions extends WriteOptions {
  /** The body is an applied configuration: only what it speaks of is owned. */
  readonly isApplied?: boolean;
  /** Absent for what the server makes by itself. */
  readonly caller?: Caller;
}

export type Part = "object" | "status" | "finalize" | "approval" | "scale";

export interface UpdateAsked {
  readonly place: ObjectPlace;
  readonly part: Part;
  readonly options: WriteOptions;
  /** Absent for what the server changes by itself. */
  readonly caller?: Caller;
}
