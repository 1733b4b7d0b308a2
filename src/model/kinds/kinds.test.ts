// Owns the proof of the small kinds, and of what every kind's descriptor must hold to.
import { describe, expect, test } from "vitest";
import { schemas } from "../generated/schemas.ts";
import { configMap } from "./config-map.ts";
import { controllerRevision } from "./controller-revision.ts";
import { event } from "./event.ts";
import { received, shown, stored } from "./kinds.fixture.ts";
import { kinds } from "./kinds.ts";
import { lease } from "./lease.ts";
import { namespace } from "./namespace.ts";
import { node } from "./node.ts";
import { priorityClass } from "./priority-class.ts";
import { secret } from "./secret.ts";
import { serviceAccount } from "./service-account.ts";

const now = Date.UTC(2026, 0, 1, 0, 10, 0);

describe("every kind", () => {
  test.each(kinds.map((kind) => [kind.kind, kind] as const))("%s", (_name, kind) => {
    expect(Object.keys(schemas)).toContain(kind.schema);
    const bare = { apiVersion: "x", kind: kind.kind, metadata: { name: "a" } };
    const draft = received(kind, bare);
    const once = structuredClone(draft);
    kind.applyDefaults(draft);
    expect(draft).toEqual(once);
    // Whatever a client leaves out is a fault at most, never a crash.
    expect(Array.isArray(kind.validate(draft))).toBe(true);
    const object = stored(kind, bare);
    expect(kind.validateUpdate(object, object)).toEqual([]);
    expect(kind.row(object, now)).toHaveLength(kind.columns.length);
    expect(kind.columns.every((column) => column.description !== "")).toBe(true);
    expect(Object.values(kind.fields).every((read) => typeof read(object) === "string")).toBe(true);
  });

  test("no two share a path or a folder", () => {
    expect(new Set(kinds.map((kind) => `${kind.group}/${kind.resource}`)).size).toBe(kinds.length);
    expect(new Set(kinds.map((kind) => kind.storeFolder)).size).toBe(kinds.length);
  });
});

