// Owns the conformance of what a server accepts: fields it knows, values that make sense, every fault told at once; old versions, protobuf.
import { describe, expect, it } from "vitest";
import { enveloped, writeMessage } from "../../../../src/apiserver/http/protobuf-write.fixture.ts";
import { configMap, daemonSet, pod, types, useSite, type Loose } from "./server.ts";

const site = useSite();

describe("fields that are none, or stand twice", () => {
  const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME","lables":{}},"data":{"a":"1","a":"2"},"replicas":3}`;
  const query = (fieldValidation: string) => ({ query: { fieldValidation, dryRun: "All" } });

  it("are refused together under Strict", async (context) => {
    site().since(25, "fieldValidation", context);
    const refused = await site().ask("POST", "configmaps", text.replace("NAME", "x"), query("Strict"));
    expect([refused.code, refused.json.reason]).toEqual([400, "BadRequest"]);
    for (const part of [
      'unknown field "metadata.lables"',
      'unknown field "replicas"',
      'duplicate field "data.a"',
    ])
      expect(refused.json.message).toContain(part);
  });

  it("are warned of under Warn, and dropped", async (context) => {
    site().since(25, "fieldValidation", context);
    const made = await site().ask("POST", "configmaps", text.replace("NAME", "x"), query("Warn"));
    expect([made.code, made.json.data, made.json.replicas]).toEqual([201, { a: "2" }, undefined]);
    expect(made.warnings).toHaveLength(3);
  });

  it("are dropped in silence under Ignore", async () => {
    const made = await site().ask("POST", "configmaps", text.replace("NAME", "x"), query("Ignore"));
    expect([made.code, made.warnings]).toEqual([201, []]);
  });

  it("are named by where they stand", async (context) => {
    site().since(25, "fieldValidation", context);
    const set = daemonSet(
      "typo",
      {},
      { imagepullpolicy: "Always", ports: [{ containerPort: 80, nam: "x" }] },
    );
    const refused = await site().ask("POST", "daemonsets", set, query("Strict"));
    expect(refused.json.message).toContain(
      'unknown field "spec.template.spec.containers[0].imagepullpolicy"',
    );
    expect(refused.json.message).toContain('unknown field "spec.template.spec.containers[0].ports[0].nam"');
  });

  it("of a Deployment are none of a DaemonSet", async (context) => {
    site().since(25, "fieldValidation", context);
    const more = { replicas: 1, progressDeadlineSeconds: 600, strategy: { rollingUpdate: { maxSurge: 1 } } };
    const refused = await site().ask("POST", "daemonsets", daemonSet("rng", more), query("Strict"));
    for (const field of Object.keys(more))
      expect(refused.json.message).toContain(`unknown field "spec.${field}"`);
    const made = await site().ask("POST", "daemonsets", daemonSet("rng", more), query("Ignore"));
    expect([made.code, made.json.spec]).toEqual([201, expect.not.objectContaining({ replicas: 1 })]);
  });
});

/** What is wrong with a body, and where the server must say so. */
type Fault = readonly [name: string, what: string, body: object, fields: readonly string[]];
const container = (more: object) => pod("x", { containers: [{ name: "main", image: "a", ...more }] });

