// Owns the patterns of schemas and rules: RE2's syntax, matched in a time linear in the text, so that none can hang the server.
import { RE2JS } from "re2js";

export interface Pattern {
  readonly is: "pattern";
  readonly test: (text: string) => boolean;
  readonly compiled: RE2JS;
}

export interface BadPattern {
  readonly is: "bad";
  readonly because: string;
}

const known = new Map<string, Pattern | BadPattern>();
const knownMax = 4096;
// A match takes the program's size times the text's length. Of ordinary patterns no object is large enough to come near.
const workMax = 20_000_000;

export function readPattern(text: string): Pattern | BadPattern {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= knownMax) known.clear();
  const read = compile(text);
  known.set(text, read);
  return read;
}

function compile(text: string): Pattern | BadPattern {
  try {
    const compiled = RE2JS.compile(text);
    const lengthMax = workMax / Math.max(1, compiled.programSize());
    return {
      is: "pattern",
      compiled,
      test: (given) => given.length <= lengthMax && compiled.test(given),
    };
  } catch (thrown) {
    return { is: "bad", because: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** @throws where it is none; for patterns written in this program. */
export function patternOf(text: string): Pattern {
  const read = readPattern(text);
  if (read.is === "bad") throw new Error(read.because);
  return read;
}
