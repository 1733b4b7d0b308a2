// Owns the proof that faults in a pod's containers are found, and worded as upstream words them (V.4).
import { describe, expect, test } from "vitest";
import type { PodSpec } from "../../generated/types.ts";
import { podBody, received, shown } from "../kinds.fixture.ts";
import { pod } from "../pod.ts";

const faultsOf = (spec: object): string[] =>
  shown(pod.validate(received(pod, podBody(spec as Partial<PodSpec>))));
const container = (more: object): object => ({ containers: [{ name: "c", image: "i:1", ...more }] });
const c0 = "spec.containers[0]";

const rows: [string, object, string[]][] = [
  ["valid", {}, []],
  [
    "a container's name",
    container({ name: "Big" }),
    [
      `${c0}.name: Invalid value: "Big": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  [
    "names twice, across init containers too",
    {
      containers: [
        { name: "a", image: "i:1" },
        { name: "a", image: "i:1" },
      ],
      initContainers: [{ name: "a", image: "i:1" }],
    },
    ['spec.containers[1].name: Duplicate value: "a"', 'spec.initContainers[0].name: Duplicate value: "a"'],
  ],
  [
    "image with blanks",
    container({ image: " i:1" }),
    [`${c0}.image: Invalid value: " i:1": must not have leading or trailing whitespace`],
  ],
  [
    "mount of an unknown volume",
    container({ volumeMounts: [{ name: "v", mountPath: "/x" }] }),
    [`${c0}.volumeMounts[0].name: Not found: "v"`],
  ],
  [
    "mounts at one path",
    {
      volumes: [{ name: "v", emptyDir: {} }],
      ...container({
        volumeMounts: [
          { name: "v", mountPath: "/x" },
          { name: "v", mountPath: "/x" },
        ],
      }),
    },
    [`${c0}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique`],
  ],
  [
    "sub path out of the volume",
    {
      volumes: [{ name: "v", emptyDir: {} }],
      ...container({ volumeMounts: [{ name: "v", mountPath: "/x", subPath: "../y" }] }),
    },
    [`${c0}.volumeMounts[0].subPath: Invalid value: "../y": must not contain '..'`],
  ],
  [
    "shared mounts without privilege",
    {
      volumes: [{ name: "v", emptyDir: {} }],
      ...container({ volumeMounts: [{ name: "v", mountPath: "/x", mountPropagation: "Bidirectional" }] }),
    },
    [
      `${c0}.volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
  ],
  [
    "ports out of range and of an unknown protocol",
    container({ ports: [{ containerPort: 70_000, hostPort: -1, protocol: "XTP" }] }),
    [
      `${c0}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
      `${c0}.ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive`,
      `${c0}.ports[0].protocol: Unsupported value: "XTP": supported values: "SCTP", "TCP", "UDP"`,
    ],
  ],
  [
    "port names",
    container({
      ports: [
        { containerPort: 1, name: "web" },
        { containerPort: 2, name: "web" },
        { containerPort: 3, name: "1" },
      ],
    }),
    [
      `${c0}.ports[1].name: Duplicate value: "web"`,
      `${c0}.ports[2].name: Invalid value: "1": must contain at least one letter (a-z)`,
    ],
  ],
  [
    "a host port twice in one pod",
    {
      containers: [
        { name: "a", image: "i:1", ports: [{ containerPort: 1, hostPort: 80 }] },
        { name: "b", image: "i:1", ports: [{ containerPort: 2, hostPort: 80 }] },
      ],
    },
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
  [
    "host port beside the host's network",
    { hostNetwork: true, ...container({ ports: [{ containerPort: 1, hostPort: 80 }] }) },
    [`${c0}.ports[0].hostPort: Invalid value: 80: must match \`containerPort\` when \`hostNetwork\` is true`],
  ],
  [
    "environment",
    container({
      env: [
        { name: "a=b", value: "1" },
        { name: "B", value: "1", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "C", valueFrom: { fieldRef: { fieldPath: "spec.color" } } },
        { name: "D", valueFrom: { secretKeyRef: { name: "s", key: "a/b" } } },
      ],
    }),
    [
      `${c0}.env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '=' (regex used for validation is '[ -<>-~]+')`,
      `${c0}.env[1].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
      `${c0}.env[2].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.color": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      `${c0}.env[3].valueFrom.secretKeyRef.key: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ],
  ],
  [
    "labels as environment are fine",
    container({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.labels['x/y']" } } }] }),
    [],
  ],
  [
    "resources",
    container({
      resources: {
        limits: { cpu: "1", "example.com/gpu": "2" },
        requests: { cpu: "2", "example.com/gpu": "1", foo: "1" },
      },
    }),
    [
      `${c0}.resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified`,
      `${c0}.resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers`,
      `${c0}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
      `${c0}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`,
    ],
  ],
  [
    "negative amounts",
    container({ resources: { requests: { memory: "-1Mi" } } }),
    [`${c0}.resources.requests[memory]: Invalid value: "-1Mi": must be greater than or equal to 0`],
  ],
  [
    "probes",
    container({
      livenessProbe: { exec: { command: [] }, successThreshold: 2 },
      readinessProbe: { httpGet: { port: 0 }, tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 },
      startupProbe: { initialDelaySeconds: -1 },
    }),
    [
      `${c0}.livenessProbe.exec.command: Required value`,
      `${c0}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
      `${c0}.readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
      `${c0}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
      `${c0}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`,
      `${c0}.startupProbe: Required value: must specify a handler type`,
      `${c0}.startupProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`,
    ],
  ],
  [
    "probes of init containers, but not of sidecars",
    {
      initContainers: [
        { name: "i", image: "i:1", readinessProbe: { tcpSocket: { port: 1 } } },
        { name: "s", image: "i:1", restartPolicy: "Always", readinessProbe: { tcpSocket: { port: 1 } } },
        { name: "o", image: "i:1", restartPolicy: "Never" },
      ],
    },
    [
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
      'spec.initContainers[2].restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ],
  [
    "restart policy of an ordinary container",
    container({ restartPolicy: "Always" }),
    [`${c0}.restartPolicy: Forbidden: may not be set for non-init containers`],
  ],
];

describe("faults", () => {
  test.each(rows)("%s", (_name, spec, expected) => {
    expect(faultsOf(spec)).toEqual(expected);
  });
});
