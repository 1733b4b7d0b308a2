// Owns the proof that faults in a pod are found, all at once, and worded as upstream words them (V.4).
import { describe, expect, test } from "vitest";
import type { PodSpec } from "../../generated/types.ts";
import { podBody, received, shown } from "../kinds.fixture.ts";
import { pod } from "../pod.ts";

const faultsOf = (spec: object): string[] =>
  shown(pod.validate(received(pod, podBody(spec as Partial<PodSpec>))));
const container = (more: object): object => ({ containers: [{ name: "c", image: "i:1", ...more }] });
const c0 = "spec.containers[0]";

test("a body with nothing in it is refused field by field, and nothing throws", () => {
  const draft = received(pod, { kind: "Pod" });
  expect(shown(pod.validate(draft))).toEqual(["spec.containers: Required value"]);
  expect(faultsOf({ containers: [{}] })).toEqual([
    `${c0}.name: Required value`,
    `${c0}.image: Required value`,
  ]);
});

test("empty parts everywhere are faults, never crashes", () => {
  const spec = {
    containers: [
      {
        env: [
          {},
          { name: "A", valueFrom: {} },
          { name: "B", valueFrom: { configMapKeyRef: {}, secretKeyRef: {} } },
        ],
        envFrom: [{}, { configMapRef: {} }],
        ports: [{}],
        volumeMounts: [{}],
        volumeDevices: [{}],
        livenessProbe: {},
        readinessProbe: { httpGet: { httpHeaders: [{}] } },
        lifecycle: { preStop: {}, postStart: { sleep: {} } },
        securityContext: { seccompProfile: {}, appArmorProfile: {} },
        resources: { limits: { "": "1" } },
      },
    ],
    initContainers: [{}],
    ephemeralContainers: [{}],
    volumes: [
      {},
      { name: "v", projected: { sources: [{}, { secret: {}, configMap: {} }] } },
      { downwardAPI: { items: [{}] } },
    ],
    tolerations: [{}],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{}], matchFields: [{}] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [{}],
      },
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchExpressions: [{}] } }],
        preferredDuringSchedulingIgnoredDuringExecution: [{}],
      },
    },
    topologySpreadConstraints: [{}],
    securityContext: { sysctls: [{}], seccompProfile: {} },
    hostAliases: [{}],
    dnsConfig: { options: [{}], nameservers: [""], searches: [""] },
    readinessGates: [{}],
    schedulingGates: [{}],
    imagePullSecrets: [{}],
    os: {},
  };
  const faults = faultsOf(spec);
  expect(faults.length).toBeGreaterThan(40);
  expect(faults.every((fault) => /^spec\.[\w.[\]]+: \S/.test(fault))).toBe(true);
});

const rows: [string, object, string[]][] = [
  [
    "volumes",
    {
      volumes: [
        { name: "v", emptyDir: {}, hostPath: { path: "/x" } },
        { name: "v", emptyDir: {} },
        { name: "w", hostPath: { path: "/a/../b", type: "Pipe" } },
        { name: "x", secret: { items: [{ key: "k", path: "/abs", mode: 4096 }] } },
        { name: "y", configMap: { name: "m", items: [{ key: "k", path: "..data" }] } },
      ],
    },
    [
      "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
      'spec.volumes[1].name: Duplicate value: "v"',
      "spec.volumes[2].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
      'spec.volumes[2].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      "spec.volumes[3].secret.secretName: Required value",
      'spec.volumes[3].secret.items[0].path: Invalid value: "/abs": must be a relative path',
      "spec.volumes[3].secret.items[0].mode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive",
      "spec.volumes[4].configMap.items[0].path: Invalid value: \"..data\": must not start with '..'",
    ],
  ],
  [
    "tolerations",
    {
      tolerations: [
        { operator: "Equal" },
        { key: "a", operator: "Exists", value: "x" },
        { key: "a", operator: "Like" },
        { key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 1 },
        { key: "a", operator: "Exists", effect: "Never" },
        { operator: "Exists" },
      ],
    },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      "spec.tolerations[1].operator: Invalid value: \"x\": value must be empty when `operator` is 'Exists'",
      'spec.tolerations[2].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
      "spec.tolerations[3].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
      'spec.tolerations[4].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    "node affinity",
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "a", operator: "In" },
                  { key: "a", operator: "Exists", values: ["x"] },
                  { key: "a", operator: "Gt", values: ["1", "2"] },
                  { key: "a", operator: "Near" },
                ],
                matchFields: [
                  { key: "metadata.name", operator: "In", values: ["a", "b"] },
                  { key: "metadata.uid", operator: "In", values: ["a"] },
                ],
              },
            ],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: {} }],
        },
      },
    },
    [
      "matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      "matchExpressions[2].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      'matchExpressions[3].operator: Invalid value: "Near": not a valid selector operator',
      "matchFields[0].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      'matchFields[1].key: Invalid value: "metadata.uid": not a valid field selector key',
    ]
      .map(
        (fault) =>
          `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].${fault}`,
      )
      .concat(
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100",
      ),
  ],
  [
    "an affinity to no term at all",
    {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    },
    [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term",
    ],
  ],
  [
    "pod affinity",
    {
      affinity: {
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "" }] },
      },
    },
    [
      "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty",
    ],
  ],
  [
    "choices and ranges",
    { restartPolicy: "Sometimes", dnsPolicy: "Mine", activeDeadlineSeconds: 0, preemptionPolicy: "Maybe" },
    [
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
      'spec.preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
    ],
  ],
  [
    "security",
    {
      hostUsers: false,
      hostNetwork: true,
      securityContext: {
        runAsUser: -1,
        sysctls: [
          { name: "a", value: "1" },
          { name: "a", value: "1" },
        ],
      },
      ...container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    },
    [
      `${c0}.securityContext.allowPrivilegeEscalation: Invalid value: false: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
      "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
      'spec.securityContext.sysctls[1].name: Duplicate value: "a"',
      "spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false",
    ],
  ],
  [
    "names of other things",
    { nodeName: "A_b", hostname: "a.b", hostAliases: [{ ip: "300.1.1.1", hostnames: ["ok"] }] },
    [
      "spec.nodeName: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.hostname: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.hostAliases[0].ip: Invalid value: "300.1.1.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    "own name servers",
    { dnsPolicy: "None" },
    ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
  ],
  [
    "a token without a service account",
    {
      volumes: [
        { name: "t", projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 5 } }] } },
      ],
    },
    [
      "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
      "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set",
    ],
  ],
  [
    "debug containers keep to themselves",
    {
      ephemeralContainers: [
        { name: "d", image: "i:1", targetContainerName: "nobody", ports: [{ containerPort: 1 }] },
      ],
    },
    [
      'spec.ephemeralContainers[0].targetContainerName: Not found: "nobody"',
      "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
    ],
  ],
  [
    "gates on a bound pod",
    { nodeName: "n", schedulingGates: [{ name: "g" }] },
    ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
  ],
  [
    "topology spread",
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "zone", whenUnsatisfiable: "Shrug" }] },
    [
      "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Shrug": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
];

describe("faults", () => {
  test.each(rows)("%s", (_name, spec, expected) => {
    expect(faultsOf(spec)).toEqual(expected);
  });
});
