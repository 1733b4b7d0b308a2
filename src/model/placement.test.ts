// Owns the tests of whether a pod may be on a node.
import { describe, expect, test } from "vitest";
import type { Node, NodeSelectorTerm, Pod, PodSpec, Taint, Toleration } from "./generated/types.ts";
import {
  Occupancy,
  demandOf,
  fitOnNode,
  namedNodes,
  nodeWishesOf,
  obstacleText,
  occupancyOf,
  preferenceOf,
  targetNodeOf,
  tolerates,
} from "./placement.ts";

const stamps = { uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };

const nodeWith = (more: Partial<Node> = {}, labels: Record<string, string> = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { ...stamps, name: "a", labels },
  status: { allocatable: { cpu: "2", memory: "1Gi", pods: "3", "example.com/gpu": "1" } },
  ...more,
});

const specWith = (more: Partial<PodSpec>): PodSpec => ({ containers: [{ name: "main" }], ...more });
const asking = (requests: Record<string, string>): PodSpec =>
  specWith({ containers: [{ name: "main", resources: { requests } }] });
const podOf = (spec: PodSpec, phase = "Running"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...stamps, name: "p" },
  spec,
  status: { phase },
});
const requiring = (...nodeSelectorTerms: NodeSelectorTerm[]): PodSpec =>
  specWith({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });

const told = (spec: PodSpec, node: Node, pods: readonly Pod[] = []): string[] => {
  const fit = fitOnNode(spec, node, occupancyOf(pods));
  return fit.is === "fits" ? [] : fit.because.map(obstacleText);
};

describe("node selector requirements", () => {
  const expression = (operator: string, ...values: string[]): NodeSelectorTerm => ({
    matchExpressions: [{ key: "n", operator, ...(values.length === 0 ? {} : { values }) }],
  });
  test.each<[string, NodeSelectorTerm, Record<string, string>, boolean]>([
    ["In, one of them", expression("In", "1", "2"), { n: "2" }, true],
    ["In, none of them", expression("In", "1"), { n: "2" }, false],
    ["In, no label", expression("In", "1"), {}, false],
    ["NotIn, another value", expression("NotIn", "1"), { n: "2" }, true],
    ["NotIn, no label", expression("NotIn", "1"), {}, true],
    ["NotIn, that value", expression("NotIn", "1"), { n: "1" }, false],
    ["Exists", expression("Exists"), { n: "" }, true],
    ["Exists, no label", expression("Exists"), {}, false],
    ["DoesNotExist", expression("DoesNotExist"), {}, true],
    ["DoesNotExist, label", expression("DoesNotExist"), { n: "1" }, false],
    ["Gt", expression("Gt", "9"), { n: "10" }, true],
    ["Gt, equal", expression("Gt", "10"), { n: "10" }, false],
    ["Lt", expression("Lt", "10"), { n: "9" }, true],
    ["Gt, no number", expression("Gt", "9"), { n: "x" }, false],
    ["Gt, no label", expression("Gt", "9"), {}, false],
    ["an operator nobody knows", expression("Like", "1"), { n: "1" }, false],
    ["field, its name", { matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }, {}, true],
    [
      "field, another's",
      { matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["a"] }] },
      {},
      false,
    ],
    ["a term that asks nothing matches nothing", {}, {}, false],
  ])("%s", (_name, term, labels, fits) => {
    expect(told(requiring(term), nodeWith({}, labels)).length === 0).toBe(fits);
  });

  test("one term of several is enough, all requirements of a term are needed, and no terms match nothing", () => {
    const [x, y] = [expression("In", "1"), { matchExpressions: [{ key: "m", operator: "Exists" }] }];
    expect(told(requiring(x, y), nodeWith({}, { m: "" }))).toEqual([]);
    const both = { matchExpressions: [...(x.matchExpressions ?? []), ...y.matchExpressions] };
    expect(told(requiring(both), nodeWith({}, { m: "" }))).toEqual([
      "node affinity wants n In [1] (the node has none)",
    ]);
    expect(told(requiring(), nodeWith())).toEqual([
      "the required node affinity has no term that could match",
    ]);
  });
});

describe("tolerations", () => {
  const taint: Taint = { key: "k", value: "v", effect: "NoSchedule" };
  test.each<[string, Toleration, boolean]>([
    ["Exists of the key", { key: "k", operator: "Exists" }, true],
    ["Exists of all keys", { operator: "Exists" }, true],
    ["Exists of all keys with another effect", { operator: "Exists", effect: "NoExecute" }, false],
    ["Equal by default", { key: "k", value: "v" }, true],
    ["Equal, another value", { key: "k", operator: "Equal", value: "w" }, false],
    ["Equal, no value", { key: "k", operator: "Equal" }, false],
    ["another key", { key: "l", operator: "Exists" }, false],
    ["the effect too", { key: "k", operator: "Exists", effect: "NoSchedule" }, true],
    ["an operator nobody knows", { key: "k", operator: "Like", value: "v" }, false],
  ])("%s", (_name, toleration, covered) => {
    expect(tolerates(toleration, taint)).toBe(covered);
  });
});

