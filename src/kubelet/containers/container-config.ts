// Owns what the runtime is asked to make: sandbox and container configurations from a pod's spec.
import type {
  AppArmorProfile,
  Container,
  Pod,
  PodSecurityContext,
  SeccompProfile,
  SecurityContext,
} from "../../model/generated/types.ts";
import { setKey } from "../../lib/json.ts";
import { millisOf, unitsOf } from "../../model/quantity.ts";
import {
  RuntimeRefusal,
  type ContainerConfig,
  type ContainerSecurity,
  type Mount,
  type Resources,
  type SandboxConfig,
} from "../../runtime/runtime.ts";
import { podQos } from "../../model/pod/qos.ts";
import { graceSecondsOf } from "../life/step-pod-moves.ts";
import { expand } from "./expand.ts";

/** As upstream's, so that other tools on the node know whose containers these are. */
export const labelOf = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;
export const annotationOf = {
  restartCount: "io.kubernetes.container.restartCount",
  messagePath: "io.kubernetes.container.terminationMessagePath",
  messagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  podGrace: "io.kubernetes.pod.terminationGracePeriod",
  source: "kubernetes.io/config.source",
} as const;

/** `NAMESPACE_NAME_UID`, the folder of a pod's logs. */
export const logFolderOf = (podLogsDir: string, pod: Pod): string =>
  `${podLogsDir}/${pod.metadata.namespace ?? ""}_${pod.metadata.name}_${pod.metadata.uid}`;

type Texts = Readonly<Record<string, string>>;

/** Key by key: what is spread is of another shape each time, which weighs more. */
function copied(texts: Texts | undefined): Record<string, string> {
  const copy: Record<string, string> = {};
  if (texts !== undefined) for (const key of Object.keys(texts)) setKey(copy, key, texts[key]);
  return copy;
}

function addPodLabels(labels: Record<string, string>, { metadata }: Pod): Record<string, string> {
  labels[labelOf.podName] = metadata.name;
  labels[labelOf.podNamespace] = metadata.namespace ?? "";
  labels[labelOf.podUid] = metadata.uid;
  return labels;
}

export function sandboxConfigOf(
  pod: Pod,
  attempt: number,
  node: { readonly nodeName: string; readonly podLogsDir: string },
): SandboxConfig {
  const spec = pod.spec;
  const hostNetwork = spec?.hostNetwork === true;
  const annotations = copied(pod.metadata.annotations);
  annotations[annotationOf.podGrace] = String(graceSecondsOf(pod));
  return {
    pod: { name: pod.metadata.name, namespace: pod.metadata.namespace ?? "", uid: pod.metadata.uid, attempt },
    hostname: hostNetwork ? node.nodeName : (spec?.hostname ?? pod.metadata.name).slice(0, 63),
    logFolder: logFolderOf(node.podLogsDir, pod),
    labels: addPodLabels(copied(pod.metadata.labels), pod),
    annotations,
    hostNetwork,
    hostPid: spec?.hostPID === true,
    hostIpc: spec?.hostIPC === true,
    portMappings: portMappingsOf(spec?.containers ?? []),
  };
}

function portMappingsOf(containers: readonly Container[]): SandboxConfig["portMappings"] {
  const mappings: SandboxConfig["portMappings"][number][] = [];
  for (const { ports } of containers)
    for (const { protocol, containerPort, hostPort, hostIP = "" } of ports ?? [])
      if (hostPort !== undefined && hostPort !== 0)
        mappings.push({
          protocol: protocol === "UDP" || protocol === "SCTP" ? protocol : "TCP",
          containerPort,
          hostPort,
          hostIp: hostIP,
        });
  return mappings;
}

