// Owns a pod's conditions: ready to start containers, initialized, containers ready, ready (k8s.io/docs: Pod conditions).
import type { PodCondition } from "../../model/generated/types.ts";
import type { ContainerState } from "./step-container-types.ts";
import { membersOf } from "./step-pod-moves.ts";
import type { PodState } from "./step-pod-types.ts";

type Member = ReturnType<typeof membersOf>[number];
type Condition = Pick<PodCondition, "type" | "status" | "reason" | "message">;

const yes = (type: string, reason?: string): Condition => ({ type, status: "True", reason });
const no = (type: string, reason: string, message?: string): Condition => ({
  type,
  status: "False",
  reason,
  message,
});

const isReady = (container: ContainerState | undefined): boolean =>
  container !== undefined &&
  (container.is === "running" || container.is === "pre-stopping" || container.is === "stopping") &&
  container.ready;

const hasInitialized = ({ role, spec }: Member, state: PodState): boolean => {
  const container = state.containers[spec.name];
  if (container === undefined) return false;
  if (role === "init") return container.is === "ended" && container.exit.exitCode === 0;
  return "started" in container && container.started;
};

function initialized(state: PodState, phase: string): Condition {
  if (phase === "Succeeded") return yes("Initialized", "PodCompleted");
  const incomplete: string[] = [];
  for (const member of membersOf(state.pod)) {
    const { role, spec } = member;
    if (role === "main" && (state.containers[spec.name]?.attempts ?? 0) > 0) return yes("Initialized");
    if (role !== "main" && !hasInitialized(member, state)) incomplete.push(spec.name);
  }
  if (incomplete.length === 0) return yes("Initialized");
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
  const unready: string[] = [];
  for (const { role, spec } of membersOf(state.pod))
    if (role !== "init" && !isReady(state.containers[spec.name])) unready.push(spec.name);
  if (unready.length === 0) return yes(type);
  return no(type, "ContainersNotReady", `containers with unready status: [${unready.join(" ")}]`);
}

function ready(state: PodState, containers: Condition, before: readonly PodCondition[]): Condition {
  const { status, reason, message } = containers;
  if (status !== "True") return { type: "Ready", status, reason, message };
  const gates = state.pod.spec?.readinessGates;
  if (gates === undefined || gates.length === 0) return yes("Ready");
  const missing = gates
    .map(({ conditionType }) => conditionType)
    .filter((type) => !before.some((condition) => condition.type === type && condition.status === "True"));
  if (missing.length === 0) return yes("Ready");
  const words = missing.map(
    (type) => `corresponding condition of pod readiness gate "${type}" does not exist or is not true.`,
  );
  return no("Ready", "ReadinessGatesNotReady", words.join(", "));
}

/** In upstream's order. `before` holds the conditions that readiness gates ask for. */
export function planConditions(state: PodState, phase: string, before: readonly PodCondition[]): Condition[] {
  const housed = state.is === "running" || state.is === "stopping";
  const containers = containersReady(state, phase);
  const conditions: Condition[] = [
    { type: "PodReadyToStartContainers", status: housed ? "True" : "False", reason: undefined },
    initialized(state, phase),
    ready(state, containers, before),
    containers,
  ];
  const { verdict } = state;
  if (verdict?.isDisruption === true)
    conditions.push({
      type: "DisruptionTarget",
      status: "True",
      reason: "TerminationByKubelet",
      message: verdict.message,
    });
  return conditions;
}
