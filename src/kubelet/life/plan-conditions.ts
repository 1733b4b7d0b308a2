// Owns a pod's conditions: ready to start containers, initialized, containers ready, ready (k8s.io/docs: Pod conditions).
import type { PodCondition } from "../../model/generated/types.ts";
import type { ContainerState } from "./step-container-types.ts";
import { membersOf } from "./step-pod-moves.ts";
import type { PodState } from "./step-pod-types.ts";

type Condition = Pick<PodCondition, "type" | "status" | "reason" | "message">;

const yes = (type: string, reason?: string): Condition => ({
  type,
  status: "True",
  ...(reason === undefined ? {} : { reason }),
});
const no = (type: string, reason: string, message?: string): Condition => ({
  type,
  status: "False",
  reason,
  ...(message === undefined ? {} : { message }),
});

const isReady = (container: ContainerState | undefined): boolean =>
  container !== undefined &&
  (container.is === "running" || container.is === "pre-stopping" || container.is === "stopping") &&
  container.ready;

function initialized(state: PodState, phase: string): Condition {
  const incomplete = membersOf(state.pod)
    .filter(({ role }) => role !== "main")
    .filter(({ role, spec }) => {
      const container = state.containers[spec.name];
      if (container === undefined) return true;
      if (role === "init") return !(container.is === "ended" && container.exit.exitCode === 0);
      return !("started" in container && container.started);
    })
    .map(({ spec }) => spec.name);
  if (phase === "Succeeded") return yes("Initialized", "PodCompleted");
  const mainsBegan = (state.pod.spec?.containers ?? []).some(
    (spec) => (state.containers[spec.name]?.attempts ?? 0) > 0,
  );
  if (incomplete.length === 0 || mainsBegan) return yes("Initialized");
  return no(
    "Initialized",
    "ContainersNotInitialized",
    `containers with incomplete status: [${incomplete.join(" ")}]`,
  );
}

function containersReady(state: PodState, phase: string): Condition {
  const type = "ContainersReady";
  if (phase === "Succeeded") return no(type, "PodCompleted");
  if (phase === "Failed") return no(type, "PodFailed");
  const unready = membersOf(state.pod)
    .filter(({ role }) => role !== "init")
    .map(({ spec }) => spec.name)
    .filter((name) => !isReady(state.containers[name]));
  if (unready.length === 0) return yes(type);
  return no(type, "ContainersNotReady", `containers with unready status: [${unready.join(" ")}]`);
}

function ready(state: PodState, containers: Condition, before: readonly PodCondition[]): Condition {
  if (containers.status !== "True") return { ...containers, type: "Ready" };
  const missing = (state.pod.spec?.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => !before.some((condition) => condition.type === type && condition.status === "True"));
  if (missing.length === 0) return yes("Ready");
  const words = missing.map(
    (type) => `corresponding condition of pod readiness gate "${type}" does not exist or is not true.`,
  );
  return no("Ready", "ReadinessGatesNotReady", words.join(", "));
}

const disruption = ({ verdict }: PodState): Condition[] =>
  verdict?.isDisruption === true
    ? [{ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message: verdict.message }]
    : [];

/** In upstream's order. `before` holds the conditions that readiness gates ask for. */
export function planConditions(state: PodState, phase: string, before: readonly PodCondition[]): Condition[] {
  const housed = state.is === "running" || state.is === "stopping";
  const containers = containersReady(state, phase);
  return [
    housed ? yes("PodReadyToStartContainers") : { type: "PodReadyToStartContainers", status: "False" },
    initialized(state, phase),
    ready(state, containers, before),
    containers,
    ...disruption(state),
  ];
}
