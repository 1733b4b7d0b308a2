// Owns what of a container's wishes this machine can honour, and the refusal of the rest.
import { type ContainerConfig, RuntimeRefusal, type SandboxConfig } from "../runtime.ts";
import { type Abilities, namespaceOptions } from "./abilities.ts";
import { mountLines } from "./mount-script.ts";
import type { ShimNamespaces } from "./shim-script.ts";

export interface Isolation {
  readonly namespaces?: ShimNamespaces;
  /** `setpriv` with its options, or nothing. */
  readonly privileges: readonly string[];
}

// What containerd and Docker leave to a container that asks for nothing.
const defaultCapabilities =
  "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap".split(
    " ",
  );

const capabilityName = (name: string): string => name.toLowerCase().replace(/^cap_/, "");

function refuse(config: ContainerConfig, because: string): never {
  throw new RuntimeRefusal("CreateContainerError", `cannot create container ${config.name}: ${because}`);
}

/** Wishes no process runtime can honour, on any machine. */
export function refuseUnknowable(config: ContainerConfig): void {
  if (config.command.length === 0)
    refuse(
      config,
      `image "${config.image}" cannot be unpacked by the process runtime and no command is given; name a command that exists on the host`,
    );
  const [profile] = config.security.confinement;
  if (profile !== undefined)
    refuse(
      config,
      `securityContext.${profile}: the process runtime confines containers by namespaces, capabilities and limits only; leave it out`,
    );
  const folder = config.workingDir ?? "/";
  if (!folder.startsWith("/"))
    refuse(config, `workingDir "${folder}" is not absolute; give a path that begins with /`);
  for (const { containerPath } of config.mounts)
    if (
      !containerPath.startsWith("/") ||
      containerPath.split("/").includes("..") ||
      /^\/+$/.test(containerPath)
    )
      refuse(
        config,
        `mountPath "${containerPath}" cannot be a mount point; give an absolute path below / with no ..`,
      );
}

export function refusePorts(sandbox: SandboxConfig): void {
  for (const { containerPort, hostPort } of sandbox.portMappings)
    if (hostPort !== 0 && hostPort !== containerPort)
      throw new RuntimeRefusal(
        "CreatePodSandboxError",
        `cannot create sandbox of pod ${sandbox.pod.namespace}/${sandbox.pod.name}: hostPort ${hostPort} differs from containerPort ${containerPort} and containers of the process runtime are on the host's network; make them equal`,
      );
}

function capabilities(config: ContainerConfig): readonly string[] {
  const { security } = config;
  const add = security.addCapabilities.map(capabilityName);
  const drop = new Set(security.dropCapabilities.map(capabilityName));
  const kept = [...defaultCapabilities.filter((name) => !drop.has(name) && !drop.has("all")), ...add];
  const names = new Set(add.includes("all") ? ["all"] : kept);
  return [`--bounding-set=${["-all", ...[...names].map((name) => `+${name}`)].join(",")}`, "--inh-caps=-all"];
}

interface Accounts {
  /** The primary group of a user of this machine, 0 where the user is not listed. */
  groupOf(uid: number): Promise<number>;
}

