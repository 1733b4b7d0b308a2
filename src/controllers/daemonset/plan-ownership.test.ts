// Owns what must hold of ownership, whoever the pods belong to and whatever their labels (D.10, D.20).
import fc from "fast-check";
import { expect, test } from "vitest";
import type { OwnerReference, Pod } from "../../model/generated/types.ts";
import { makePod, makeRevision, makeSet } from "./cluster.fixture.ts";
import { planOwnership } from "./plan-ownership.ts";
import { ownerReferenceOf } from "./plan-pod-draft.ts";

const set = makeSet();
const revision = makeRevision(set);

const stranger: OwnerReference = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "rng",
  uid: "stranger",
  controller: true,
};
const owners = {
  us: [ownerReferenceOf(set)],
  "our name in another life": [{ ...ownerReferenceOf(set), uid: "set-before" }],
  stranger: [stranger],
  "a friend that does not control it": [{ ...stranger, controller: false }],
  nobody: [],
} satisfies Record<string, readonly OwnerReference[]>;
type Owner = keyof typeof owners;

interface Traits {
  readonly owner: Owner;
  readonly fits: boolean;
  readonly leaving: boolean;
  readonly elsewhere: boolean;
}
const traits: fc.Arbitrary<Traits> = fc.record({
  owner: fc.constantFrom(...(Object.keys(owners) as Owner[])),
  fits: fc.boolean(),
  leaving: fc.boolean(),
  elsewhere: fc.boolean(),
});

function podOf({ owner, fits, leaving, elsewhere }: Traits, at: number): Pod {
  const pod = makePod(set, `n${at}`, revision, { name: `p${at}`, leaving });
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: fits ? { ...pod.metadata.labels } : { app: "other" },
      ownerReferences: [...owners[owner]],
      // An owner is of its dependents' namespace, so only pods of nobody can be elsewhere.
      ...(elsewhere && owner === "nobody" ? { namespace: "elsewhere" } : {}),
    },
  };
}

/** As the API server would after the patch. */
function perform(pod: Pod, done: string): Pod {
  const { ownerReferences = [], ...metadata } = pod.metadata;
  const ours = ownerReferenceOf(set);
  const next =
    done === "adopt-pod" ? [...ownerReferences, ours] : ownerReferences.filter(({ uid }) => uid !== ours.uid);
  return { ...pod, metadata: { ...metadata, ownerReferences: next } };
}

test("only what is nobody's is adopted, only what is ours is released, and then all is settled", () => {
  fc.assert(
    fc.property(fc.array(traits, { maxLength: 12 }), (all) => {
      const pods = all.map(podOf);
      const { actions, pods: own } = planOwnership(set, pods, [revision]);
      const told = new Map(
        actions.flatMap((action) => ("pod" in action ? [[action.pod, action.do] as const] : [])),
      );
      for (const [at, { owner, fits, leaving, elsewhere }] of all.entries()) {
        const pod = pods[at];
        if (pod === undefined) throw new Error("each has its pod");
        const isFree = owner === "nobody" || owner === "a friend that does not control it";
        const adopted = isFree && fits && !leaving && !(elsewhere && owner === "nobody");
        const released = owner === "us" && !fits;
        expect(told.get(pod)).toBe(adopted ? "adopt-pod" : released ? "release-pod" : undefined);
        expect(own.includes(pod)).toBe(owner === "us" && fits);
      }
      const after = pods.map((pod) => {
        const done = told.get(pod);
        return done === undefined ? pod : perform(pod, done);
      });
      expect(planOwnership(set, after, [revision]).actions).toEqual([]);
    }),
  );
});
