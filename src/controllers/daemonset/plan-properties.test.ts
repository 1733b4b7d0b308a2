// Owns what must hold of every plan, whatever the cluster and whatever happens to it.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DaemonSetSpec } from "../../model/generated/types.ts";
import { tell } from "./cluster.fixture.ts";
import {
  controllerActs,
  freshly,
  minReady,
  replacing,
  share,
  somethingHappens,
  story,
  strategy,
  surging,
} from "./happenings.fixture.ts";
import { MiniCluster, isServing, type Happening } from "./mini-cluster.fixture.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";

const runs = { numRuns: 100 };

function played({
  nodes,
  spec,
  happenings,
}: {
  nodes: number;
  spec: Partial<DaemonSetSpec>;
  happenings: readonly Happening[];
}) {
  const cluster = new MiniCluster(nodes, spec);
  for (const happening of happenings) cluster.happen(happening);
  return cluster;
}

const surges = (spec: Partial<DaemonSetSpec>): boolean =>
  (spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0) !== 0;

test("D.7 V.3: never two live pods on a node beyond surge, however stale the cache and whenever the controller dies", () => {
  const happening = fc.oneof(
    { weight: 2, arbitrary: somethingHappens },
    { weight: 1, arbitrary: controllerActs(6) },
  );
  fc.assert(
    fc.property(story(happening), ({ nodes, spec, happenings }) => {
      const cluster = new MiniCluster(nodes, spec);
      for (const happened of happenings) {
        cluster.happen(happened);
        for (const [name, live] of cluster.liveByNode()) {
          const hashes = new Set(live.map((pod) => pod.metadata.labels?.["controller-revision-hash"]));
          // A stale plan may belong to the revision before: then its pod and the new one's meet, and one goes at the next plan.
          expect(live.length, name).toBe(hashes.size);
          if (happened.it === "controller-acts" && happened.staleness === 0 && happened.upTo === Infinity)
            expect(live.length, name).toBeLessThanOrEqual(surges(spec) ? 2 : 1);
        }
      }
    }),
    runs,
  );
});

test("D.8: after a plan from a fresh cache two share a node only while the old one is Ready", () => {
  const happening = fc.oneof(somethingHappens, fc.constant(freshly));
  fc.assert(
    fc.property(story(happening), (told) => {
      const cluster = played({ ...told, happenings: [...told.happenings, freshly, freshly, freshly] });
      for (const live of cluster.liveByNode().values()) {
        if (live.length < 2) continue;
        const old = live.filter(isServing);
        expect(old.length).toBeGreaterThan(0);
      }
    }),
    runs,
  );
});

/** Deletes of pods that serve, and how many nodes that could serve don't. */
function spendingOf(cluster: MiniCluster, after: number): { taken: number; down: number; eligible: number } {
  const { actions, nodes } = cluster.plan();
  const eligible = nodes.filter(({ placement }) => placement.is === "place");
  const serves = (readySince: number | undefined): boolean =>
    readySince !== undefined && (after === 0 || readySince + after * 1000 <= cluster.now);
  const down = eligible.filter(
    ({ node, pods }) =>
      node.status?.conditions?.[0]?.status === "True" &&
      !pods.some(({ stage, readySince }) => stage === "live" && serves(readySince)),
  ).length;
  const taken = actions.filter(
    (action) =>
      action.do === "delete-pod" &&
      action.because === "outdated" &&
      eligible.some(({ pods }) =>
        pods.some(({ pod, readySince }) => pod === action.pod && serves(readySince)),
      ),
  ).length;
  return { taken, down, eligible: eligible.length };
}

/** A cluster that ran in full health before anything happens to it. */
function healthy(nodes: number, spec: Partial<DaemonSetSpec>): MiniCluster {
  const cluster = new MiniCluster(nodes, spec);
  for (let round = 0; round < 4; round++) {
    cluster.perform(cluster.plan());
    cluster.tend();
  }
  cluster.now += 60_000;
  return cluster;
}