async function privileges(
  config: ContainerConfig,
  abilities: Abilities,
  accounts: Accounts,
): Promise<readonly string[]> {
  const { security } = config;
  const { runAsUser, runAsGroup, supplementalGroups = [] } = security;
  if (security.mustNotBeRoot && (runAsUser ?? abilities.uid) === 0)
    throw new RuntimeRefusal(
      "CreateContainerConfigError",
      `container has runAsNonRoot and image will run as root (container ${config.name}); give it a securityContext.runAsUser`,
    );
  const nnp = security.noNewPrivileges ? ["--no-new-privs"] : [];
  if (abilities.privileges && abilities.tools.setpriv !== undefined) {
    const identity = runAsUser !== undefined || runAsGroup !== undefined || supplementalGroups.length > 0;
    const uid = runAsUser ?? 0;
    const gid = runAsGroup ?? (await accounts.groupOf(uid));
    const groups =
      supplementalGroups.length === 0 ? ["--clear-groups"] : [`--groups=${supplementalGroups.join(",")}`];
    const options = [
      ...(identity ? [`--reuid=${uid}`, `--regid=${gid}`, ...groups] : []),
      ...(security.privileged ? [] : capabilities(config)),
      ...nnp,
    ];
    return options.length === 0 ? [] : [abilities.tools.setpriv, ...options, "--"];
  }
  const denied = "this machine does not permit it to the runtime; run the runtime as root or leave it out";
  if (runAsUser !== undefined && runAsUser !== abilities.uid)
    refuse(config, `securityContext.runAsUser ${runAsUser}: ${denied}`);
  if (runAsGroup !== undefined) refuse(config, `securityContext.runAsGroup ${runAsGroup}: ${denied}`);
  if (supplementalGroups.length > 0) refuse(config, `securityContext.supplementalGroups: ${denied}`);
  if (security.privileged && !abilities.root) refuse(config, `securityContext.privileged: ${denied}`);
  if (security.addCapabilities.length > 0) refuse(config, `securityContext.capabilities.add: ${denied}`);
  if (abilities.root && security.dropCapabilities.length > 0)
    refuse(config, `securityContext.capabilities.drop: ${denied}`);
  // An ordinary user has rights over its own namespaces only, and the container not even those.
  const options = [
    ...(abilities.namespaces === "as-user" ? ["--ambient-caps=-all", "--inh-caps=-all"] : []),
    ...nnp,
  ];
  if (options.length === 0) return [];
  if (abilities.tools.setpriv === undefined)
    refuse(
      config,
      "securityContext.allowPrivilegeEscalation: there is no setpriv on this machine; install util-linux or leave it out",
    );
  return [abilities.tools.setpriv, ...options, "--"];
}

function namespaces(
  sandbox: SandboxConfig,
  config: ContainerConfig,
  abilities: Abilities,
): ShimNamespaces | undefined {
  const { unshare, mount, umount, mkdir, cp, pivot_root } = abilities.tools;
  if (abilities.namespaces === "none" || unshare === undefined || mount === undefined) {
    const denied =
      "this machine does not permit mount namespaces to the runtime; run it as root or leave it out";
    const wanted = config.mounts.filter(({ optional }) => optional !== true);
    const elsewhere = wanted.find(({ hostPath, containerPath }) => hostPath !== containerPath);
    if (elsewhere !== undefined)
      refuse(config, `volume at mountPath "${elsewhere.containerPath}": ${denied}`);
    if (wanted.some((found) => found.readonly)) refuse(config, `a read-only volume: ${denied}`);
    if (config.security.readonlyRootFilesystem)
      refuse(config, `securityContext.readOnlyRootFilesystem: ${denied}`);
    return undefined;
  }
  if (umount === undefined || mkdir === undefined || cp === undefined || pivot_root === undefined)
    refuse(
      config,
      "util-linux and coreutils are not whole on this machine; install umount, pivot_root, mkdir and cp",
    );
  const ownPids = !sandbox.hostPid;
  const ownUser = abilities.namespaces === "as-user";
  return {
    unshare: [
      unshare,
      ...(ownUser ? namespaceOptions.ownUser : []),
      ...(ownPids ? namespaceOptions.ownPids : []),
      ...namespaceOptions.mounts,
    ],
    ownPids,
    ownUser,
    hostnameTool: abilities.tools.hostname ?? "hostname",
    mount,
    ...(sandbox.hostNetwork || sandbox.hostname === "" ? {} : { hostname: sandbox.hostname }),
    mountLines: mountLines(config.mounts, config.security.readonlyRootFilesystem, {
      mount,
      umount,
      mkdir,
      cp,
      pivot_root,
    }),
  };
}

function refuseInput(config: ContainerConfig, { tools }: Abilities): void {
  if (config.tty && (tools.script === undefined || tools.stty === undefined))
    refuse(config, "tty: there is no `script` or `stty` on this machine; install util-linux or leave it out");
  if ((config.tty || config.stdin) && tools.mkfifo === undefined)
    refuse(config, "stdin: there is no `mkfifo` on this machine; install coreutils or leave it out");
}

/** Rejects with a refusal that names the field that cannot be honoured. */
export async function isolationOf(
  sandbox: SandboxConfig,
  config: ContainerConfig,
  abilities: Abilities,
  accounts: Accounts,
): Promise<Isolation> {
  refuseInput(config, abilities);
  const found = namespaces(sandbox, config, abilities);
  return {
    ...(found === undefined ? {} : { namespaces: found }),
    privileges: await privileges(config, abilities, accounts),
  };
}
