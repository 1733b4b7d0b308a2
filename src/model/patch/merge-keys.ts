// Owns the facts on lists that the schemas lack: how a strategic merge patch joins them.
// Source: the patchStrategy and patchMergeKey tags of the Kubernetes API types.

export interface MergeRule {
  /** Absent for lists of plain values, which are joined as sets. */
  readonly key?: string;
  readonly strategy: "merge" | "retainKeys" | "merge,retainKeys";
}

const by = (key: string): MergeRule => ({ key, strategy: "merge" });
const asSet: MergeRule = { strategy: "merge" };
const conditions = { conditions: by("type") };

const containerLists = {
  ports: by("containerPort"),
  env: by("name"),
  volumeMounts: by("mountPath"),
  volumeDevices: by("devicePath"),
};

const rules: Readonly<Record<string, Readonly<Record<string, MergeRule>>>> = {
  ObjectMeta: { ownerReferences: by("uid"), finalizers: asSet },
  PodSpec: {
    volumes: { key: "name", strategy: "merge,retainKeys" },
    containers: by("name"),
    initContainers: by("name"),
    ephemeralContainers: by("name"),
    imagePullSecrets: by("name"),
    hostAliases: by("ip"),
    topologySpreadConstraints: by("topologyKey"),
    schedulingGates: by("name"),
    resourceClaims: { key: "name", strategy: "merge,retainKeys" },
  },
  Container: containerLists,
  EphemeralContainer: containerLists,
  PodStatus: {
    ...conditions,
    podIPs: by("ip"),
    hostIPs: by("ip"),
    resourceClaimStatuses: { key: "name", strategy: "merge,retainKeys" },
  },
  NodeSpec: { podCIDRs: asSet },
  NodeStatus: { ...conditions, addresses: by("type") },
  NamespaceStatus: conditions,
  ServiceSpec: { ports: by("port") },
  ServiceStatus: conditions,
  ServiceAccount: { secrets: by("name") },
  DaemonSetStatus: conditions,
  DeploymentSpec: { strategy: { strategy: "retainKeys" } },
  DeploymentStatus: conditions,
  ReplicaSetStatus: conditions,
  StatefulSetStatus: conditions,
  ReplicationControllerStatus: conditions,
  JobStatus: conditions,
  PodDisruptionBudgetStatus: conditions,
  PersistentVolumeClaimStatus: conditions,
  HorizontalPodAutoscalerStatus: conditions,
};

/** The rule for a field, or undefined where the patch's value replaces the old one (lists) or merges (maps). */
export function mergeRuleOf(schema: string | undefined, field: string): MergeRule | undefined {
  const fields = schema === undefined ? undefined : rules[schema];
  // Names come from outside: `toString` is no rule.
  return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
}