test("D.14: our own deletions never take more available pods away than the budget has left", () => {
  const happening = fc.oneof(somethingHappens, fc.constant(freshly));
  fc.assert(
    fc.property(story(happening), share, minReady, ({ nodes, happenings }, most, after) => {
      const cluster = healthy(nodes + 2, replacing(most, after));
      cluster.happen({ it: "template-changes", image: 9 });
      for (const happened of [freshly, ...happenings]) {
        const { taken, down, eligible } = spendingOf(cluster, after);
        const budget =
          typeof most === "number" ? most : Math.ceil((Number.parseInt(most, 10) * eligible) / 100);
        expect(taken).toBeLessThanOrEqual(Math.max(0, Math.max(1, budget) - down));
        cluster.happen(happened);
      }
    }),
    runs,
  );
});

test("D.13: never more nodes hold two pods than maxSurge allows, and no node that serves is given up", () => {
  const happening = fc.oneof(
    fc.constant(freshly),
    somethingHappens.filter(({ it }) => it === "pod-moves" || it === "time-passes"),
  );
  fc.assert(
    fc.property(story(happening), fc.constantFrom(1, 2, 3), ({ nodes, happenings }, most) => {
      const cluster = healthy(nodes + 2, surging(most));
      cluster.happen({ it: "template-changes", image: 9 });
      for (const happened of [freshly, ...happenings]) {
        expect(spendingOf(cluster, 0).taken).toBeLessThanOrEqual(
          [...cluster.liveByNode().values()].filter((live) => live.filter(isServing).length > 1).length,
        );
        cluster.happen(happened);
        const doubled = [...cluster.liveByNode().values()].filter((live) => live.length > 1);
        expect(doubled.length).toBeLessThanOrEqual(most);
      }
    }),
    runs,
  );
});

test("planning until nothing is left to do ends, and planning again plans nothing new", () => {
  const happening = fc.oneof(somethingHappens, controllerActs(4));
  fc.assert(
    fc.property(story(happening), (told) => {
      const cluster = played(told);
      for (let round = 0; round < 8; round++) cluster.perform(cluster.plan());
      expect(
        cluster
          .plan()
          .actions.filter(({ do: what }) => what !== "replan")
          .map(tell),
      ).toEqual([]);
    }),
    runs,
  );
});

test("every healthy rollout ends with one available pod of the current revision on each eligible node", () => {
  const happening = fc.oneof(somethingHappens, controllerActs(4));
  const automatic = strategy.filter((spec) => spec.updateStrategy?.type !== "OnDelete");
  fc.assert(
    fc.property(story(happening), automatic, (told, spec) => {
      const cluster = played({ ...told, spec });
      for (const name of cluster.nodes.keys())
        cluster.happen({ it: "node-heals", node: Number(name.slice(1)) });
      cluster.now += 3_600_000;
      for (let round = 0; round < 60; round++) {
        cluster.perform(cluster.plan());
        cluster.tend();
        cluster.now += 10_000;
      }
      const { nodes } = cluster.plan();
      for (const { node, pods } of nodes) {
        expect(pods.length, node.metadata.name).toBe(1);
        expect(pods[0]?.revision).toBe("current");
        expect(pods[0]?.readySince).toBeDefined();
      }
      const { status } = cluster.set;
      expect(status?.numberAvailable ?? 0).toBe(nodes.length);
      expect(status?.updatedNumberScheduled ?? 0).toBe(nodes.length);
    }),
    runs,
  );
});

test("the order in which things are looked at changes nothing", () => {
  const happening = fc.oneof(somethingHappens, controllerActs(4));
  fc.assert(
    fc.property(story(happening), fc.infiniteStream(fc.nat()), (told, numbers) => {
      const cluster = played(told);
      const observed = cluster.observed();
      const shuffled = <T>(items: Iterable<T>): T[] =>
        [...items]
          .map((item) => ({ item, rank: numbers.next().value ?? 0 }))
          .sort((left, right) => left.rank - right.rank)
          .map(({ item }) => item);
      const other = planDaemonSet({
        ...observed,
        nodes: shuffled(observed.nodes),
        pods: shuffled(observed.pods),
        revisions: shuffled(observed.revisions),
      });
      expect(other.actions.map(tell).sort()).toEqual(planDaemonSet(observed).actions.map(tell).sort());
    }),
    runs,
  );
});
