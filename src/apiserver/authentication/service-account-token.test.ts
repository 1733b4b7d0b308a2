// Owns the proof that a token is its account's for as long as what it is bound to stands, and nobody else's ever.
import { expect, it } from "vitest";
import type { KubeObject } from "../../model/meta.ts";
import { makeSigningKey, openSigningKey } from "../../world/signing.ts";
import {
  createVerifyToken,
  usualIssuer,
  writeGrant,
  type Grant,
  type TokenIssuer,
} from "./service-account-token.ts";
import { writeToken } from "./web-token.ts";

function issuerOf(pem: string): TokenIssuer {
  const key = openSigningKey(pem);
  if (key === undefined) throw new Error("no key");
  return { key, issuer: usualIssuer };
}
const issuer = issuerOf(makeSigningKey());
const other = issuerOf(makeSigningKey());

const start = Date.UTC(2026, 0, 1);
const object = (uid: string, deletionTimestamp?: string) =>
  // What is looked at is its uid and its deletion.
  ({
    metadata: { uid, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  }) as unknown as KubeObject;

const all: Readonly<Record<string, KubeObject>> = {
  "serviceaccounts x/a": object("1"),
  "pods x/p": object("2"),
  "secrets x/s": object("3"),
  "nodes /n": object("4"),
};
const grant: Grant = {
  id: "jti",
  namespace: "x",
  account: { name: "a", uid: "1" },
  bound: {},
  audiences: [usualIssuer],
  from: start,
  until: start + 3_600_000,
};

interface Case {
  readonly name: string;
  readonly grant?: Partial<Grant>;
  readonly token?: string;
  readonly objects?: Readonly<Record<string, KubeObject | undefined>>;
  readonly after?: number;
  readonly audiences?: readonly string[];
  readonly expected: "known" | "unknown";
}

const cases: readonly Case[] = [
  { name: "as given", expected: "known" },
  { name: "to its last second", after: 3_599_000, expected: "known" },
  { name: "not after its end", after: 3_600_000, expected: "unknown" },
  { name: "not before its time", after: -2000, expected: "unknown" },
  {
    name: "not where the account is gone",
    objects: { "serviceaccounts x/a": undefined },
    expected: "unknown",
  },
  {
    name: "not of an account made anew",
    objects: { "serviceaccounts x/a": object("9") },
    expected: "unknown",
  },
  {
    name: "of an account just being deleted",
    objects: { "serviceaccounts x/a": object("1", "2026-01-01T00:00:00Z") },
    after: 59_000,
    expected: "known",
  },
  {
    name: "not of one deleted for long",
    objects: { "serviceaccounts x/a": object("1", "2026-01-01T00:00:00Z") },
    after: 61_000,
    expected: "unknown",
  },
  { name: "bound to a pod", grant: { bound: { pod: { name: "p", uid: "2" } } }, expected: "known" },
  {
    name: "not bound to another pod",
    grant: { bound: { pod: { name: "p", uid: "8" } } },
    expected: "unknown",
  },
  { name: "bound to a secret", grant: { bound: { secret: { name: "s", uid: "3" } } }, expected: "known" },
  {
    name: "not bound to a secret gone",
    grant: { bound: { secret: { name: "t", uid: "3" } } },
    expected: "unknown",
  },
  { name: "bound to a node", grant: { bound: { node: { name: "n", uid: "4" } } }, expected: "known" },
  {
    name: "not bound to a node gone",
    grant: { bound: { node: { name: "m", uid: "4" } } },
    expected: "unknown",
  },
  { name: "for others, not for the server", grant: { audiences: ["vault"] }, expected: "unknown" },
  { name: "for others, for them", grant: { audiences: ["vault"] }, audiences: ["vault"], expected: "known" },
  { name: "not of another key", token: writeGrant(other, grant), expected: "unknown" },
  {
    name: "not of another issuer",
    token: writeGrant({ ...issuer, issuer: "https://else" }, grant),
    expected: "unknown",
  },
  {
    name: "not with a subject that is not the account",
    token: writeToken(issuer.key, {
      iss: usualIssuer,
      aud: [usualIssuer],
      exp: 4e9,
      sub: "system:serviceaccount:x:b",
      "kubernetes.io": { namespace: "x", serviceaccount: { name: "a", uid: "1" } },
    }),
    expected: "unknown",
  },
  {
    name: "not with no algorithm",
    token: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${writeGrant(issuer, grant).split(".")[1] ?? ""}.`,
    expected: "unknown",
  },
  { name: "not any text", token: "a.b.c", expected: "unknown" },
  { name: "not an empty one", token: "", expected: "unknown" },
];

it.each(cases)("$name", ({ grant: more, token, objects, after = 0, audiences, expected }) => {
  const found = { ...all, ...objects };
  const verify = createVerifyToken(
    issuer,
    (resource, namespace = "", name) => found[`${resource} ${namespace}/${name}`],
    () => start + after,
  );
  const verified = verify(token ?? writeGrant(issuer, { ...grant, ...more }), audiences);
  expect(verified === undefined ? "unknown" : "known").toBe(expected);
});

it("tells who it is for and what it is bound to", () => {
  const verify = createVerifyToken(
    issuer,
    (resource, namespace = "", name) => all[`${resource} ${namespace}/${name}`],
    () => start,
  );
  const bound = { pod: { name: "p", uid: "2" }, node: { name: "n", uid: "4" } };
  expect(verify(writeGrant(issuer, { ...grant, bound }))?.caller).toEqual({
    name: "system:serviceaccount:x:a",
    uid: "1",
    groups: ["system:serviceaccounts", "system:serviceaccounts:x", "system:authenticated"],
    extra: {
      "authentication.kubernetes.io/credential-id": ["JTI=jti"],
      "authentication.kubernetes.io/node-name": ["n"],
      "authentication.kubernetes.io/node-uid": ["4"],
      "authentication.kubernetes.io/pod-name": ["p"],
      "authentication.kubernetes.io/pod-uid": ["2"],
    },
  });
});
