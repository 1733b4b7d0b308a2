// Owns the tests of the garbage plan (D.17).
import { describe, expect, test } from "vitest";
import type { OwnerReference } from "../../model/generated/types.ts";
import type { KubeObject, Meta } from "../../model/meta.ts";
import { concerns, planGarbage, type OwnerState } from "./plan-garbage.ts";

const objectOf = (metadata: Partial<Meta>): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "o", uid: "u", resourceVersion: "1", creationTimestamp: "", ...metadata },
});
const ref = (uid: string, blockOwnerDeletion?: boolean): OwnerReference => ({
  apiVersion: "v1",
  kind: "Owner",
  name: uid,
  uid,
  ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }),
});
const deletionTimestamp = "2026-01-01T00:00:00Z";
const dependent = (more: Partial<Meta> = {}, blocks = true) =>
  objectOf({ name: "d", uid: "d", ownerReferences: [ref("u", blocks)], ...more });

describe("an object that is not being deleted", () => {
  const background = { do: "delete", propagation: "Background" };
  const foreground = { do: "delete", propagation: "Foreground" };
  type More = { readonly finalizers?: string[]; readonly dependents?: KubeObject[] };
  const rows: [string, OwnerState[], unknown, More?][] = [
    ["has its owner", ["present"], "nothing"],
    ["lost its only owner", ["absent"], background],
    ["lost both owners", ["absent", "absent"], background],
    ["lost one of two", ["present", "absent"], { do: "disown", uids: ["o1"] }],
    ["has an owner nobody can look up", ["unknown"], "nothing"],
    ["lost one, the other cannot be looked up", ["unknown", "absent"], { do: "disown", uids: ["o1"] }],
    ["is waited for", ["waits-for-dependents"], background],
    ["is waited for and has dependents", ["waits-for-dependents"], foreground, { dependents: [dependent()] }],
    ["is waited for by one of two", ["waits-for-dependents", "present"], { do: "disown", uids: ["o0"] }],
    [
      "was to leave its dependents",
      ["absent"],
      { do: "delete", propagation: "Orphan" },
      { finalizers: ["orphan"] },
    ],
    ["was to wait for its dependents", ["absent"], foreground, { finalizers: ["foregroundDeletion"] }],
  ];
  test.each(rows)("%s", (_, states, expected, { finalizers, dependents = [] } = {}) => {
    const owners = new Map(states.map((state, at) => [ref(`o${at}`), state]));
    expect(planGarbage(objectOf({ finalizers }), owners, dependents)).toEqual(expected);
  });
});

describe("an object that is being deleted", () => {
  const remove = { do: "remove-finalizer", finalizer: "foregroundDeletion" };
  const rows: [string, string[], KubeObject[], unknown][] = [
    ["has other finalizers", ["example.org/own"], [dependent()], "nothing"],
    ["waits for nothing more", ["foregroundDeletion"], [], remove],
    [
      "waits for a dependent that blocks",
      ["foregroundDeletion"],
      [dependent()],
      { do: "look-at-dependents" },
    ],
    [
      "waits for one that is on its way",
      ["foregroundDeletion"],
      [dependent({ deletionTimestamp })],
      "nothing",
    ],
    ["does not wait for one that does not block", ["foregroundDeletion"], [dependent({}, false)], remove],
    ["leaves its dependents", ["orphan"], [dependent()], { do: "orphan-dependents" }],
  ];
  test.each(rows)("%s", (_, finalizers, dependents, expected) => {
    expect(planGarbage(objectOf({ deletionTimestamp, finalizers }), new Map(), dependents)).toEqual(expected);
  });
});

test("what has neither owners nor our finalizers is no concern", () => {
  const rows = [
    objectOf({}),
    objectOf({ finalizers: ["orphan"] }),
    objectOf({ deletionTimestamp, ownerReferences: [ref("x")] }),
    objectOf({ ownerReferences: [ref("x")] }),
    objectOf({ deletionTimestamp, finalizers: ["orphan"] }),
  ];
  expect(rows.map(concerns)).toEqual([false, false, false, true, true]);
});
