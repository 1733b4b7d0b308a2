// Owns what must hold of every preemption, whatever the cluster.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Node, Pod } from "../model/generated/types.ts";
import { fitOnNode, occupancyOf } from "../model/placement.ts";
import { ClusterLedger } from "./cluster-ledger.ts";
import { planPreemption } from "./plan-preemption.ts";

const stamp = { resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };

interface Drawn {
  readonly node: number;
  readonly cpu: number;
  readonly port: number;
  readonly priority: number;
  readonly leaving: boolean;
}
const drawn: fc.Arbitrary<Drawn> = fc.record({
  node: fc.nat(2),
  cpu: fc.nat(4),
  port: fc.nat(3),
  priority: fc.nat(4),
  leaving: fc.constantFrom(false, false, false, true),
});

function podOf({ node, cpu, port, priority, leaving }: Drawn, name: string): Pod {
  const requests = { cpu: String(cpu) };
  const ports = port === 0 ? [] : [{ containerPort: port, hostPort: port }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: name,
      ...stamp,
      ...(leaving ? { deletionTimestamp: stamp.creationTimestamp } : {}),
    },
    spec: {
      priority,
      containers: [{ name: "main", resources: { requests }, ports }],
      ...(name === "asks" ? {} : { nodeName: `n${node}` }),
    },
  };
}

const nodes: readonly Node[] = [0, 1, 2].map((at) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: `n${at}`, uid: `n${at}`, ...stamp },
  spec: at === 2 ? { taints: [{ key: "x", effect: "NoSchedule" }] } : {},
  status: { allocatable: { cpu: "6", memory: "1Gi", pods: "4" } },
}));

test("victims are lesser, enough, each needed, and only where waiting would not do", () => {
  let preempted = 0;
  fc.assert(
    fc.property(drawn, fc.array(drawn, { maxLength: 10 }), (asks, others) => {
      const asking = podOf({ ...asks, leaving: false }, "asks");
      const pods = others.map((other, at) => podOf(other, `p${at}`));
      const ledger = new ClusterLedger();
      for (const node of nodes) ledger.setNode(node);
      for (const pod of pods) ledger.observe(pod);
      const plan = planPreemption(asking, ledger, (name) => ledger.podsOn(name));

      const staysOn = ({ metadata }: Node) =>
        pods.filter(
          (pod) => pod.spec?.nodeName === metadata.name && pod.metadata.deletionTimestamp === undefined,
        );
      const fits = (node: Node, there: readonly Pod[]) =>
        fitOnNode(asking.spec, node, occupancyOf(there)).is === "fits";
      const isLesser = (pod: Pod) => (pod.spec?.priority ?? 0) < asks.priority;
      const waitingDoes = nodes.some((node) => fits(node, staysOn(node)));
      const couldHelp = nodes.some((node) =>
        fits(
          node,
          staysOn(node).filter((pod) => !isLesser(pod)),
        ),
      );
      expect(plan.do).toBe(!waitingDoes && couldHelp ? "preempt" : "nothing");
      if (plan.do === "nothing") return;
      preempted += 1;
      const node = nodes.find(({ metadata }) => metadata.name === plan.node);
      if (node === undefined) throw new Error("a node that does not exist");
      const left = staysOn(node).filter((pod) => !plan.victims.includes(pod));
      expect(plan.victims.every(isLesser)).toBe(true);
      expect(fits(node, left)).toBe(true);
      for (const victim of plan.victims) expect(fits(node, [...left, victim])).toBe(false);
    }),
    { numRuns: 500 },
  );
  expect(preempted).toBeGreaterThan(20);
});
