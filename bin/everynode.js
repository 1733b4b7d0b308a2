#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

// A control plane runs much code a little: what V8 spends on optimizing it must come back (docs/adr/0010).
setFlagsFromString("--max-inlined-bytecode-size-cumulative=100");
if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=300000");
await import("../dist/everynode.js");