test("every obstacle is told, in the order of the filters", () => {
  const node = nodeWith({
    spec: {
      unschedulable: true,
      taints: [
        { key: "db", effect: "NoSchedule" },
        { key: "soft", effect: "PreferNoSchedule" },
      ],
    },
  });
  const spec: PodSpec = {
    ...asking({ cpu: "2500m", "example.com/fpga": "1" }),
    nodeName: "b",
    nodeSelector: { x: "y" },
  };
  expect(told(spec, node)).toEqual([
    "the node is cordoned",
    "the taint db:NoSchedule is not tolerated",
    "the pod asks for node b",
    "nodeSelector wants x=y, the node has none",
    "cpu: 2500m wanted, 2 free",
    "example.com/fpga: 1 wanted, 0 free",
  ]);
});

describe("room", () => {
  test.each<[string, PodSpec, readonly Pod[], readonly string[]]>([
    ["what is left suffices", asking({ cpu: "1" }), [podOf(asking({ cpu: "1" }))], []],
    [
      "what is left does not",
      asking({ cpu: "1001m" }),
      [podOf(asking({ cpu: "1" }))],
      ["cpu: 1001m wanted, 1 free"],
    ],
    ["finished pods give their room back", asking({ cpu: "2" }), [podOf(asking({ cpu: "2" }), "Failed")], []],
    [
      "extended resources",
      asking({ "example.com/gpu": "1" }),
      [podOf(asking({ "example.com/gpu": "1" }))],
      ["example.com/gpu: 1 wanted, 0 free"],
    ],
    [
      "too many pods",
      asking({}),
      [podOf(asking({})), podOf(asking({})), podOf(asking({}))],
      ["the node holds its 3 pods already"],
    ],
    ["a request of nothing always fits", asking({ cpu: "0" }), [podOf(asking({ cpu: "2" }))], []],
  ])("%s", (_name, spec, pods, obstacles) => {
    expect(told(spec, nodeWith(), pods)).toEqual(obstacles);
  });

  test("init containers count by their largest, sidecars with the rest, overhead on top", () => {
    const container = (cpu: string, restartPolicy?: string) => ({
      name: "c",
      resources: { requests: { cpu } },
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    });
    const cpuOf = (spec: PodSpec) => demandOf(spec).amounts.get("cpu");
    expect(cpuOf({ containers: [container("100m"), container("200m")] })).toBe(300);
    expect(
      cpuOf({ containers: [container("100m")], initContainers: [container("1"), container("500m")] }),
    ).toBe(1000);
    expect(
      cpuOf({
        containers: [container("100m")],
        initContainers: [container("50m", "Always"), container("1")],
      }),
    ).toBe(1050);
    expect(cpuOf({ containers: [container("100m")], overhead: { cpu: "5m" } })).toBe(105);
  });

  test("what is taken and given back leaves nothing behind", () => {
    const occupancy = new Occupancy();
    const spec = specWith({
      containers: [
        { name: "c", resources: { requests: { cpu: "1" } }, ports: [{ containerPort: 80, hostPort: 80 }] },
      ],
    });
    occupancy.take(demandOf(spec));
    occupancy.give(demandOf(spec));
    expect([
      occupancy.pods,
      occupancy.takenOf("cpu"),
      occupancy.clashWith({ port: 80, protocol: "TCP", hostIP: "0.0.0.0" }),
    ]).toEqual([0, 0, undefined]);
  });
});

describe("host ports", () => {
  const port = (hostPort: number, protocol?: string, hostIP?: string): PodSpec =>
    specWith({
      containers: [
        {
          name: "c",
          ports: [
            {
              containerPort: 1,
              hostPort,
              ...(protocol === undefined ? {} : { protocol }),
              ...(hostIP === undefined ? {} : { hostIP }),
            },
          ],
        },
      ],
    });
  test.each<[string, PodSpec, PodSpec, boolean]>([
    ["the same", port(80), port(80), true],
    ["another number", port(80), port(81), false],
    ["another protocol", port(80), port(80, "UDP"), false],
    ["two addresses", port(80, "TCP", "127.0.0.1"), port(80, "TCP", "10.0.0.1"), false],
    ["one address and all", port(80, "TCP", "127.0.0.1"), port(80), true],
    [
      "hostNetwork takes its container ports",
      port(8080),
      specWith({ hostNetwork: true, containers: [{ name: "c", ports: [{ containerPort: 8080 }] }] }),
      true,
    ],
  ])("%s", (_name, wanted, held, clash) => {
    expect(told(wanted, nodeWith(), [podOf(held)]).length > 0).toBe(clash);
  });
});

test("the node a pod is for: bound, or named alone by its affinity", () => {
  const named = (...values: string[]) =>
    requiring({ matchFields: [{ key: "metadata.name", operator: "In", values }] });
  expect(targetNodeOf(podOf({ ...named("b"), nodeName: "a" }))).toBe("a");
  expect(targetNodeOf(podOf(named("b")))).toBe("b");
  expect(targetNodeOf(podOf(named("b", "c")))).toBeUndefined();
  expect([...(namedNodes(nodeWishesOf(named("b", "c"))) ?? [])]).toEqual(["b", "c"]);
  expect(namedNodes(nodeWishesOf(specWith({})))).toBeUndefined();
});

test("preferred terms add up", () => {
  const prefer = (weight: number, key: string) => ({
    weight,
    preference: { matchExpressions: [{ key, operator: "Exists" }] },
  });
  const spec = specWith({
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [prefer(5, "x"), prefer(7, "y"), prefer(11, "z")],
      },
    },
  });
  expect(preferenceOf(spec, nodeWith({}, { x: "", z: "" }))).toBe(16);
});
