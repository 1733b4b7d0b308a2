// Owns the making of a container's states, each written out field by field: what is alike is of one shape, and quick to read.
import type { ContainerMemory, ContainerState, Ending, Exit, Live, StateOf } from "./step-container-types.ts";
import type { Probes } from "./step-probe.ts";

export const memoryOf = (state: ContainerMemory): ContainerMemory => ({
  attempts: state.attempts,
  last: state.last,
  backoff: state.backoff,
  failures: state.failures,
  imageRef: state.imageRef,
});

export const idle = (memory: ContainerMemory): StateOf<"idle"> => ({
  is: "idle",
  attempts: memory.attempts,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef: memory.imageRef,
});

export const pulling = (memory: ContainerMemory): StateOf<"pulling"> => ({
  is: "pulling",
  attempts: memory.attempts,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef: memory.imageRef,
});

export const creating = (memory: ContainerMemory, imageRef: string): StateOf<"creating"> => ({
  is: "creating",
  attempts: memory.attempts,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef,
});

/** The container is made: the next one is another attempt. */
export const starting = (memory: ContainerMemory, id: string): StateOf<"starting"> => ({
  is: "starting",
  attempts: memory.attempts + 1,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef: memory.imageRef,
  id,
});

type Running = Live & Pick<StateOf<"running">, "hook" | "probes">;

export const running = (memory: ContainerMemory, live: Running): StateOf<"running"> => ({
  is: "running",
  attempts: memory.attempts,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef: memory.imageRef,
  id: live.id,
  startedAt: live.startedAt,
  started: live.started,
  ready: live.ready,
  hook: live.hook,
  probes: live.probes,
});

export const withProbes = (state: StateOf<"running">, probes: Probes): StateOf<"running"> =>
  running(state, {
    id: state.id,
    startedAt: state.startedAt,
    started: state.started,
    ready: state.ready,
    hook: state.hook,
    probes,
  });

export const leaving = (
  is: "pre-stopping" | "stopping",
  state: ContainerMemory & Live,
  { deadline, next }: Pick<Ending, "deadline" | "next">,
): StateOf<"pre-stopping"> | StateOf<"stopping"> => ({
  is,
  attempts: state.attempts,
  last: state.last,
  backoff: state.backoff,
  failures: state.failures,
  imageRef: state.imageRef,
  id: state.id,
  startedAt: state.startedAt,
  started: state.started,
  ready: state.ready,
  deadline,
  next,
});

export const ended = (memory: ContainerMemory, exit: Exit): StateOf<"ended"> => ({
  is: "ended",
  attempts: memory.attempts,
  last: memory.last,
  backoff: memory.backoff,
  failures: memory.failures,
  imageRef: memory.imageRef,
  exit,
});

/** Not running and not to be started again: what the last run left is what there is to tell. */
export const rest = (state: ContainerState): ContainerState =>
  state.last === undefined ? idle(state) : ended({ ...memoryOf(state), last: undefined }, state.last);