const faults: readonly Fault[] = [
  ["names", "configmaps", configMap("UPPER_case"), ["metadata.name"]],
  ["labels", "configmaps", configMap("x", {}, { labels: { "a b": "c", d: "-" } }), ["metadata.labels"]],
  [
    "annotations' size",
    "configmaps",
    configMap("x", {}, { annotations: { a: "x".repeat(300_000) } }),
    ["metadata.annotations"],
  ],
  [
    "owners",
    "configmaps",
    configMap("x", {}, { ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "" }] }),
    [
      "metadata.ownerReferences.apiVersion",
      "metadata.ownerReferences.kind",
      "metadata.ownerReferences.name",
      "metadata.ownerReferences.uid",
    ],
  ],
  [
    "an owner of no version",
    "configmaps",
    configMap("x", {}, { ownerReferences: [{ apiVersion: "a/b/c", kind: "X", name: "x", uid: "u" }] }),
    ["metadata.ownerReferences.apiVersion"],
  ],
  [
    "an event for an owner",
    "configmaps",
    configMap("x", {}, { ownerReferences: [{ apiVersion: "v1", kind: "Event", name: "x", uid: "u" }] }),
    ["metadata.ownerReferences"],
  ],
  ["finalizers", "configmaps", configMap("x", {}, { finalizers: ["plain"] }), ["metadata.finalizers[0]"]],
  ["keys", "configmaps", configMap("x", { "a/b": "c" }), ["data[a/b]"]],
  ["size", "configmaps", configMap("x", { a: "x".repeat(1_100_000) }), []],
  ["no containers", "pods", pod("x", { containers: [] }), ["spec.containers"]],
  [
    "containers' names and images",
    "pods",
    pod("x", {
      containers: [
        { name: "A", image: "" },
        { name: "A", image: "b" },
      ],
    }),
    ["spec.containers[0].name", "spec.containers[0].image"],
  ],
  [
    "two of one name",
    "pods",
    pod("x", {
      containers: [
        { name: "a", image: "a" },
        { name: "a", image: "b" },
      ],
    }),
    ["spec.containers[1].name"],
  ],
  [
    "ports",
    "pods",
    container({
      ports: [{ containerPort: 0 }, { containerPort: 70_000 }, { containerPort: 80, protocol: "ICMP" }],
    }),
    [
      "spec.containers[0].ports[0].containerPort",
      "spec.containers[0].ports[1].containerPort",
      "spec.containers[0].ports[2].protocol",
    ],
  ],
  [
    "environment",
    "pods",
    container({
      env: [{ name: "" }, { name: "A", value: "x", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    }),
    ["spec.containers[0].env[0].name", "spec.containers[0].env[1].valueFrom"],
  ],
  [
    "resources",
    "pods",
    container({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
    ["spec.containers[0].resources.requests"],
  ],
  [
    "huge pages alone",
    "pods",
    container({ resources: { limits: { "hugepages-2Mi": "4Mi" } } }),
    ["spec.containers[0].resources"],
  ],
  [
    "a seccomp profile from elsewhere",
    "pods",
    container({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "../x" } } }),
    ["spec.containers[0].securityContext.seccompProfile.localhostProfile"],
  ],
  [
    "a mirror of no node",
    "pods",
    pod("x", {}, { annotations: { "kubernetes.io/config.mirror": "x" } }),
    ["metadata.annotations[kubernetes.io/config.mirror]"],
  ],
  [
    "probes",
    "pods",
    container({ livenessProbe: { httpGet: { port: 0 }, periodSeconds: -1 } }),
    ["spec.containers[0].livenessProbe.httpGet.port", "spec.containers[0].livenessProbe.periodSeconds"],
  ],
  [
    "mounts of nothing",
    "pods",
    container({ volumeMounts: [{ name: "none", mountPath: "" }] }),
    ["spec.containers[0].volumeMounts[0].name", "spec.containers[0].volumeMounts[0].mountPath"],
  ],
  [
    "volumes",
    "pods",
    pod("x", {
      volumes: [
        { name: "v", emptyDir: {}, hostPath: { path: "/" } },
        { name: "w", hostPath: { path: "../x" } },
      ],
    }),
    ["spec.volumes[0].hostPath", "spec.volumes[1].hostPath.path"],
  ],
  [
    "policies",
    "pods",
    pod("x", { restartPolicy: "Sometimes", dnsPolicy: "Random" }),
    ["spec.restartPolicy", "spec.dnsPolicy"],
  ],
  [
    "tolerations",
    "pods",
    pod("x", { tolerations: [{ operator: "Exists", value: "x", key: "k" }] }),
    ["spec.tolerations[0].operator"],
  ],
  [
    "affinity",
    "pods",
    pod("x", {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    }),
    ["spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"],
  ],
  [
    "a selector of other pods",
    "daemonsets",
    daemonSet("x", { selector: { matchLabels: { app: "other" } } }),
    ["spec.template.metadata.labels"],
  ],
  ["a selector of all pods", "daemonsets", daemonSet("x", { selector: {} }), ["spec.selector"]],
  [
    "no rolling at all",
    "daemonsets",
    daemonSet("x", {
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } },
    }),
    ["spec.updateStrategy.rollingUpdate.maxUnavailable"],
  ],
  [
    "more than all at once",
    "daemonsets",
    daemonSet("x", { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "120%" } } }),
    ["spec.updateStrategy.rollingUpdate.maxUnavailable"],
  ],
  [
    "leases",
    "leases",
    { metadata: { name: "x" }, spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
    ["spec.leaseDurationSeconds", "spec.leaseTransitions"],
  ],
  [
    "node taints",
    "/api/v1/nodes",
    {
      metadata: { name: "conformance-x" },
      spec: {
        taints: [
          { key: "a b", effect: "NoSchedule" },
          { key: "k", effect: "Sometimes" },
        ],
      },
    },
    ["spec.taints[0].key", "spec.taints[1].effect"],
  ],
  [
    "reserved priorities",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    { metadata: { name: "system-x" }, value: 5 },
    ["metadata.name"],
  ],
];

