// Owns what may happen to a small cluster, drawn for property tests.
import fc from "fast-check";
import type { DaemonSetSpec } from "../../model/generated/types.ts";
import type { Happening } from "./mini-cluster.fixture.ts";

const nodesMax = 6;

const node = fc.integer({ min: 0, max: nodesMax });
export const somethingHappens: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      it: fc.constant("pod-moves" as const),
      pod: fc.nat(40),
      to: fc.constantFrom(
        "bound",
        "ready",
        "ready",
        "unready",
        "failed",
        "succeeded",
        "deleted",
        "gone",
        "gone",
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      it: fc.constantFrom("node-joins", "node-leaves", "node-tainted", "node-untainted"),
      node,
    }),
  },
  { weight: 1, arbitrary: fc.record({ it: fc.constantFrom("node-breaks", "node-heals"), node }) },
  { weight: 1, arbitrary: fc.record({ it: fc.constant("template-changes" as const), image: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ it: fc.constant("time-passes" as const), seconds: fc.nat(20) }) },
);
export const freshly: Happening = { it: "controller-acts", staleness: 0, upTo: Infinity };
export const controllerActs = (staleness: number): fc.Arbitrary<Happening> =>
  fc.record({
    it: fc.constant("controller-acts" as const),
    staleness: fc.nat(staleness),
    upTo: fc.oneof(fc.constant(Infinity), fc.nat(4)),
  });

export const replacing = (maxUnavailable: number | string, minReadySeconds = 0): Partial<DaemonSetSpec> => ({
  minReadySeconds,
  updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge: 0 } },
});
export const surging = (maxSurge: number | string, minReadySeconds = 0): Partial<DaemonSetSpec> => ({
  minReadySeconds,
  updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge } },
});
export const share = fc.constantFrom<number | string>(1, 2, 3, "20%", "50%", "100%");
export const minReady = fc.constantFrom(0, 0, 5);
export const strategy: fc.Arbitrary<Partial<DaemonSetSpec>> = fc.oneof(
  fc.tuple(share, minReady).map(([most, after]) => replacing(most, after)),
  fc.tuple(share, minReady).map(([most, after]) => surging(most, after)),
  minReady.map((minReadySeconds) => ({ minReadySeconds, updateStrategy: { type: "OnDelete" } })),
);

export const story = (happening: fc.Arbitrary<Happening>) =>
  fc.record({
    nodes: fc.integer({ min: 0, max: nodesMax }),
    spec: strategy,
    happenings: fc.array(happening, { maxLength: 40 }),
  });
