// Owns the table of what is next for a CustomResourceDefinition.
import { expect, it } from "vitest";
import type { CustomResourceDefinition } from "../../model/generated/types.ts";
import { planDefinition } from "./plan-definition.ts";

const now = Date.UTC(2026, 0, 1);

const definition = (plural: string, kind: string, shortNames: string[] = []): CustomResourceDefinition => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `${plural}.example.com`,
    uid: plural,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames },
    versions: [{ name: "v1", served: true, storage: true }],
  },
});

/** As it stands once what was planned was done. */
function settled(
  one: CustomResourceDefinition,
  ...others: CustomResourceDefinition[]
): CustomResourceDefinition {
  const action = planDefinition(one, others, now);
  return action.do === "put-status" ? { ...one, status: action.status } : one;
}

const conditionsOf = ({ status }: CustomResourceDefinition): string[] =>
  (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason ?? ""}`);

it("accepts names that are free, and then has nothing to do", () => {
  const tabs = settled(definition("tabs", "Tab"));
  expect(conditionsOf(tabs)).toEqual([
    "NamesAccepted=True NoConflicts",
    "Established=True InitialNamesAccepted",
  ]);
  expect(planDefinition(tabs, [], now)).toEqual({ do: "nothing" });
});

it.each([
  { other: definition("others", "Tab"), reason: "ListKindConflict" },
  { other: definition("others", "Other", ["tabs"]), reason: "PluralConflict" },
  { other: definition("others", "Other", ["t"]), reason: "ShortNamesConflict" },
])("does not establish one whose names are taken: $reason", ({ other, reason }) => {
  const taken = settled(definition("tabs", "Tab", ["t"]), settled(other));
  expect(conditionsOf(taken)).toEqual([`NamesAccepted=False ${reason}`, "Established=False NotAccepted"]);
  expect(conditionsOf(settled(taken))).toEqual([
    "NamesAccepted=True NoConflicts",
    "Established=True InitialNamesAccepted",
  ]);
});

it("keeps serving one whose new names are taken, by the names it had", () => {
  const before = settled(definition("tabs", "Tab"));
  const renamed = { ...before, spec: definition("tabs", "Tab", ["t"]).spec };
  const after = settled(renamed, settled(definition("others", "Other", ["t"])));
  expect(conditionsOf(after)).toEqual([
    "NamesAccepted=False ShortNamesConflict",
    "Established=True InitialNamesAccepted",
  ]);
  expect(after.status?.acceptedNames?.shortNames).toEqual([]);
});

it("empties one that is deleted, while its finalizer is there", () => {
  const tabs = settled(definition("tabs", "Tab"));
  const metadata = { ...tabs.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  const finalizers = ["customresourcecleanup.apiextensions.k8s.io"];
  expect(planDefinition({ ...tabs, metadata: { ...metadata, finalizers } }, [], now)).toEqual({
    do: "clean-up",
  });
  expect(planDefinition({ ...tabs, metadata }, [], now)).toEqual({ do: "nothing" });
});
