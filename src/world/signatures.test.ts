// Owns the proof of detached signatures and of pins.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeAuthority } from "./certificates.ts";
import { isSignedBy, publicKeyPin, signDetached } from "./signatures.ts";
import { VirtualClock } from "./virtual-clock.ts";

const content = "Hello from the other side. I must have called a thousand times.";
const secret = "my voice is my passcode";

describe("a detached signature", () => {
  test("is the one that other clusters make of the same", () => {
    expect(signDetached(content, "joshua", secret)).toBe(
      "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8",
    );
  });

  test("holds for this content and this secret alone", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (text, key, otherText, otherKey) => {
        const signature = signDetached(text, "id", key);
        expect(isSignedBy(signature, text, key)).toBe(true);
        expect(isSignedBy(signature, otherText, key)).toBe(otherText === text);
        // HMAC fills a key up with zeros.
        const bare = (one: string) => one.replace(/\0+$/, "");
        expect(isSignedBy(signature, text, otherKey)).toBe(bare(otherKey) === bare(key));
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["one part", "abc"],
    ["four parts", "a..b.c"],
    ["content within", signDetached(content, "joshua", secret).replace("..", ".x.")],
    ["no algorithm", `${Buffer.from("{}").toString("base64url")}..x`],
    ["the algorithm none", `${Buffer.from('{"alg":"none"}').toString("base64url")}..`],
    ["cut off", signDetached(content, "joshua", secret).slice(0, -1)],
  ])("%s is none", (_name, signature) => {
    expect(isSignedBy(signature, content, secret)).toBe(false);
  });
});

test("a pin is of the key: the authority's own, and no other's", async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const [one, other] = await Promise.all([makeAuthority(clock, "a"), makeAuthority(clock, "a")]);
  expect(publicKeyPin(one.cert)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(publicKeyPin(one.cert)).not.toBe(publicKeyPin(other.cert));
});
