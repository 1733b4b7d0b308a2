// Owns the tests of which pods a more important one may end.
import { expect, test } from "vitest";
import type { Node, Pod, PodSpec } from "../model/generated/types.ts";
import { ClusterLedger } from "./cluster-ledger.ts";
import { planBinding } from "./plan-binding.ts";
import { planPreemption } from "./plan-preemption.ts";

const node = (name: string, more: Partial<Node> = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  status: { allocatable: { cpu: "4", memory: "8Gi", pods: "4" } },
  ...more,
});

interface Traits {
  readonly cpu?: number;
  readonly on?: string;
  readonly since?: number;
  readonly metadata?: Partial<Pod["metadata"]>;
  readonly spec?: Partial<PodSpec>;
}

function pod(name: string, priority: number, { cpu = 1, on, since = 0, metadata, spec }: Traits = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: name,
      resourceVersion: "1",
      creationTimestamp: `2026-01-01T00:00:0${since}Z`,
      ...metadata,
    },
    spec: {
      priority,
      containers: [{ name: "main", resources: { requests: { cpu: String(cpu) } } }],
      ...(on === undefined ? {} : { nodeName: on }),
      ...spec,
    },
    status: { phase: "Running" },
  };
}

function ledgerOf(nodes: readonly Node[], pods: readonly Pod[]): ClusterLedger {
  const ledger = new ClusterLedger();
  for (const one of nodes) ledger.setNode(one);
  for (const one of pods) ledger.observe(one);
  return ledger;
}

function planned(asking: Pod, nodes: readonly Node[], pods: readonly Pod[]): string {
  const ledger = ledgerOf(nodes, pods);
  const plan = planPreemption(asking, ledger, (name) => ledger.podsOn(name));
  if (plan.do === "nothing") return "nothing";
  const names = plan.victims.map(({ metadata }) => metadata.name).sort();
  return `${plan.node}: ${names.join(" ")}`;
}

const leaving = { deletionTimestamp: "2026-01-01T00:00:09Z" };
const mirror = { annotations: { "kubernetes.io/config.mirror": "x" } };
const hostPort = { containers: [{ name: "main", ports: [{ containerPort: 80, hostPort: 80 }] }] };

const a = node("a");
const b = node("b");

test.each<[string, { asks: Pod; on: readonly Node[]; beside: readonly Pod[] }, string]>([
  [
    "ends the lesser",
    { asks: pod("p", 9, { cpu: 2 }), on: [a], beside: [pod("low", 1, { cpu: 3, on: "a" })] },
    "a: low",
  ],
  [
    "not its equal",
    { asks: pod("p", 9, { cpu: 2 }), on: [a], beside: [pod("same", 9, { cpu: 3, on: "a" })] },
    "nothing",
  ],
  [
    "not where the pod itself forbids it",
    {
      asks: pod("p", 9, { cpu: 2, spec: { preemptionPolicy: "Never" } }),
      on: [a],
      beside: [pod("low", 1, { cpu: 3, on: "a" })],
    },
    "nothing",
  ],
  [
    "not in vain",
    { asks: pod("p", 9, { cpu: 5 }), on: [a], beside: [pod("low", 1, { cpu: 3, on: "a" })] },
    "nothing",
  ],
  [
    "not where a taint bars it anyway",
    {
      asks: pod("p", 9, { cpu: 2 }),
      on: [node("a", { spec: { taints: [{ key: "x", effect: "NoSchedule" }] } })],
      beside: [pod("low", 1, { cpu: 3, on: "a" })],
    },
    "nothing",
  ],
  [
    "no more than it must: the least important",
    {
      asks: pod("p", 9, { cpu: 2 }),
      on: [a],
      beside: [pod("one", 1, { cpu: 2, on: "a" }), pod("two", 2, { cpu: 2, on: "a" })],
    },
    "a: one",
  ],
  [
    "no more than it must: among equals the newest",
    {
      asks: pod("p", 9, { cpu: 2 }),
      on: [a],
      beside: [pod("old", 1, { cpu: 2, on: "a", since: 1 }), pod("new", 1, { cpu: 2, on: "a", since: 5 })],
    },
    "a: new",
  ],
  [
    "where the most important victim is least so",
    {
      asks: pod("p", 9, { cpu: 4 }),
      on: [a, b],
      beside: [
        pod("x", 5, { cpu: 1, on: "a" }),
        pod("y", 3, { cpu: 1, on: "b" }),
        pod("z", 3, { cpu: 1, on: "b" }),
      ],
    },
    "b: y z",
  ],
  [
    "where fewer end",
    {
      asks: pod("p", 9, { cpu: 4 }),
      on: [a, b],
      beside: [
        pod("x", 0, { cpu: 1, on: "a" }),
        pod("y", 0, { cpu: 1, on: "a" }),
        pod("z", 0, { cpu: 1, on: "b" }),
      ],
    },
    "b: z",
  ],
  [
    "nobody while room is being made",
    {
      asks: pod("p", 9, { cpu: 2 }),
      on: [a],
      beside: [pod("going", 1, { cpu: 2, on: "a", metadata: leaving }), pod("low", 1, { cpu: 2, on: "a" })],
    },
    "nothing",
  ],
  [
    "no static pod",
    {
      asks: pod("p", 9, { cpu: 2 }),
      on: [a],
      beside: [pod("static", 1, { cpu: 3, on: "a", metadata: mirror })],
    },
    "nothing",
  ],
  [
    "a holder of its host port",
    {
      asks: pod("p", 9, { spec: hostPort }),
      on: [a],
      beside: [pod("holder", 1, { on: "a", spec: hostPort }), pod("other", 1, { on: "a" })],
    },
    "a: holder",
  ],
  [
    "one where the node is full of pods",
    {
      asks: pod("p", 9, { cpu: 0 }),
      on: [a],
      beside: ["1", "2", "3", "4"].map((name) => pod(name, 1, { cpu: 0, on: "a" })),
    },
    "a: 4",
  ],
])("ends %s", (_name, { asks, on, beside }, expected) => {
  expect(planned(asks, on, beside)).toBe(expected);
});

test("two that ask at once don't count on the same room", () => {
  const ledger = ledgerOf([a], [pod("low", 1, { cpu: 3, on: "a" })]);
  const ask = (asking: Pod) => planPreemption(asking, ledger, (name) => ledger.podsOn(name));
  const first = pod("first", 9, { cpu: 3 });
  expect(ask(first)).toMatchObject({ do: "preempt", node: "a" });
  ledger.nominate(first, "a");
  expect(ask(pod("second", 9, { cpu: 3 })).do).toBe("nothing");
});

test("nominated room is kept from those less important, not from those more so, and given back at the end", () => {
  const ledger = ledgerOf([a], []);
  const first = pod("first", 5, { cpu: 3 });
  ledger.nominate(first, "a");
  const choice = (asking: Pod) => planBinding(asking, ledger, () => 0).do;
  expect(choice(pod("lesser", 1, { cpu: 3 }))).toBe("wait");
  expect(choice(pod("greater", 9, { cpu: 3 }))).toBe("bind");
  expect(choice(first)).toBe("bind");
  ledger.remove(first);
  expect(choice(pod("lesser", 1, { cpu: 3 }))).toBe("bind");
});
