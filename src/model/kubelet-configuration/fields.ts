// Owns which fields a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) has, of what type, and which are gone by here.

export type FieldType =
  | { readonly is: "text" }
  | { readonly is: "flag" }
  | { readonly is: "duration"; readonly least: number }
  | { readonly is: "number"; readonly least: number; readonly most: number }
  | { readonly is: "texts" }
  | { readonly is: "headers" }
  | { readonly is: "taints" }
  | { readonly is: "quantity" }
  /** By resource. */
  | { readonly is: "quantities" }
  /** By eviction signal: quantities or percentages. */
  | { readonly is: "thresholds" }
  /** By eviction signal: lengths of time. */
  | { readonly is: "graces" }
  | { readonly is: "shutdowns" }
  | { readonly is: "group"; readonly fields: Readonly<Record<string, FieldType>> }
  | { readonly is: "object" }
  | { readonly is: "objects" };

const text: FieldType = { is: "text" };
const port: FieldType = { is: "number", least: 0, most: 65_535 };
const length: FieldType = { is: "duration", least: 0 };
const period: FieldType = { is: "duration", least: 1 };

const group = (fields: Readonly<Record<string, FieldType>>): FieldType => ({ is: "group", fields });

/** What this kubelet goes by. */
export const honoured = {
  staticPodPath: text,
  staticPodURL: text,
  staticPodURLHeader: { is: "headers" },
  fileCheckFrequency: period,
  httpCheckFrequency: period,
  address: text,
  port,
  readOnlyPort: port,
  podLogsDir: text,
  maxPods: { is: "number", least: 1, most: 2_147_483_647 },
  nodeStatusUpdateFrequency: period,
  registerWithTaints: { is: "taints" },
  containerRuntimeEndpoint: text,
  containerLogMaxSize: { is: "quantity" },
  containerLogMaxFiles: { is: "number", least: 2, most: 2_147_483_647 },
  containerLogMonitorInterval: period,
  shutdownGracePeriod: length,
  shutdownGracePeriodCriticalPods: length,
  shutdownGracePeriodByPodPriority: { is: "shutdowns" },
  evictionHard: { is: "thresholds" },
  evictionSoft: { is: "thresholds" },
  evictionSoftGracePeriod: { is: "graces" },
  evictionMinimumReclaim: { is: "thresholds" },
  evictionPressureTransitionPeriod: length,
  evictionMaxPodGracePeriod: { is: "number", least: 0, most: 2_147_483_647 },
  mergeDefaultEvictionSettings: { is: "flag" },
  systemReserved: { is: "quantities" },
  kubeReserved: { is: "quantities" },
  streamingConnectionIdleTimeout: period,
  authentication: group({
    anonymous: group({ enabled: { is: "flag" } }),
    webhook: group({ enabled: { is: "flag" }, cacheTTL: length }),
    x509: group({ clientCAFile: text }),
  }),
  authorization: group({
    mode: text,
    webhook: group({ cacheAuthorizedTTL: length, cacheUnauthorizedTTL: length }),
  }),
} as const satisfies Record<string, FieldType>;

const of = (type: FieldType, names: string): [string, FieldType][] =>
  names.split(/\s+/).map((name) => [name, type]);

/** What upstream has and this kubelet only reads: named in a warning where it is set. */
export const ignored: ReadonlyMap<string, FieldType> = new Map([
  ...of(
    { is: "flag" },
    `enableServer enableContentionProfiling enableDebuggingHandlers enableDebugFlagsHandler enableProfilingHandler
     enableSystemLogHandler enableSystemLogQuery enableControllerAttachDetach cgroupsPerQOS protectKernelDefaults
     makeIPTablesUtilChains cpuCFSQuota serializeImagePulls rotateCertificates serverTLSBootstrap failSwapOn
     registerNode localStorageCapacityIsolation seccompDefault singleProcessOOMKill failCgroupV1`,
  ),
  ...of(
    { is: "duration", least: 0 },
    `syncFrequency nodeStatusReportFrequency imageMinimumGCAge imageMaximumGCAge
     volumeStatsAggPeriod cpuManagerReconcilePeriod runtimeRequestTimeout cpuCFSQuotaPeriod`,
  ),
  ...of(
    { is: "number", least: -2_147_483_648, most: 2_147_483_647 },
    `registryPullQPS registryBurst maxParallelImagePulls eventRecordQPS eventBurst healthzPort oomScoreAdj
     nodeLeaseDurationSeconds imageGCHighThresholdPercent imageGCLowThresholdPercent podPidsLimit podsPerCore
     maxOpenFiles nodeStatusMaxImages kubeAPIQPS kubeAPIBurst iptablesMasqueradeBit
     iptablesDropBit containerLogMaxWorkers memoryThrottlingFactor`,
  ),
  ...of(
    text,
    `tlsCertFile tlsPrivateKeyFile tlsMinVersion healthzBindAddress clusterDomain kubeletCgroups systemCgroups
     cgroupRoot cgroupDriver cpuManagerPolicy memoryManagerPolicy topologyManagerPolicy topologyManagerScope
     hairpinMode podCIDR resolvConf contentType systemReservedCgroup kubeReservedCgroup volumePluginDir providerID
     reservedSystemCPUs showHiddenMetricsForVersion imageServiceEndpoint
     imagePullCredentialsVerificationPolicy configMapAndSecretChangeDetectionStrategy`,
  ),
  ...of(
    { is: "texts" },
    `tlsCipherSuites clusterDNS enforceNodeAllocatable allowedUnsafeSysctls
     preloadedImagesVerificationAllowlist tlsCurvePreferences`,
  ),
  ...of(
    { is: "object" },
    `qosReserved featureGates memorySwap
     logging tracing cpuManagerPolicyOptions topologyManagerPolicyOptions crashLoopBackOff userNamespaces`,
  ),
  ...of({ is: "objects" }, "reservedMemory"),
]);
