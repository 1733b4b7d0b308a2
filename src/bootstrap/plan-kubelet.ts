// Owns how a machine's kubelet is run: its configuration file, its command, the unit by which systemd keeps it running.

export interface KubeletPlan {
  readonly program: readonly string[];
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly manifests: string;
  readonly kubeletConf: string;
  readonly kubeletConfiguration: string;
  readonly kubeletRoot: string;
}

/** A KubeletConfiguration (kubelet.config.k8s.io/v1beta1). */
export const planKubeletConfiguration = ({ manifests, nodeIp, port, kubeletRoot }: KubeletPlan) => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  staticPodPath: manifests,
  address: nodeIp,
  port,
  podLogsDir: `${kubeletRoot}/logs`,
  containerRuntimeEndpoint: "process",
});

export function planKubeletCommand(plan: KubeletPlan): [string, ...string[]] {
  const [interpreter = "everynode", ...rest] = plan.program;
  return [
    interpreter,
    ...rest,
    "kubelet",
    "--kubeconfig",
    plan.kubeletConf,
    "--config",
    plan.kubeletConfiguration,
    "--root-dir",
    plan.kubeletRoot,
    "--node-name",
    plan.nodeName,
    "--node-ip",
    plan.nodeIp,
    "--log-level",
    "info",
  ];
}

/** Whether a process so started is the kubelet of that root folder. */
export function isKubeletOf(words: readonly string[], kubeletRoot: string): boolean {
  const at = words.indexOf("--root-dir");
  return words.includes("kubelet") && at >= 0 && words[at + 1] === kubeletRoot;
}

/** A word as systemd.service(5) reads it in ExecStart. */
function unitWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export const planUnit = (plan: KubeletPlan): string => `[Unit]
Description=Everynode's kubelet: the pods of this machine
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${planKubeletCommand(plan).map(unitWord).join(" ")}
Restart=always
RestartSec=10
# Containers go on while the kubelet is started anew.
KillMode=process
# Longer than the grace that pods get when the machine goes down.
TimeoutStopSec=5min
Delegate=yes

[Install]
WantedBy=multi-user.target
`;
