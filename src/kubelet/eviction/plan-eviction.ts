// Owns which pod goes when the node is short of something, and the words it is told that with.
import type { Bytes } from "../../lib/units.ts";
import type { Container, Pod } from "../../model/generated/types.ts";
import {
  amountIn,
  type EvictionSettings,
  type EvictionSignal,
  type Threshold,
} from "../../model/kubelet-configuration/eviction-settings.ts";
import { unitsOf } from "../../model/quantity.ts";
import type { Reading } from "./step-pressure.ts";

export interface Use {
  readonly memory: Bytes;
  /** Of logs and emptyDir volumes. */
  readonly disk: Bytes;
  readonly inodes: number;
  readonly processes: number;
}

export interface Candidate {
  readonly pod: Pod;
  /** Static pods belong to the node: they are never evicted. */
  readonly isStatic: boolean;
  readonly use: Use;
  /** Bytes of memory and logs, by container. */
  readonly containers: Readonly<Record<string, { readonly memory: Bytes; readonly disk: Bytes }>>;
}

export interface Eviction {
  readonly pod: Pod;
  readonly graceSeconds: number;
  readonly message: string;
}

const systemCritical = 2_000_000_000;

/** What no shortage takes from the node. */
export const isCritical = (pod: Pod, isStatic: boolean): boolean =>
  isStatic || (pod.spec?.priority ?? 0) >= systemCritical;

interface Resource {
  readonly name: string;
  /** In a pod's requests; undefined where none can be made. */
  readonly request: string | undefined;
  readonly of: keyof Use;
}

function resourceOf(signal: EvictionSignal): Resource {
  if (signal === "memory.available") return { name: "memory", request: "memory", of: "memory" };
  if (signal === "pid.available") return { name: "pids", request: undefined, of: "processes" };
  if (signal.endsWith("inodesFree")) return { name: "inodes", request: undefined, of: "inodes" };
  return { name: "ephemeral-storage", request: "ephemeral-storage", of: "disk" };
}

const containersOf = (pod: Pod): readonly Container[] => [
  ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
  ...(pod.spec?.containers ?? []),
];
const requestIn = ({ resources }: Container, name: string | undefined): number =>
  name === undefined ? 0 : unitsOf(resources?.requests?.[name] ?? resources?.limits?.[name] ?? "0");

/** Who goes first: those over their requests, then the least important, then those that are most over. */
export function rankForEviction(
  signal: EvictionSignal,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const { request, of } = resourceOf(signal);
  return candidates
    .filter(({ pod, isStatic }) => !isCritical(pod, isStatic))
    .map((candidate) => {
      const { pod, use } = candidate;
      const requested = containersOf(pod).reduce((sum, one) => sum + requestIn(one, request), 0);
      const over = use[of] - requested;
      return {
        candidate,
        over,
        isOver: request !== undefined && over > 0,
        priority: pod.spec?.priority ?? 0,
      };
    })
    .sort(
      (a, b) =>
        Number(b.isOver) - Number(a.isOver) ||
        a.priority - b.priority ||
        b.over - a.over ||
        (a.candidate.pod.metadata.uid < b.candidate.pod.metadata.uid ? -1 : 1),
    )
    .map(({ candidate }) => candidate);
}

const shown = (amount: number, unit: "bytes" | "count"): string =>
  unit === "count" ? String(Math.floor(amount)) : amount === 0 ? "0" : `${Math.floor(amount / 1024)}Ki`;

/** Upstream's, word for word. */
function wordsFor(threshold: Threshold, reading: Reading, { pod, containers }: Candidate): string {
  const { name, request, of } = resourceOf(threshold.signal);
  const unit = of === "memory" || of === "disk" ? "bytes" : "count";
  const { below } = threshold;
  const quantity = shown(amountIn(below, reading.capacity), unit);
  const words = [
    `The node was low on resource: ${name}. `,
    `Threshold quantity: ${quantity}, available: ${shown(reading.available, unit)}. `,
  ];
  if (of !== "memory" && of !== "disk") return words.join("");
  for (const container of containersOf(pod)) {
    const used = containers[container.name]?.[of] ?? 0;
    const requested = requestIn(container, request);
    if (used > requested)
      words.push(
        `Container ${container.name} was using ${shown(used, unit)}, request is ${shown(requested, unit)}, has larger consumption of ${name}. `,
      );
  }
  return words.join("");
}

/** The one pod to evict now for the first of these thresholds that any pod's end can help. */
export function planEviction(
  due: readonly Threshold[],
  readingOf: (signal: EvictionSignal) => Reading | undefined,
  candidates: readonly Candidate[],
  settings: EvictionSettings,
): Eviction | undefined {
  for (const threshold of due) {
    const reading = readingOf(threshold.signal);
    const [first] = rankForEviction(threshold.signal, candidates);
    if (first === undefined || reading === undefined) continue;
    const own = first.pod.spec?.terminationGracePeriodSeconds ?? 30;
    return {
      pod: first.pod,
      // Upstream's immediateEvictionGracePeriodSeconds.
      graceSeconds: threshold.isHard ? 1 : Math.min(own, settings.podGraceMaxSeconds),
      message: wordsFor(threshold, reading, first),
    };
  }
  return undefined;
}
