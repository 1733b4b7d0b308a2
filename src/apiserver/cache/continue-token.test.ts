// Owns the proof that a continue token comes back as it went out, and that no other text is one.
import fc from "fast-check";
import { expect, it } from "vitest";
import { readToken, writeToken } from "./continue-token.ts";

it("reads what it wrote", () => {
  const token = fc.record({
    revision: fc.oneof(fc.constant(-1), fc.integer({ min: 1 })),
    after: fc.string({ minLength: 1 }),
  });
  fc.assert(
    fc.property(token, (from) => {
      expect(readToken(writeToken(from))).toEqual(from);
    }),
  );
});

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const good = { v: "meta.k8s.io/v1", rv: 5, start: "a/b\u0000" };

it("is upstream's form", () => {
  expect(readToken(encoded(good))).toEqual({ revision: 5, after: "a/b" });
});

it.each([
  ["nothing", ""],
  ["no JSON", "@@@"],
  ["null", encoded(null)],
  ["another version", encoded({ ...good, v: "v2" })],
  ["no revision", encoded({ ...good, rv: "5" })],
  ["revision 0", encoded({ ...good, rv: 0 })],
  ["a broken revision", encoded({ ...good, rv: 1.5 })],
  ["a start that is no key", encoded({ ...good, start: "a/b" })],
  ["no start", encoded({ ...good, start: "\u0000" })],
])("refuses %s", (_name, token) => {
  expect(readToken(token)).toBe("bad");
});
