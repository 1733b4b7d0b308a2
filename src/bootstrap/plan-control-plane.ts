// Owns the control plane's static pods, as kubeadm writes them: run by this very program, and etcd by its own.
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
  /** Absent keeps objects in the API server's own store. */
  readonly etcd?: EtcdMember;
}

export interface EtcdMember {
  readonly name: string;
  readonly program: string;
  readonly dataDir: string;
  /** For clients; the next is for peers, and the one after for its health. */
  readonly port: number;
  /** An authority apart: who may call the API server may not read its store. */
  readonly pki: string;
}

export interface StaticComponent {
  readonly name: string;
  readonly pod: Draft<Pod>;
  /** Where it tells whether it is healthy. */
  readonly health: string;
}

export const manifestName = (component: string): string => `${component}.yaml`;

/** In the order in which they depend on each other. */
export function planControlPlane(plane: ControlPlane): readonly StaticComponent[] {
  const { address, etcd } = plane;
  const own = (component: Omit<Component, "scheme" | "host" | "path" | "readyPath">): StaticComponent =>
    staticComponent(plane, {
      ...component,
      words: [...plane.program, ...component.words],
      scheme: "HTTPS",
      host: address,
      path: "/livez",
      readyPath: "/readyz",
    });
  return [
    ...(etcd === undefined ? [] : [etcdComponent(plane, etcd)]),
    own({ name: "kube-apiserver", port: plane.apiServerPort, cpu: "250m", words: apiServerWords(plane) }),
    own({
      name: "kube-controller-manager",
      port: plane.controllerManagerPort,
      cpu: "200m",
      words: controllerManagerWords(plane),
    }),
    own({
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
  ];
}

function apiServerWords({ pki, apiServerData, address, apiServerPort, etcd }: ControlPlane): string[] {
  return [
    "apiserver",
    `--data-dir=${apiServerData}`,
    `--cert-dir=${pki}`,
    `--bind-address=${address}`,
    `--secure-port=${apiServerPort}`,
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    "--enable-bootstrap-token-auth=true",
    ...(etcd === undefined
      ? []
      : [
          `--etcd-servers=https://${urlHost(address)}:${etcd.port}`,
          `--etcd-cafile=${etcd.pki}/ca.crt`,
          `--etcd-certfile=${etcd.pki}/apiserver-etcd-client.crt`,
          `--etcd-keyfile=${etcd.pki}/apiserver-etcd-client.key`,
        ]),
  ];
}

const controllerManagerWords = (plane: ControlPlane): string[] => [
  "controller-manager",
  `--kubeconfig=${plane.controllerManagerConf}`,
  `--bind-address=${plane.address}`,
  `--secure-port=${plane.controllerManagerPort}`,
  `--cluster-signing-cert-file=${plane.pki}/ca.crt`,
  `--cluster-signing-key-file=${plane.pki}/ca.key`,
  "--leader-elect=true",
];

function etcdComponent(plane: ControlPlane, etcd: EtcdMember): StaticComponent {
  const { name, program, dataDir, port, pki } = etcd;
  const at = (scheme: string, which: number) => `${scheme}://${urlHost(plane.address)}:${which}`;
  return staticComponent(plane, {
    name: "etcd",
    port: port + 2,
    cpu: "100m",
    scheme: "HTTP",
    host: plane.address,
    path: "/health",
    readyPath: "/health",
    words: [
      program,
      `--name=${name}`,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${at("https", port)}`,
      `--advertise-client-urls=${at("https", port)}`,
      `--listen-peer-urls=${at("https", port + 1)}`,
      `--initial-advertise-peer-urls=${at("https", port + 1)}`,
      `--initial-cluster=${name}=${at("https", port + 1)}`,
      `--listen-metrics-urls=${at("http", port + 2)}`,
      `--cert-file=${pki}/server.crt`,
      `--key-file=${pki}/server.key`,
      "--client-cert-auth=true",
      `--trusted-ca-file=${pki}/ca.crt`,
      `--peer-cert-file=${pki}/peer.crt`,
      `--peer-key-file=${pki}/peer.key`,
      "--peer-client-cert-auth=true",
      `--peer-trusted-ca-file=${pki}/ca.crt`,
      "--snapshot-count=10000",
    ],
  });
}

/** An address as a URL has it. */
export const urlHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

interface Component {
  readonly name: string;
  readonly words: readonly string[];
  readonly cpu: string;
  readonly scheme: "HTTP" | "HTTPS";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly readyPath: string;
}

function staticComponent(plane: ControlPlane, component: Component): StaticComponent {
  const { name, words, cpu, scheme, host, port } = component;
  const probe = (path: string, rest: Partial<Probe>): Probe => ({
    httpGet: { host, path, port, scheme },
    timeoutSeconds: 15,
    ...rest,
  });
  const container: Container = {
    name,
    image: name === "etcd" ? "etcd" : `everynode:${plane.version}`,
    imagePullPolicy: "IfNotPresent",
    command: [...words],
    resources: { requests: { cpu } },
    startupProbe: probe(component.path, { periodSeconds: 1, failureThreshold: 240 }),
    livenessProbe: probe(component.path, { periodSeconds: 10, failureThreshold: 8 }),
    readinessProbe: probe(component.readyPath, { periodSeconds: 1, failureThreshold: 3 }),
  };
  return {
    name,
    health: `${scheme.toLowerCase()}://${urlHost(host)}:${port}${component.readyPath}`,
    pod: {
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
    },
  };
}
