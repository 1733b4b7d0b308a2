// Owns the port to containers: CRI's verbs (k8s.io/cri-api runtime/v1) that the kubelet uses, with durations in milliseconds.
import type { Duplex, Readable, Writable } from "node:stream";
import type { Bytes, Instant, Millis } from "../lib/units.ts";

export type SandboxId = string;
export type ContainerId = string;

export interface PodIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Of the sandbox: grows when the pod's sandbox is made anew. */
  readonly attempt: number;
}

export interface SandboxConfig {
  readonly pod: PodIdentity;
  readonly hostname: string;
  /** Folder for the pod's container logs: a container's `logPath` is relative to it. */
  readonly logFolder: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly portMappings: readonly {
    protocol: "TCP" | "UDP" | "SCTP";
    containerPort: number;
    hostPort: number;
    hostIp: string;
  }[];
}

export interface SandboxStatus {
  readonly id: SandboxId;
  readonly pod: PodIdentity;
  readonly state: "ready" | "not-ready";
  readonly createdAt: Instant;
  /** Pod addresses, none for a sandbox that shares the host's network with no address of its own. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readonly: boolean;
  /** Left out where the runtime can't mount; others are refused then. */
  readonly optional?: boolean;
}

export interface Resources {
  /** Relative weight as in cgroup v1 cpu.shares; 0 is unset. */
  readonly cpuShares?: number;
  /** Of a core, in thousandths: 500 is half a core. */
  readonly cpuLimitMillis?: number;
  readonly memoryLimit?: Bytes;
  readonly oomScoreAdjust?: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly readonlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  /** Refused where the container would run as root. */
  readonly mustNotBeRoot: boolean;
  /** Profiles and labels asked for, each as `FIELD VALUE`; a runtime refuses what it can't enforce. */
  readonly confinement: readonly string[];
}

export interface ContainerConfig {
  readonly name: string;
  /** The how-manieth start of this container in its pod, from 0: the restart count. */
  readonly attempt: number;
  readonly image: string;
  /** Empty where the image's own is meant. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly { name: string; value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's log folder: `CONTAINER/ATTEMPT.log`. Lines are in CRI's format. */
  readonly logPath: string;
  readonly resources: Resources;
  readonly security: ContainerSecurity;
  readonly stdin: boolean;
  /** Its input ends with the first attachment that gave any. */
  readonly stdinOnce?: boolean;
  readonly tty: boolean;
}

export interface ContainerStatus {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly state: "created" | "running" | "exited" | "unknown";
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly finishedAt?: Instant;
  /** 128 + signal number where a signal ended it. */
  readonly exitCode?: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun` … */
  readonly reason?: string;
  readonly message?: string;
  /** Absolute. */
  readonly logPath: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the container's first process on the host, where the runtime knows. */
  readonly pid?: number;
}

export interface ImageStatus {
  readonly id: string;
  readonly tags: readonly string[];
  readonly size: Bytes;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** Where a process takes its input from and puts its output; what is absent is none. The runtime never ends the output. */
export interface ProcessStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Tells each size the terminal takes, where there is one. */
  readonly onSize: (told: (size: WindowSize) => void) => void;
  /** Aborts when nobody is at the other end any more. */
  readonly signal: AbortSignal;
}

export interface ExecRequest extends ProcessStreams {
  readonly command: readonly string[];
  /** On a terminal of its own; all output then comes by `stdout`. */
  readonly tty: boolean;
}

/** Something about a container or sandbox changed: look again. The runtime may also report more often than needed. */
export interface RuntimeEvent {
  readonly is: "created" | "started" | "stopped" | "deleted";
  readonly sandboxId: SandboxId;
  readonly containerId?: ContainerId;
  readonly podUid: string;
}

export interface ContainerUsage {
  readonly at: Instant;
  readonly cpuNanos: number;
  readonly memoryWorkingSet: Bytes;
  readonly processes: number;
}

/** Expected failures of a runtime call, with the reason the kubelet shows in the container's waiting state. */
export class RuntimeRefusal extends Error {
  /** `CreateContainerError`, `RunContainerError`, `ErrImagePull`, `ImageInspectError`, `CreatePodSandboxError` … */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.name = "RuntimeRefusal";
    this.reason = reason;
  }
}

/** All calls are idempotent as CRI asks: stopping the stopped and removing the absent succeed. Failures reject with RuntimeRefusal. */
export interface Runtime {
  version(): Promise<{ name: string; version: string }>;
  /** Names what stops the runtime from serving, "ready" otherwise. */
  health(): Promise<"ready" | { readonly reason: string; readonly message: string }>;

  runPodSandbox(config: SandboxConfig): Promise<SandboxId>;
  /** Ends all its containers forcibly and gives back its network. */
  stopPodSandbox(id: SandboxId): Promise<void>;
  removePodSandbox(id: SandboxId): Promise<void>;
  listPodSandboxes(): Promise<readonly SandboxStatus[]>;

  createContainer(sandbox: SandboxId, config: ContainerConfig): Promise<ContainerId>;
  startContainer(id: ContainerId): Promise<void>;
  /** Signals TERM, waits up to the grace period, then KILLs; resolves when it has ended. */
  stopContainer(id: ContainerId, grace: Millis): Promise<void>;
  removeContainer(id: ContainerId): Promise<void>;
  listContainers(): Promise<readonly ContainerStatus[]>;
  containerStatus(id: ContainerId): Promise<ContainerStatus | "absent">;
  /** New log file after a rotation. */
  reopenContainerLog(id: ContainerId): Promise<void>;
  execSync(id: ContainerId, command: readonly string[], timeout: Millis): Promise<ExecResult | "timeout">;
  /** Runs a command beside the container's own to its end. A command that nobody is there for any more is hung up on, and ended. */
  exec(id: ContainerId, request: ExecRequest): Promise<{ readonly exitCode: number }>;
  /** What the container's own process says from now on; resolves when it has ended or nobody listens any more. */
  attach(id: ContainerId, streams: ProcessStreams): Promise<void>;
  /** Joins the stream with one connection to a port inside the sandbox, and resolves when both directions have ended. */
  portForward(id: SandboxId, port: number, stream: Duplex): Promise<void>;
  /** Of every running container, in one pass. */
  listUsage(): Promise<ReadonlyMap<ContainerId, ContainerUsage>>;

  pullImage(image: string): Promise<string>;
  imageStatus(image: string): Promise<ImageStatus | "absent">;
  listImages(): Promise<readonly ImageStatus[]>;
  removeImage(image: string): Promise<void>;

  /** From now on; ends when the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Lets go of what it holds in this process. Containers go on. */
  close(): Promise<void>;
}
