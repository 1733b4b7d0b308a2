// Owns the control plane's static pods: the same three that kubeadm writes, run by this very program.
import type { Container, Pod, Probe } from "../model/generated/types.ts";
import type { Draft } from "../model/meta.ts";

export interface ControlPlane {
  /** The words that start this program: the interpreter and the file. */
  readonly program: readonly string[];
  readonly version: string;
  /** Where everything listens. */
  readonly address: string;
  readonly apiServerPort: number;
  readonly controllerManagerPort: number;
  readonly schedulerPort: number;
  readonly pki: string;
  readonly apiServerData: string;
  readonly controllerManagerConf: string;
  readonly schedulerConf: string;
}

export const componentNames = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
export type ComponentName = (typeof componentNames)[number];

export const manifestName = (component: ComponentName): string => `${component}.yaml`;

/** What is kept in each manifest. */
export function planControlPlane(plane: ControlPlane): Readonly<Record<ComponentName, Draft<Pod>>> {
  const { pki, address } = plane;
  return {
    "kube-apiserver": podOf(plane, {
      name: "kube-apiserver",
      port: plane.apiServerPort,
      cpu: "250m",
      words: [
        "apiserver",
        `--data-dir=${plane.apiServerData}`,
        `--bind-address=${address}`,
        `--secure-port=${plane.apiServerPort}`,
        `--client-ca-file=${pki}/ca.crt`,
        `--tls-cert-file=${pki}/apiserver.crt`,
        `--tls-private-key-file=${pki}/apiserver.key`,
        `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
        `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
        "--enable-bootstrap-token-auth=true",
      ],
    }),
    "kube-controller-manager": podOf(plane, {
      name: "kube-controller-manager",
      port: plane.controllerManagerPort,
      cpu: "200m",
      words: [
        "controller-manager",
        `--kubeconfig=${plane.controllerManagerConf}`,
        `--bind-address=${address}`,
        `--secure-port=${plane.controllerManagerPort}`,
        `--cluster-signing-cert-file=${pki}/ca.crt`,
        `--cluster-signing-key-file=${pki}/ca.key`,
        "--leader-elect=true",
      ],
    }),
    "kube-scheduler": podOf(plane, {
      name: "kube-scheduler",
      port: plane.schedulerPort,
      cpu: "100m",
      words: [
        "scheduler",
        `--kubeconfig=${plane.schedulerConf}`,
        `--bind-address=${address}`,
        `--secure-port=${plane.schedulerPort}`,
        "--leader-elect=true",
      ],
    }),
  };
}

interface Component {
  readonly name: ComponentName;
  readonly port: number;
  readonly cpu: string;
  readonly words: readonly string[];
}

function podOf(plane: ControlPlane, { name, port, cpu, words }: Component): Draft<Pod> {
  const probe = (path: string, rest: Partial<Probe>): Probe => ({
    httpGet: { host: plane.address, path, port, scheme: "HTTPS" },
    timeoutSeconds: 15,
    ...rest,
  });
  const container: Container = {
    name,
    image: `everynode:${plane.version}`,
    imagePullPolicy: "IfNotPresent",
    command: [...plane.program, ...words],
    resources: { requests: { cpu } },
    startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 240 }),
    livenessProbe: probe("/livez", { periodSeconds: 10, failureThreshold: 8 }),
    readinessProbe: probe("/readyz", { periodSeconds: 1, failureThreshold: 3 }),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "kube-system",
      labels: { component: name, tier: "control-plane" },
    },
    spec: {
      // The store's lock tells its holder by process number, so the number must mean the same to every holder.
      hostPID: true,
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      containers: [container],
    },
  };
}