describe("Secret", () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  test("stringData is folded into data and wins", () => {
    const draft = received(secret, { data: { a: base64("old"), b: base64("b") }, stringData: { a: "new" } });
    expect(draft).toEqual({
      metadata: {},
      type: "Opaque",
      data: { a: base64("new"), b: base64("b") },
    });
  });

  test.each<[string, object, string[]]>([
    ["valid", { data: { "a.b": "aGk=" } }, []],
    [
      "a key that is no file name",
      { data: { "..": "" } },
      ["data[..]: Invalid value: \"..\": must not be '..'"],
    ],
    [
      "too much",
      { data: { a: base64("x".repeat(1024 * 1024 + 1)) } },
      ["data: Too long: may not be more than 1048576 bytes"],
    ],
    ["just enough", { data: { a: base64("x".repeat(1024 * 1024)) } }, []],
    ["tls", { type: "kubernetes.io/tls", data: { "tls.crt": "" } }, ["data[tls.key]: Required value"]],
    [
      "basic auth",
      { type: "kubernetes.io/basic-auth" },
      ["data[username]: Required value", "data[password]: Required value"],
    ],
    [
      "registry access that is no JSON",
      { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": base64("{") } },
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid json object'],
    ],
    [
      "a token of nobody",
      { type: "kubernetes.io/service-account-token" },
      ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    ],
  ])("%s", (_name, body, expected) => {
    expect(shown(secret.validate(received(secret, body)))).toEqual(expected);
  });

  test("type is immutable, and so is everything once sealed", () => {
    const old = stored(secret, { immutable: true, data: { a: "aGk=" } });
    const draft = received(secret, { type: "other", data: { a: "aG8=" } });
    expect(shown(secret.validateUpdate(draft, old))).toEqual([
      'type: Invalid value: "other": field is immutable',
      "immutable: Forbidden: field is immutable when `immutable` is set",
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
  });

  test("its line and its field", () => {
    const object = stored(secret, { data: { a: "", b: "" } });
    expect(secret.row(object, now)).toEqual(["x", "Opaque", 2, "10m"]);
    expect(secret.fields["type"]?.(object)).toBe("Opaque");
  });
});

describe("ConfigMap", () => {
  test.each<[string, object, string[]]>([
    ["valid", { data: { a: "1" }, binaryData: { b: "AA==" } }, []],
    [
      "one key twice",
      { data: { a: "1" }, binaryData: { a: "AA==" } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [
      "too much",
      { data: { a: "é".repeat(600_000) } },
      ["data: Too long: may not be more than 1048576 bytes"],
    ],
  ])("%s", (_name, body, expected) => {
    expect(shown(configMap.validate(received(configMap, body)))).toEqual(expected);
  });

  test("sealed, and its line", () => {
    const old = stored(configMap, { immutable: true, data: { a: "1" }, binaryData: { b: "AA==" } });
    const draft = received(configMap, { immutable: true, data: { a: "2" }, binaryData: { b: "AA==" } });
    expect(shown(configMap.validateUpdate(draft, old))).toEqual([
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
    expect(configMap.row(old, now)).toEqual(["x", 2, "10m"]);
  });
});

describe("Node", () => {
  const taint = { key: "a", value: "b", effect: "NoSchedule" };

  test("creation keeps the status a kubelet registers with; what can be given out is all there is", () => {
    const object = stored(node, { status: { capacity: { cpu: "4" } } });
    expect(object.status).toEqual({ capacity: { cpu: "4" }, allocatable: { cpu: "4" } });
  });

  test.each<[string, object[], string[]]>([
    ["valid", [taint, { ...taint, effect: "NoExecute" }], []],
    [
      "one key and effect twice",
      [taint, { ...taint, value: "c" }],
      ['spec.taints[1]: Duplicate value: {"key":"a","value":"c","effect":"NoSchedule"}'],
    ],
    [
      "no such effect",
      [{ ...taint, effect: "Maybe" }],
      [
        'spec.taints[0].effect: Unsupported value: "Maybe": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
    ["no effect", [{ key: "a" }], ["spec.taints[0].effect: Required value"]],
  ])("taints: %s", (_name, taints, expected) => {
    expect(shown(node.validate(received(node, { spec: { taints } })))).toEqual(expected);
  });

  test("a pod network once given stays", () => {
    const old = stored(node, { spec: { podCIDR: "10.0.0.0/24" } });
    expect(shown(node.validateUpdate(received(node, { spec: { podCIDR: "10.0.1.0/24" } }), old))).toEqual([
      'spec.podCIDR: Forbidden: node updates may not change podCIDR except from "" to valid',
    ]);
    expect(node.validateUpdate(old, stored(node, {}))).toEqual([]);
  });

  test("its line", () => {
    const nodeInfo = {
      architecture: "amd64",
      bootID: "",
      containerRuntimeVersion: "process://0.1.0",
      kernelVersion: "6.1.0",
      kubeProxyVersion: "",
      kubeletVersion: "v1.36.0",
      machineID: "",
      operatingSystem: "linux",
      osImage: "Debian GNU/Linux 12",
      systemUUID: "",
    };
    const object = stored(node, {
      metadata: {
        name: "cp",
        labels: {
          "node-role.kubernetes.io/control-plane": "",
          "node-role.kubernetes.io/": "",
          "kubernetes.io/role": "a",
        },
      },
      spec: { unschedulable: true },
      status: {
        nodeInfo,
        conditions: [{ type: "Ready", status: "True" }],
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      },
    });
    expect(node.row(object, now)).toEqual([
      "cp",
      "Ready,SchedulingDisabled",
      "a,control-plane",
      "10m",
      "v1.36.0",
      "127.0.0.1",
      "<none>",
      "Debian GNU/Linux 12",
      "6.1.0",
      "process://0.1.0",
    ]);
    expect(node.fields["spec.unschedulable"]?.(object)).toBe("true");
  });

  test.each([
    ["Unknown", "NotReady"],
    ["False", "NotReady"],
    ["True", "Ready"],
    [undefined, "Unknown"],
  ])("Ready %s shows as %s", (status, expected) => {
    const conditions = status === undefined ? [] : [{ type: "Ready", status }];
    expect(node.row(stored(node, { status: { conditions } }), now)[1]).toBe(expected);
  });
});

describe("Namespace", () => {
  test("a new one is active, named by a label, and kept until it is empty", () => {
    expect(
      stored(namespace, { metadata: { name: "a", labels: { x: "y" } }, status: { phase: "Terminating" } }),
    ).toMatchObject({
      metadata: { labels: { x: "y", "kubernetes.io/metadata.name": "a" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
    expect(namespace.row(stored(namespace, {}), now)).toEqual(["x", "Active", "10m"]);
  });
});

describe("Event", () => {
  const about = { kind: "Pod", name: "p", namespace: "default" };
  const body = (more: object) => ({
    metadata: { name: "e", namespace: "default" },
    involvedObject: about,
    reason: "Started",
    type: "Normal",
    message: " Started container c\n",
    ...more,
  });

  test.each<[string, object, string[]]>([
    ["valid", {}, []],
    [
      "in another namespace",
      { involvedObject: { ...about, namespace: "other" } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    ["about a node", { involvedObject: { kind: "Node", name: "n" } }, []],
    [
      "the newer form says who and what",
      { eventTime: "2026-01-01T00:00:00.000000Z", reportingComponent: "kubelet" },
      ["reportingInstance: Required value", "action: Required value"],
    ],
  ])("%s", (_name, more, expected) => {
    expect(shown(event.validate(received(event, body(more))))).toEqual(expected);
  });

  test.each<[string, object, unknown[]]>([
    [
      "old form",
      {
        firstTimestamp: "2026-01-01T00:00:00Z",
        lastTimestamp: "2026-01-01T00:09:00Z",
        count: 4,
        source: { component: "kubelet", host: "n1" },
      },
      ["60s", "Normal", "Started", "pod/p", "", "kubelet, n1", "Started container c", "10m", 4, "e"],
    ],
    [
      "newer form",
      { eventTime: "2026-01-01T00:05:00.000000Z", reportingComponent: "scheduler", reportingInstance: "s-1" },
      ["5m", "Normal", "Started", "pod/p", "", "scheduler, s-1", "Started container c", "5m", 1, "e"],
    ],
    [
      "a series",
      {
        eventTime: "2026-01-01T00:00:00.000000Z",
        series: { count: 9, lastObservedTime: "2026-01-01T00:09:30.000000Z" },
      },
      ["30s", "Normal", "Started", "pod/p", "", "", "Started container c", "10m", 9, "e"],
    ],
  ])("its line: %s", (_name, more, expected) => {
    expect(event.row(stored(event, body(more)), now)).toEqual(expected);
  });

  test("fields to select by", () => {
    const object = stored(event, body({ source: { component: "kubelet" } }));
    expect(
      ["involvedObject.name", "involvedObject.kind", "reason", "type", "source"].map((name) =>
        event.fields[name]?.(object),
      ),
    ).toEqual(["p", "Pod", "Started", "Normal", "kubelet"]);
  });
});

test("ControllerRevision: data is mandatory and immutable", () => {
  expect(shown(controllerRevision.validate(received(controllerRevision, { revision: -1 })))).toEqual([
    "data: Required value: data is mandatory",
    "revision: Invalid value: -1: must be greater than or equal to 0",
  ]);
  const owner = { apiVersion: "apps/v1", kind: "DaemonSet", name: "rng", uid: "u", controller: true };
  const old = stored(controllerRevision, {
    metadata: { ownerReferences: [owner] },
    data: { a: 1 },
    revision: 3,
  });
  expect(shown(controllerRevision.validateUpdate({ ...old, data: { a: 2 } }, old))).toEqual([
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
  expect(controllerRevision.row(old, now)).toEqual(["x", "daemonset.apps/rng", 3, "10m"]);
});

test("Lease: its numbers make sense, and its line names the holder", () => {
  const spec = { leaseDurationSeconds: 0, leaseTransitions: -1, holderIdentity: "n1" };
  expect(shown(lease.validate(received(lease, { spec })))).toEqual([
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
  ]);
  expect(lease.row(stored(lease, { spec: { holderIdentity: "n1" } }), now)).toEqual(["x", "n1", "10m"]);
});

test("ServiceAccount: secrets are names", () => {
  const object = stored(serviceAccount, { secrets: [{ name: "a", namespace: "elsewhere", uid: "1" }] });
  expect(object.secrets).toEqual([{ name: "a" }]);
  expect(serviceAccount.row(object, now)).toEqual(["x", 1, "10m"]);
});

describe("PriorityClass", () => {
  test.each<[string, object, string[]]>([
    ["valid", { value: 5 }, []],
    [
      "too high",
      { value: 1_000_000_001 },
      ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
    ],
    ["a class of the system", { metadata: { name: "system-node-critical" }, value: 2_000_001_000 }, []],
    [
      "a name like the system's",
      { metadata: { name: "system-mine" }, value: 5 },
      [
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
      ],
    ],
  ])("%s", (_name, body, expected) => {
    expect(shown(priorityClass.validate(received(priorityClass, body)))).toEqual(expected);
  });

  test("its value stays, and its line", () => {
    const old = stored(priorityClass, { value: 5 });
    expect(shown(priorityClass.validateUpdate({ ...old, value: 6 }, old))).toEqual([
      "value: Forbidden: may not be changed in an update.",
    ]);
    expect(priorityClass.row(old, now)).toEqual(["x", 5, false, "10m", "PreemptLowerPriority"]);
  });
});
