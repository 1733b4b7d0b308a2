// Owns the proof of who is taken for whom.
import { describe, expect, it } from "vitest";
import { createAuthenticate, type Credentials } from "./authenticate.ts";
import { impersonate } from "./impersonate.ts";

const authenticate = createAuthenticate([
  { token: "one", name: "robot", groups: ["ops"] },
  { token: "ünicode", name: "other", groups: [] },
]);
const bearer = (authorization: string): Credentials => ({ headers: { authorization } });
const peer = { commonName: "jane", organizations: ["ops", "system:authenticated"] };

describe("authenticate", () => {
  it.each([
    ["a certificate", { peer, headers: {} }, "jane ops,system:authenticated"],
    ["a certificate before a wrong token", { peer, ...bearer("Bearer x") }, "jane ops,system:authenticated"],
    ["a token", bearer("Bearer one"), "robot ops,system:authenticated"],
    ["a token, spelt freely", bearer("bEARER   one  "), "robot ops,system:authenticated"],
    [
      "a certificate without a name",
      { peer: { commonName: "", organizations: ["x"] }, headers: {} },
      "anonymous",
    ],
    ["nothing", { headers: {} }, "anonymous"],
    ["a longer token", bearer("Bearer onex"), "unknown"],
    ["a repeated token", bearer("Bearer oneone"), "unknown"],
    ["a shorter token", bearer("Bearer on"), "unknown"],
    ["no token", bearer("Bearer "), "unknown"],
    ["a password", bearer("Basic one"), "unknown"],
  ] as const)("%s", (_name, credentials: Credentials, expected) => {
    const found = authenticate(credentials);
    expect(found.is === "known" ? `${found.caller.name} ${found.caller.groups.join(",")}` : found.is).toBe(
      expected,
    );
  });
});

describe("impersonate", () => {
  const admin = { name: "admin", groups: ["system:masters"] };
  const jane = { name: "jane", groups: ["ops"] };
  it.each([
    [admin, {}, "admin system:masters"],
    [admin, { "impersonate-user": "jane" }, "jane system:authenticated"],
    [admin, { "impersonate-user": "jane", "impersonate-group": "a, b" }, "jane a,b,system:authenticated"],
    [admin, { "impersonate-user": "jane", "impersonate-group": ["a", "b"] }, "jane a,b,system:authenticated"],
    [admin, { "impersonate-group": "a" }, "denied"],
    [jane, { "impersonate-user": "admin", "impersonate-group": "system:masters" }, "denied"],
    [jane, { "impersonate-uid": "1" }, "denied"],
    [jane, {}, "jane ops"],
  ] as const)("%j with %j: %s", (caller, headers, expected) => {
    const found = impersonate(caller, headers);
    expect(found.is === "caller" ? `${found.caller.name} ${found.caller.groups.join(",")}` : found.is).toBe(
      expected,
    );
  });
});
