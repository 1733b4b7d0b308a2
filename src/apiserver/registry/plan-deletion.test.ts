// Owns the table of what a deletion comes to.
import { describe, expect, it } from "vitest";
import type { Meta } from "../../model/meta.ts";
import {
  isReadyToGo,
  planDeletion,
  type Deletable,
  type DeletionOptions,
  type DeletionPlan,
} from "./plan-deletion.ts";

const now = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(now + second * 1000).toISOString().replace(".000Z", "Z");

const meta = (more: Partial<Meta> = {}): Meta => ({
  name: "a",
  uid: "u",
  resourceVersion: "5",
  creationTimestamp: at(-100),
  ...more,
});
const plain = (more: Partial<Meta> = {}): Deletable => ({ metadata: meta(more), isKept: false });
const graceful = (graceSeconds: number, more: Partial<Meta> = {}): Deletable => ({
  ...plain(more),
  graceSeconds,
});
const marked = (grace: number, finalizers: string[] = [], generation?: number): DeletionPlan => ({
  do: "mark",
  mark: {
    deletionTimestamp: at(grace),
    deletionGracePeriodSeconds: grace,
    finalizers,
    ...(generation === undefined ? {} : { generation }),
  },
});

const rows: readonly { name: string; object: Deletable; options?: DeletionOptions; plan: DeletionPlan }[] = [
  { name: "nothing holds it", object: plain(), plan: { do: "remove" } },
  {
    name: "its uid and version are meant",
    object: plain(),
    options: { uid: "u", resourceVersion: "5" },
    plan: { do: "remove" },
  },
  {
    name: "a finalizer holds it",
    object: plain({ finalizers: ["a/b"], generation: 3 }),
    plan: marked(0, ["a/b"], 4),
  },
  { name: "its content holds it", object: { ...plain(), isKept: true }, plan: marked(0) },
  {
    name: "grace asked of a kind without",
    object: plain(),
    options: { graceSeconds: 30 },
    plan: { do: "remove" },
  },
  {
    name: "foreground",
    object: plain({ finalizers: ["a/b", "orphan"] }),
    options: { propagation: "Foreground" },
    plan: marked(0, ["a/b", "foregroundDeletion"]),
  },
  { name: "orphan", object: plain(), options: { propagation: "Orphan" }, plan: marked(0, ["orphan"]) },
  {
    name: "background takes an earlier wish back",
    object: plain({ finalizers: ["orphan"] }),
    options: { propagation: "Background" },
    plan: { do: "remove" },
  },
  {
    name: "no policy leaves an earlier wish",
    object: plain({ finalizers: ["orphan"] }),
    plan: marked(0, ["orphan"]),
  },
  {
    name: "it is held and being deleted already",
    object: plain({ finalizers: ["a/b"], deletionTimestamp: at(-9), deletionGracePeriodSeconds: 0 }),
    plan: { do: "leave" },
  },
  {
    name: "another policy while it is held",
    object: plain({ finalizers: ["foregroundDeletion", "a/b"], deletionTimestamp: at(-9) }),
    options: { propagation: "Background" },
    plan: {
      do: "mark",
      mark: { deletionTimestamp: at(-9), deletionGracePeriodSeconds: 0, finalizers: ["a/b"] },
    },
  },
  { name: "its default grace", object: graceful(30, { generation: 1 }), plan: marked(30, [], 2) },
  {
    name: "a longer grace than the default",
    object: graceful(30),
    options: { graceSeconds: 60 },
    plan: marked(60),
  },
  { name: "no grace", object: graceful(30), options: { graceSeconds: 0 }, plan: { do: "remove" } },
  {
    name: "a negative grace is the shortest",
    object: graceful(30),
    options: { graceSeconds: -1 },
    plan: marked(1),
  },
  { name: "nothing to wait for", object: graceful(0), options: { graceSeconds: 30 }, plan: { do: "remove" } },
  {
    name: "no grace, but a finalizer",
    object: graceful(30, { finalizers: ["a/b"] }),
    options: { graceSeconds: 0 },
    plan: marked(0, ["a/b"]),
  },
  {
    name: "going: no word on grace",
    object: graceful(30, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 }),
    plan: { do: "leave" },
  },
  {
    name: "going: longer",
    object: graceful(30, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 }),
    options: { graceSeconds: 60 },
    plan: { do: "leave" },
  },
  {
    name: "going: shorter counts from the first request",
    object: graceful(30, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30, generation: 2 }),
    options: { graceSeconds: 15 },
    plan: {
      do: "mark",
      mark: { deletionTimestamp: at(5), deletionGracePeriodSeconds: 15, finalizers: [] },
    },
  },
  {
    name: "going: at once",
    object: graceful(30, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 }),
    options: { graceSeconds: 0 },
    plan: { do: "remove" },
  },
  {
    name: "going: what there was to wait for has ended",
    object: graceful(0, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 }),
    plan: { do: "remove" },
  },
];

it.each(rows)("$name", ({ object, options, plan }) => {
  expect(planDeletion(object, options ?? {}, now)).toEqual(plan);
});

it.each([
  {
    options: { uid: "x" },
    because: /^the UID in the precondition \(x\) does not match the UID in record \(u\)\./,
  },
  {
    options: { resourceVersion: "4" },
    because:
      /^the ResourceVersion in the precondition \(4\) does not match the ResourceVersion in record \(5\)\./,
  },
])("refuses $options", ({ options, because }) => {
  const plan = planDeletion(plain(), options, now);
  expect(plan).toEqual({ do: "refuse", because: expect.stringMatching(because) });
});

describe("an update that ends a deletion", () => {
  it.each([
    { name: "not being deleted", object: plain(), ready: false },
    { name: "no finalizer is left", object: plain({ deletionTimestamp: at(0) }), ready: true },
    { name: "one is left", object: plain({ deletionTimestamp: at(0), finalizers: ["a/b"] }), ready: false },
    {
      name: "content is left",
      object: { ...plain({ deletionTimestamp: at(0) }), isKept: true },
      ready: false,
    },
    {
      name: "a pod whose grace runs",
      object: graceful(30, { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 }),
      ready: false,
    },
  ])("$name", ({ object, ready }) => {
    expect(isReadyToGo(object)).toBe(ready);
  });
});
