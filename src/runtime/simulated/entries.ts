// Owns what the simulated runtime writes down of a sandbox and of a container, and how it tells of them.
import type { Instant } from "../../lib/units.ts";
import type { ContainerConfig, ContainerId, ContainerStatus, SandboxConfig, SandboxId } from "../runtime.ts";

export interface Sandbox {
  readonly id: SandboxId;
  readonly config: SandboxConfig;
  readonly createdAt: Instant;
  stopped: boolean;
  /** Most pods have one or two: a list is smaller than a map. */
  containers: readonly Container[];
}

export interface Container {
  readonly id: ContainerId;
  readonly sandbox: Sandbox;
  readonly config: ContainerConfig;
  readonly createdAt: Instant;
  state: "created" | "starting" | "running" | "exited";
  startedAt?: Instant;
  finishedAt?: Instant;
  exitCode?: number;
  reason?: string;
  message?: string;
  cancelEnd?: () => void;
  /** Told when it has ended; only while somebody waits. */
  waiting?: (() => void)[];
}

export const isOver = ({ state }: Container): boolean => state === "exited";

type Told = { -readonly [Field in keyof ContainerStatus]: ContainerStatus[Field] };

export function statusOf(container: Container): ContainerStatus {
  const { id, sandbox, config, createdAt, state, startedAt, finishedAt, exitCode, reason, message } =
    container;
  const status: Told = {
    id,
    sandboxId: sandbox.id,
    name: config.name,
    attempt: config.attempt,
    image: config.image,
    imageRef: config.image,
    state: state === "starting" ? "created" : state,
    createdAt,
    logPath: `${sandbox.config.logFolder}/${config.logPath}`,
    labels: config.labels,
    annotations: config.annotations,
  };
  if (startedAt !== undefined) status.startedAt = startedAt;
  if (finishedAt !== undefined) status.finishedAt = finishedAt;
  if (exitCode !== undefined) status.exitCode = exitCode;
  if (reason !== undefined) status.reason = reason;
  if (message !== undefined) status.message = message;
  return status;
}