describe("values", () => {
  it.each(faults)("are told of: %s", async (_name, what, body, fields) => {
    const refused = await site().ask("POST", what, body, { query: { dryRun: "All" } });
    expect([refused.code, refused.json.reason], refused.text).toEqual([422, "Invalid"]);
    const told = refused.json.details.causes.map(({ field = "" }: { field?: string }) =>
      // Where upstream looks for a node's taints is not where they are.
      field.replace(/^metadata\.taints/, "spec.taints"),
    );
    expect(told).toEqual(expect.arrayContaining([...fields]));
  });

  it.each([
    ["a number for text", configMap("x", { a: 1 as unknown as string })],
    ["text for a number", pod("x", { terminationGracePeriodSeconds: "soon" })],
    ["a list for an object", { ...configMap("x"), metadata: [] }],
    ["a quantity that is none", container({ resources: { limits: { cpu: "lots" } } })],
    ["a time that is none", pod("x", {}, { name: "x", deletionTimestamp: "yesterday" })],
  ])("of another type are not read: %s", async (_name, body) => {
    const what = body.kind === "Pod" ? "pods" : "configmaps";
    expect((await site().ask("POST", what, body, { query: { dryRun: "All" } })).code).toBe(400);
  });
});

describe("size", () => {
  it("of a request is bounded", async () => {
    const refused = await site().ask("POST", "secrets", {
      metadata: { name: "x" },
      stringData: { a: "x".repeat(4_000_000) },
    });
    expect([refused.code, refused.json.reason]).toEqual([413, "RequestEntityTooLarge"]);
  });

  it("of what has no place is not asked", async () => {
    const refused = await site().ask("POST", "/apis/nonsense.example.com/v1/things", "x".repeat(4_000_000));
    expect(refused.code).toBe(404);
  });

  it("of headers is bounded", async () => {
    const { code } = await site()
      .ask("GET", "configmaps", undefined, { headers: { "x-long": "x".repeat(2_000_000) } })
      .catch(() => ({ code: 431 }));
    expect(code).toBe(431);
  });
});

describe("protobuf bodies", () => {
  const proto = (apiVersion: string, kind: string, object: Loose) =>
    enveloped(apiVersion, kind, writeMessage(kind, object));
  const more = { type: types.protobuf };

  it.each([
    ["configmaps", "v1", "ConfigMap", configMap("proto", { a: "ü" })],
    [
      "pods",
      "v1",
      "Pod",
      pod("proto", { terminationGracePeriodSeconds: 5, tolerations: [{ operator: "Exists" }] }),
    ],
    ["daemonsets", "apps/v1", "DaemonSet", daemonSet("proto", { minReadySeconds: 2 })],
    [
      "secrets",
      "v1",
      "Secret",
      { apiVersion: "v1", kind: "Secret", metadata: { name: "proto" }, data: { a: "AAEC" } },
    ],
  ])("of %s are what their JSON is", async (what, version, kind, object) => {
    const query = { dryRun: "All" };
    const left = await site().must("POST", what, proto(version, kind, object), { ...more, query });
    const right = await site().must("POST", what, object, { query });
    const bare = ({ metadata, ...rest }: Loose) => ({
      ...rest,
      name: metadata.name,
      fields: metadata.managedFields[0].fieldsV1,
    });
    expect(bare(left)).toEqual(bare(right));
  });

  it("replace and delete", async () => {
    await site().must("POST", "configmaps", proto("v1", "ConfigMap", configMap("proto")), more);
    const put = await site().must(
      "PUT",
      "configmaps/proto",
      proto("v1", "ConfigMap", configMap("proto", { b: "2" })),
      more,
    );
    expect(put.data).toEqual({ b: "2" });
    const options = proto("v1", "DeleteOptions", { preconditions: { uid: put.metadata.uid } });
    await site().must("DELETE", "configmaps/proto", options, more);
  });

  it.each([
    ["no envelope", Buffer.from("{}")],
    ["an envelope of nothing", Buffer.from("k8s\0")],
    ["cut short", proto("v1", "ConfigMap", configMap("proto")).subarray(0, 30)],
  ])("are refused: %s", async (_name, body) => {
    expect((await site().ask("POST", "configmaps", body, more)).code).toBe(400);
  });
});

// Upstream stopped to serve these; a server that still knows them serves them so.
describe("old versions", () => {
  it.each([
    ["extensions/v1beta1", "/apis/extensions/v1beta1"],
    ["apps/v1beta2", "/apis/apps/v1beta2"],
  ])("%s", async (apiVersion, root) => {
    const { selector: _selector, ...spec } = daemonSet("old").spec;
    const path = `${root}/namespaces/${site().namespace}/daemonsets`;
    if ((await site().ask("GET", path)).code === 404) return;
    const made = await site().ask("POST", path, {
      apiVersion,
      kind: "DaemonSet",
      metadata: { name: "old" },
      spec,
    });
    expect([made.code, made.json.apiVersion, made.json.spec.selector]).toEqual([
      201,
      apiVersion,
      { matchLabels: { app: "old" } },
    ]);
    expect(made.warnings[0]).toContain(`${apiVersion} DaemonSet is deprecated`);
    expect((await site().must("GET", "daemonsets/old")).apiVersion).toBe("apps/v1");
    await site().must("DELETE", "daemonsets/old");
  });
});
