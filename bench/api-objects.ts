// Owns the objects that bench/api sends, as controllers and kubelets send them.

export const namespace = "bench";

export const table = {
  namespace: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }),
} as const;

const filling = "x".repeat(800);

/** About 1 KB. */
export const configMap = (name: string, labels: Record<string, string> = { app: "bench" }): string =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { filling } });

const tolerations = [
  "not-ready:NoExecute",
  "unreachable:NoExecute",
  "disk-pressure:NoSchedule",
  "memory-pressure:NoSchedule",
  "pid-pressure:NoSchedule",
  "unschedulable:NoSchedule",
].map((taint) => {
  const [key = "", effect] = taint.split(":");
  return { key: `node.kubernetes.io/${key}`, operator: "Exists", effect };
});

/** A daemon pod. */
export const pod = (name: string, nodeName: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: { app: "bench", "controller-revision-hash": "5d7c9f6b4f", "pod-template-generation": "1" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "DaemonSet",
          name: "bench-agent",
          uid: "f3c8a2f0-6f3c-4b53-9d5e-8d1f5e1f2a3b",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeName,
      containers: [
        { name: "agent", image: "agent:1", resources: { requests: { cpu: "10m", memory: "16Mi" } } },
      ],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] },
            ],
          },
        },
      },
      tolerations,
    },
  });

const time = (at: number): string => new Date(1.7e12 + at * 1000).toISOString().replace(/\.\d+Z/, "Z");

/** What a kubelet patches a pod's status with; each differs from the last. */
export function podStatus(at: number): string {
  const conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
  return JSON.stringify({
    status: {
      phase: "Running",
      startTime: time(0),
      hostIP: "127.0.0.1",
      podIP: "10.1.2.3",
      podIPs: [{ ip: "10.1.2.3" }],
      conditions: conditions.map((type) => ({ type, status: "True", lastTransitionTime: time(at) })),
      containerStatuses: [
        {
          name: "agent",
          image: "agent:1",
          imageID: "agent:1",
          containerID: `bench://${at}`,
          ready: true,
          started: true,
          restartCount: at % 3,
          state: { running: { startedAt: time(at) } },
        },
      ],
    },
  });
}

export const lease = (name: string): string =>
  JSON.stringify({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      ownerReferences: [
        { apiVersion: "v1", kind: "Node", name, uid: "f3c8a2f0-6f3c-4b53-9d5e-8d1f5e1f2a3b" },
      ],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: "2026-01-01T00:00:00.000000Z" },
  });

export const event = (name: string, at: number): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name },
    involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name: `pod-${at % 5000}` },
    reason: "Started",
    message: "Started container agent",
    type: "Normal",
    source: { component: "kubelet", host: `node-${at % 5000}` },
    firstTimestamp: time(at),
    lastTimestamp: time(at),
    count: 1,
    reportingComponent: "kubelet",
    reportingInstance: `node-${at % 5000}`,
  });