function resourcesOf(pod: Pod, container: Container): Resources {
  const { requests, limits } = container.resources ?? {};
  const request = requests?.["cpu"] ?? limits?.["cpu"];
  const qos = podQos(pod);
  return {
    cpuShares: request === undefined ? 2 : Math.max(2, Math.floor((millisOf(request) * 1024) / 1000)),
    ...(limits?.["cpu"] === undefined ? {} : { cpuLimitMillis: millisOf(limits["cpu"]) }),
    ...(limits?.["memory"] === undefined ? {} : { memoryLimit: unitsOf(limits["memory"]) }),
    // Between upstream's two ends; Burstable in its middle, since the node's memory isn't weighed in here.
    oomScoreAdjust: qos === "Guaranteed" ? -997 : qos === "BestEffort" ? 1000 : 500,
  };
}

/** What a container's own context doesn't say is the pod's to say. */
function confinementOf(own: SecurityContext, shared: PodSecurityContext): string[] {
  const found: string[] = [];
  const profile = (field: string, given: SeccompProfile | AppArmorProfile | undefined) => {
    if (given === undefined || given.type === "Unconfined") return;
    const file = given.localhostProfile === undefined ? "" : ` ${given.localhostProfile}`;
    found.push(`${field} ${given.type}${file}`);
  };
  profile("seccompProfile", own.seccompProfile ?? shared.seccompProfile);
  profile("appArmorProfile", own.appArmorProfile ?? shared.appArmorProfile);
  const labels = Object.values(own.seLinuxOptions ?? shared.seLinuxOptions ?? {}).filter(Boolean);
  if (labels.length > 0) found.push(`seLinuxOptions ${labels.join(":")}`);
  if ((own.procMount ?? "Default") !== "Default") found.push(`procMount ${own.procMount ?? ""}`);
  return found;
}

function securityOf(pod: Pod, container: Container): ContainerSecurity {
  const own: SecurityContext = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const user = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true && user === 0)
    throw new RuntimeRefusal("CreateContainerConfigError", "container's runAsUser breaks non-root policy");
  const groups = [
    ...(shared.supplementalGroups ?? []),
    ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
  ];
  return {
    privileged: own.privileged === true,
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(group === undefined ? {} : { runAsGroup: group }),
    ...(groups.length === 0 ? {} : { supplementalGroups: groups }),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    readonlyRootFilesystem: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    mustNotBeRoot: (own.runAsNonRoot ?? shared.runAsNonRoot) === true,
    confinement: confinementOf(own, shared),
  };
}

/** The latest tag unless one is given, as image references are read everywhere. */
export function normalImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.includes(":") || image.includes("@") ? image : `${image}:latest`;
}

export function containerConfigOf(
  pod: Pod,
  container: Container,
  attempt: number,
  resolved: { readonly env: ReadonlyMap<string, string>; readonly mounts: readonly Mount[] },
): ContainerConfig {
  const expanded = (text: string) => expand(text, (name) => resolved.env.get(name));
  const labels = addPodLabels({}, pod);
  labels[labelOf.containerName] = container.name;
  return {
    name: container.name,
    attempt,
    image: container.image ?? "",
    command: (container.command ?? []).map(expanded),
    args: (container.args ?? []).map(expanded),
    ...(container.workingDir === undefined || container.workingDir === ""
      ? {}
      : { workingDir: container.workingDir }),
    env: Array.from(resolved.env, ([name, value]) => ({ name, value })),
    mounts: resolved.mounts,
    labels,
    annotations: {
      [annotationOf.restartCount]: String(attempt),
      [annotationOf.messagePath]: container.terminationMessagePath ?? "",
      [annotationOf.messagePolicy]: container.terminationMessagePolicy ?? "File",
      [annotationOf.podGrace]: String(graceSecondsOf(pod)),
    },
    logPath: `${container.name}/${attempt}.log`,
    resources: resourcesOf(pod, container),
    security: securityOf(pod, container),
    stdin: container.stdin === true,
    ...(container.stdinOnce === true ? { stdinOnce: true } : {}),
    tty: container.tty === true,
  };
}
