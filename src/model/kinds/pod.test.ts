// Owns the proof of a pod's defaults, what creation sets, its selectable fields and its line in a table.
import { describe, expect, test } from "vitest";
import { received, stored, podBody, podWith } from "./kinds.fixture.ts";
import { pod } from "./pod.ts";

const now = Date.UTC(2026, 0, 1, 0, 10, 0);

describe("defaults", () => {
  test("a minimal pod gets what upstream gives it", () => {
    expect(received(pod, podBody()).spec).toEqual({
      containers: [
        {
          name: "c",
          image: "busybox:1",
          imagePullPolicy: "IfNotPresent",
          resources: {},
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
        },
      ],
      dnsPolicy: "ClusterFirst",
      enableServiceLinks: true,
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
  });

  test.each([
    ["busybox", "Always"],
    ["busybox:latest", "Always"],
    ["registry:5000/a/busybox", "Always"],
    ["registry:5000/a/busybox:1.2", "IfNotPresent"],
    ["busybox@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "IfNotPresent"],
  ])("the pull policy of %s is %s", (image, policy) => {
    const draft = received(pod, podBody({ containers: [{ name: "c", image }] }));
    expect(draft.spec?.containers[0]?.imagePullPolicy).toBe(policy);
  });

  test("ports, probes, hooks and references are completed", () => {
    const container = {
      name: "c",
      image: "i:1",
      ports: [{ containerPort: 80 }],
      env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      livenessProbe: { httpGet: { port: 80 } },
      lifecycle: { preStop: { httpGet: { port: "web" } } },
      startupProbe: { grpc: { port: 1 } },
    };
    const [found] = received(pod, podBody({ containers: [container] })).spec?.containers ?? [];
    expect(found).toMatchObject({
      ports: [{ containerPort: 80, protocol: "TCP" }],
      env: [{ valueFrom: { fieldRef: { apiVersion: "v1" } } }],
      livenessProbe: {
        httpGet: { port: 80, path: "/", scheme: "HTTP" },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      lifecycle: { preStop: { httpGet: { path: "/", scheme: "HTTP" } } },
      startupProbe: { grpc: { port: 1, service: "" } },
    });
  });

  test("requests follow limits, and host ports container ports on the host's network", () => {
    const resources = { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } };
    const draft = received(
      pod,
      podBody({
        hostNetwork: true,
        containers: [{ name: "c", image: "i:1", resources, ports: [{ containerPort: 80 }] }],
      }),
    );
    expect(draft.spec?.containers[0]?.resources?.requests).toEqual({ cpu: "500m", memory: "1Gi" });
    expect(draft.spec?.containers[0]?.ports?.[0]?.hostPort).toBe(80);
  });

  test("volumes get their modes, and one without a source is an emptyDir", () => {
    const volumes = [
      { name: "a" },
      { name: "b", configMap: { name: "m" } },
      { name: "c", secret: { secretName: "s" } },
      { name: "d", hostPath: { path: "/x" } },
      { name: "e", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      { name: "f", downwardAPI: { items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels" } }] } },
    ];
    expect(received(pod, podBody({ volumes })).spec?.volumes).toEqual([
      { name: "a", emptyDir: {} },
      { name: "b", configMap: { name: "m", defaultMode: 420 } },
      { name: "c", secret: { secretName: "s", defaultMode: 420 } },
      { name: "d", hostPath: { path: "/x", type: "" } },
      {
        name: "e",
        projected: {
          defaultMode: 420,
          sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }],
        },
      },
      {
        name: "f",
        downwardAPI: {
          defaultMode: 420,
          items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels", apiVersion: "v1" } }],
        },
      },
    ]);
  });

  test("the old name of the service account stands for the new one", () => {
    const draft = received(pod, podBody({ serviceAccount: "agent" }));
    expect(draft.spec).toMatchObject({ serviceAccount: "agent", serviceAccountName: "agent" });
  });

  test("giving defaults twice changes nothing more", () => {
    const once = received(pod, podBody({ volumes: [{ name: "a" }] }));
    expect(received(pod, once)).toEqual(once);
  });
});

test("creation starts from Pending, whatever status was sent", () => {
  const body = { ...(podBody() as object), status: { phase: "Running", podIP: "10.0.0.1" } };
  expect(stored(pod, body).status).toEqual({ phase: "Pending", qosClass: "BestEffort" });
});

describe("grace at deletion", () => {
  test.each([
    ["bound and running", { nodeName: "n", terminationGracePeriodSeconds: 7 }, { phase: "Running" }, 7],
    ["30 where nothing is said", { nodeName: "n" }, { phase: "Running" }, 30],
    ["never bound", { terminationGracePeriodSeconds: 7 }, { phase: "Pending" }, 0],
    ["already ended", { nodeName: "n", terminationGracePeriodSeconds: 7 }, { phase: "Failed" }, 0],
    ["negative means one", { nodeName: "n", terminationGracePeriodSeconds: -5 }, { phase: "Running" }, 1],
  ])("%s", (_name, spec, status, expected) => {
    expect(pod.graceSeconds?.(podWith({ spec, status }))).toBe(expected);
  });
});

test("fields to select by", () => {
  const object = podWith({
    spec: { nodeName: "n1", restartPolicy: "Never", hostNetwork: true, schedulerName: "s" },
    status: { phase: "Running", podIP: "10.0.0.1" },
  });
  const read = Object.fromEntries(Object.entries(pod.fields).map(([name, field]) => [name, field(object)]));
  expect(read).toEqual({
    "spec.nodeName": "n1",
    "spec.restartPolicy": "Never",
    "spec.schedulerName": "s",
    "spec.serviceAccountName": "",
    "spec.hostNetwork": "true",
    "status.phase": "Running",
    "status.podIP": "10.0.0.1",
    "status.podIPs": "",
    "status.nominatedNodeName": "",
  });
});

describe("its line in a table", () => {
  test("wide", () => {
    const object = podWith({
      spec: { nodeName: "n1", readinessGates: [{ conditionType: "x/y" }, { conditionType: "z" }] },
      status: {
        phase: "Running",
        podIPs: [{ ip: "10.0.0.1" }],
        conditions: [{ type: "x/y", status: "True" }],
        containerStatuses: [
          {
            name: "c",
            ready: true,
            restartCount: 3,
            state: { running: {} },
            lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:08:00Z" } },
          },
        ],
      },
    });
    expect(pod.columns.map((column) => column.name)).toEqual([
      "Name",
      "Ready",
      "Status",
      "Restarts",
      "Age",
      "IP",
      "Node",
      "Nominated Node",
      "Readiness Gates",
    ]);
    expect(pod.row(object, now)).toEqual([
      "a",
      "1/1",
      "Running",
      "3 (2m ago)",
      "10m",
      "10.0.0.1",
      "n1",
      "<none>",
      "1/2",
    ]);
  });

  test("a new pod has next to nothing to show", () => {
    expect(pod.row(podWith({ status: { phase: "Pending" } }), now)).toEqual([
      "a",
      "0/1",
      "Pending",
      "0",
      "10m",
      "<none>",
      "<none>",
      "<none>",
      "<none>",
    ]);
  });
});
