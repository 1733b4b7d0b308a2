// Owns the making of a pod's states, each written out field by field: what is alike is of one shape, and quick to read.
import type { ContainerState } from "./step-container-types.ts";
import type { End, PodMemory, PodState, PodStateOf, Sandbox } from "./step-pod-types.ts";

export type Housed = PodStateOf<"running"> | PodStateOf<"stopping">;

type Bare = "preparing" | "sandboxing" | "ended" | "clearing" | "reporting" | "gone";

/** Without a sandbox that stands. */
export const bare = (is: Bare, memory: PodMemory): PodState => ({
  is,
  pod: memory.pod,
  containers: memory.containers,
  startTime: memory.startTime,
  sandboxes: memory.sandboxes,
  setbacks: memory.setbacks,
  verdict: memory.verdict,
  end: memory.end,
});

export const running = (memory: PodMemory, sandbox: Sandbox): PodStateOf<"running"> => ({
  is: "running",
  pod: memory.pod,
  containers: memory.containers,
  startTime: memory.startTime,
  sandboxes: memory.sandboxes,
  setbacks: memory.setbacks,
  verdict: memory.verdict,
  end: memory.end,
  sandbox,
});

export const stopping = (memory: PodMemory, sandbox: Sandbox, end: End): PodStateOf<"stopping"> => ({
  is: "stopping",
  pod: memory.pod,
  containers: memory.containers,
  startTime: memory.startTime,
  sandboxes: memory.sandboxes,
  setbacks: memory.setbacks,
  verdict: memory.verdict,
  end,
  sandbox,
});

type Containers = PodMemory["containers"];

function replaced(containers: Containers, name: string, container: ContainerState): Containers {
  const next: Record<string, ContainerState> = {};
  for (const known of Object.keys(containers)) {
    const kept = known === name ? container : containers[known];
    if (kept !== undefined) next[known] = kept;
  }
  return next;
}

/** The same state with one of its containers in another. */
export function withContainer<S extends Housed>(state: S, name: string, container: ContainerState): S {
  const memory: PodMemory = {
    pod: state.pod,
    containers: replaced(state.containers, name, container),
    startTime: state.startTime,
    sandboxes: state.sandboxes,
    setbacks: state.setbacks,
    verdict: state.verdict,
    end: state.end,
  };
  const next: Housed =
    state.is === "running" ? running(memory, state.sandbox) : stopping(memory, state.sandbox, state.end);
  // Made of the same state as the one given.
  return next as S;
}
