// Owns the proof of tokens and the Secrets that keep them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isExpired,
  joiners,
  parseBootstrapToken,
  readTokenSecret,
  tokenSecretOf,
  tokenText,
  usualTerms,
} from "./bootstrap-token.ts";
import type { Secret } from "./generated/types.ts";
import type { Meta } from "./meta.ts";

const token = { id: "abcdef", secret: "0123456789abcdef" };
const letters = "0123456789abcdefghijklmnopqrstuvwxyz".split("");
const words = (length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((all) => all.join(""));

const complete = ({ metadata: { name = "", ...rest } }: ReturnType<typeof tokenSecretOf>): Meta => ({
  ...rest,
  name,
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});

/** As it stands in the API. */
function kept(terms: Partial<Parameters<typeof tokenSecretOf>[1]> = {}, more: Partial<Secret> = {}): Secret {
  const draft = tokenSecretOf(token, { ...usualTerms, ...terms });
  return { ...draft, ...more, metadata: { ...complete(draft), ...more.metadata } };
}
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a token", () => {
  test.each([
    ["abcdef.0123456789abcdef", true],
    ["abcde.0123456789abcdef", false],
    ["abcdef.0123456789abcde", false],
    ["ABCDEF.0123456789abcdef", false],
    ["abcdef.0123456789abcdef ", false],
    ["abcdef0123456789abcdef", false],
    ["", false],
  ])("%j", (text, is) => {
    expect(parseBootstrapToken(text) !== undefined).toBe(is);
  });

  test("what is kept is what is read", () => {
    const terms = fc.record({
      expires: fc.option(
        fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
        {
          nil: undefined,
        },
      ),
      description: fc.string(),
      groups: fc.subarray([joiners, "system:bootstrappers:crew"]),
      usages: fc.record({ authentication: fc.boolean(), signing: fc.boolean() }),
    });
    fc.assert(
      fc.property(words(6), words(16), terms, (id, secret, given) => {
        const draft = tokenSecretOf({ id, secret }, given);
        const metadata = complete(draft);
        const { expires, ...rest } = given;
        expect(readTokenSecret({ ...draft, metadata })).toEqual({
          token: { id, secret },
          ...(expires === undefined ? {} : { expires }),
          ...rest,
        });
      }),
    );
  });

  test.each<[string, Secret]>([
    ["another type", kept({}, { type: "Opaque" })],
    ["another namespace", kept({}, { metadata: { ...kept().metadata, namespace: "default" } })],
    ["another name", kept({}, { metadata: { ...kept().metadata, name: "bootstrap-token-zzzzzz" } })],
    [
      "being deleted",
      kept({}, { metadata: { ...kept().metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    ],
    ["no secret", kept({}, { data: { "token-id": base64("abcdef") } })],
    ["an unreadable expiry", kept({}, { data: { ...kept().data, expiration: base64("soon") } })],
    ["a group that no token gives", kept({ groups: ["system:masters"] })],
    ["such a group among others", kept({ groups: [joiners, "system:nodes"] })],
  ])("%s is no token", (_name, secret) => {
    expect(readTokenSecret(secret)).toBeUndefined();
  });

  test("expires at its instant, or never", () => {
    expect(isExpired({ expires: 1000 }, 999)).toBe(false);
    expect(isExpired({ expires: 1000 }, 1000)).toBe(true);
    expect(isExpired({}, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(tokenText(token)).toBe("abcdef.0123456789abcdef");
  });
});
