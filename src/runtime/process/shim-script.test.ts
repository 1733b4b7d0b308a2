// Owns the proof that no text of a manifest becomes shell.
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quoteAll } from "./shell-words.ts";
import { isLostInShell, isShim, shimScript } from "./shim-script.ts";

test("quoted words reach the command as they are", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (words) => {
      const out = execFileSync("/bin/sh", [
        "-c",
        `for word in ${quoteAll(words)}; do printf '%s\\0' "$word"; done`,
      ]);
      expect(out.toString().split("\0").slice(0, -1)).toEqual(words);
    }),
    { numRuns: 50 },
  );
});

describe("names a shell does not hand on", () => {
  test.each(["a.b", "a-b", "1a", "IFS", "PWD", "OLDPWD", ""])("%s", (name) =>
    expect(isLostInShell(name)).toBe(true),
  );
  test.each(["a", "A_1", "_", "PATH", "PWDX"])("but %s", (name) => expect(isLostInShell(name)).toBe(false));
});

test.each([
  { words: ["/bin/sh", "/c/1/run-0", "inner"], expected: true },
  { words: ["/usr/bin/setpriv", "--", "/bin/sh", "-c", ": everynode-last-stage\ncd /"], expected: true },
  { words: ["sleep", "1"], expected: false },
  { words: ["/bin/sh", "/c/2/run-0"], expected: false },
])("$words is the shim's: $expected", ({ words, expected }) => expect(isShim(words, "/c/1")).toBe(expected));

test("the command never gets the record's descriptor, and each start has one claim", () => {
  const text = shimScript({
    stateFile: "state-3",
    privileges: [],
    env: "/usr/bin/env",
    extraEnv: [],
    workingDir: "/",
    words: ["true"],
    cgroups: [],
  });
  expect(text).toContain("set -C; exec 9>'state-3' || exit 125");
  expect(text).toContain('exec "$@" 9>&-');
});
