// Owns tests of a pod's life, cell by cell: what each state makes of each signal.
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import type { ContainerState, Exit } from "./step-container-types.ts";
import { stepPod } from "./step-pod.ts";
import type { End, PodMemory, PodSignal, PodState } from "./step-pod-types.ts";

const now = 1_000_000;
const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" },
  spec: {
    containers: [{ name: "main", image: "i:1" }],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
  },
};
const exit: Exit = { id: "c1", exitCode: 0, reason: "Completed", finishedAt: now };
const kept = { attempts: 1, failures: 0 };
const live = { ...kept, id: "c1", startedAt: now - 5000, started: true, ready: true };
const containers = {
  idle: { is: "idle", attempts: 0, failures: 0 },
  runs: { ...live, is: "running", hook: "done", probes: {} },
  stops: { ...live, is: "stopping", deadline: now + 10_000, next: "end" },
  ended: { ...kept, is: "ended", exit },
} as const satisfies Record<string, ContainerState>;

const sandbox = { id: "s1", ips: [] };
const end = (because: End["because"]): End => ({ because, deadline: now + 10_000 });
const memory = (main: ContainerState, more: Partial<PodMemory> = {}): PodMemory => ({
  pod,
  containers: { main },
  startTime: now - 10_000,
  sandboxes: 1,
  setbacks: 0,
  ...more,
});
const deleted = { end: end("deleted") };

const states = {
  preparing: { ...memory(containers.idle), is: "preparing" },
  "preparing, deleted": { ...memory(containers.idle, deleted), is: "preparing" },
  waiting: { ...memory(containers.idle), is: "waiting", until: now },
  "waiting, too early": { ...memory(containers.idle), is: "waiting", until: now + 1 },
  sandboxing: { ...memory(containers.idle), is: "sandboxing" },
  "sandboxing, deleted": { ...memory(containers.idle, deleted), is: "sandboxing" },
  running: { ...memory(containers.runs), is: "running", sandbox },
  "stopping, deleted": { ...memory(containers.stops, deleted), is: "stopping", sandbox, ...deleted },
  "stopping, failed": {
    ...memory(containers.stops, { end: end("failed") }),
    is: "stopping",
    sandbox,
    end: end("failed"),
  },
  "stopping, sandbox lost": {
    ...memory(containers.stops, { end: end("sandbox-lost") }),
    is: "stopping",
    sandbox,
    end: end("sandbox-lost"),
  },
  discarding: { ...memory(containers.ended), is: "discarding", sandbox },
  "discarding, deleted": { ...memory(containers.ended, deleted), is: "discarding", sandbox },
  settling: { ...memory(containers.ended), is: "settling", sandbox },
  "settling, deleted": { ...memory(containers.ended, deleted), is: "settling", sandbox },
  ended: { ...memory(containers.ended), is: "ended" },
  "clearing, deleted": { ...memory(containers.ended, deleted), is: "clearing" },
  "clearing, removed": { ...memory(containers.ended, { end: end("removed") }), is: "clearing" },
  reporting: { ...memory(containers.ended, deleted), is: "reporting" },
  gone: { ...memory(containers.ended, deleted), is: "gone" },
} as const satisfies Record<string, PodState>;

const changed: Pod = { ...pod, spec: { ...pod.spec, containers: [{ name: "main", image: "i:2" }] } };
const ending = (because: "deleted" | "removed" | "failed"): PodSignal => ({
  is: "end",
  because,
  graceSeconds: 5,
});
const signals = {
  "wanted with another image": { is: "wanted", pod: changed },
  deleted: ending("deleted"),
  removed: ending("removed"),
  failed: ending("failed"),
  prepared: { is: "prepared" },
  "prepare failed": { is: "prepare-failed", message: "no" },
  "sandbox made": { is: "sandbox-made", sandbox },
  "sandbox failed": { is: "sandbox-failed", message: "no" },
  "sandbox lost": { is: "sandbox-lost", id: "s1" },
  "another sandbox lost": { is: "sandbox-lost", id: "s0" },
  "sandbox stopped": { is: "sandbox-stopped" },
  "sandbox removed": { is: "sandbox-removed" },
  cleared: { is: "cleared" },
  "container ended": { is: "container", name: "main", signal: { is: "exited", exit } },
  due: { is: "due" },
  reported: { is: "reported" },
} as const satisfies Record<string, PodSignal>;

/** State and orders, in short; "same" where nothing happens. What every step brings, the status and the timer, is left out. */
function outcome(state: PodState, signal: PodSignal): string {
  const [next, ...orders] = stepPod(state, signal, now);
  const told = orders.flatMap((order) => {
    if (order.do === "write-status" || order.do === "wait-until" || order.do === "event") return [];
    if (order.do !== "for-container") return [order.do];
    return ["grace" in order.order ? `${order.order.do} ${order.order.grace}` : order.order.do];
  });
  if (next === state && orders.length === 0) return "same";
  const why = next.end === undefined ? "" : ` (${next.end.because} in ${next.end.deadline - now})`;
  return [`${next.is}${why}`, ...told].join(", ");
}

/** Cells that are not named change nothing: late answers to orders that no longer matter. */
const expected: Readonly<Record<keyof typeof states, Partial<Record<keyof typeof signals, string>>>> = {
  preparing: {
    "wanted with another image": "preparing",
    deleted: "preparing (deleted in 5000)",
    removed: "preparing (removed in 5000)",
    failed: "preparing (failed in 5000)",
    prepared: "sandboxing, run-sandbox",
    "prepare failed": "waiting",
  },
  "preparing, deleted": {
    "wanted with another image": "preparing (deleted in 10000)",
    deleted: "preparing (deleted in 5000)",
    removed: "preparing (removed in 5000)",
    failed: "preparing (deleted in 5000)",
    prepared: "clearing (deleted in 10000), clear",
    "prepare failed": "clearing (deleted in 10000), clear",
  },
  waiting: {
    "wanted with another image": "waiting",
    deleted: "clearing (deleted in 5000), clear",
    removed: "clearing (removed in 5000), clear",
    failed: "ended (failed in 5000)",
    due: "preparing, prepare",
  },
  "waiting, too early": {
    "wanted with another image": "waiting",
    deleted: "clearing (deleted in 5000), clear",
    removed: "clearing (removed in 5000), clear",
    failed: "ended (failed in 5000)",
  },
  sandboxing: {
    "wanted with another image": "sandboxing",
    deleted: "sandboxing (deleted in 5000)",
    removed: "sandboxing (removed in 5000)",
    failed: "sandboxing (failed in 5000)",
    "sandbox made": "running, pull-image",
    "sandbox failed": "waiting",
  },
  "sandboxing, deleted": {
    "wanted with another image": "sandboxing (deleted in 10000)",
    deleted: "sandboxing (deleted in 5000)",
    removed: "sandboxing (removed in 5000)",
    failed: "sandboxing (deleted in 5000)",
    "sandbox made": "clearing (deleted in 10000), clear",
    "sandbox failed": "clearing (deleted in 10000), clear",
  },
  running: {
    "wanted with another image": "running, stop-container 30000",
    deleted: "stopping (deleted in 5000), stop-container 5000",
    removed: "stopping (removed in 5000), stop-container 5000",
    failed: "stopping (failed in 5000), stop-container 5000",
    "sandbox lost": "stopping (sandbox-lost in 0), stop-container 0",
    "container ended": "running, pull-image",
  },
  "stopping, deleted": {
    "wanted with another image": "stopping (deleted in 10000)",
    deleted: "stopping (deleted in 5000), stop-container 5000",
    removed: "stopping (removed in 5000), stop-container 5000",
    failed: "stopping (deleted in 5000), stop-container 5000",
    "container ended": "clearing (deleted in 10000), clear",
  },
  "stopping, failed": {
    "wanted with another image": "stopping (failed in 10000)",
    deleted: "stopping (deleted in 5000), stop-container 5000",
    removed: "stopping (removed in 5000), stop-container 5000",
    failed: "stopping (failed in 5000), stop-container 5000",
    "container ended": "settling (failed in 10000), stop-sandbox",
  },
  "stopping, sandbox lost": {
    "wanted with another image": "stopping (sandbox-lost in 10000)",
    deleted: "stopping (deleted in 5000), stop-container 5000",
    removed: "stopping (removed in 5000), stop-container 5000",
    failed: "stopping (failed in 5000), stop-container 5000",
    "container ended": "discarding, remove-sandbox",
  },
  discarding: {
    "wanted with another image": "discarding",
    deleted: "discarding (deleted in 5000)",
    removed: "discarding (removed in 5000)",
    failed: "discarding (failed in 5000)",
    "sandbox removed": "sandboxing, run-sandbox",
  },
  "discarding, deleted": {
    "wanted with another image": "discarding (deleted in 10000)",
    deleted: "discarding (deleted in 5000)",
    removed: "discarding (removed in 5000)",
    failed: "discarding (deleted in 5000)",
    "sandbox removed": "clearing (deleted in 10000), clear",
  },
  settling: {
    "wanted with another image": "settling",
    deleted: "settling (deleted in 5000)",
    removed: "settling (removed in 5000)",
    failed: "settling (failed in 5000)",
    "sandbox stopped": "ended",
  },
  "settling, deleted": {
    "wanted with another image": "settling (deleted in 10000)",
    deleted: "settling (deleted in 5000)",
    removed: "settling (removed in 5000)",
    failed: "settling (deleted in 5000)",
    "sandbox stopped": "clearing (deleted in 10000), clear",
  },
  ended: {
    "wanted with another image": "ended",
    deleted: "clearing (deleted in 5000), clear",
    removed: "clearing (removed in 5000), clear",
  },
  "clearing, deleted": {
    "wanted with another image": "clearing (deleted in 10000)",
    deleted: "clearing (deleted in 5000)",
    removed: "clearing (removed in 5000)",
    failed: "clearing (deleted in 5000)",
    cleared: "reporting (deleted in 10000), report-gone",
  },
  "clearing, removed": {
    "wanted with another image": "clearing (removed in 10000)",
    deleted: "clearing (removed in 5000)",
    removed: "clearing (removed in 5000)",
    failed: "clearing (removed in 5000)",
    cleared: "gone (removed in 10000)",
  },
  reporting: {
    "wanted with another image": "reporting (deleted in 10000)",
    removed: "gone (deleted in 10000)",
    reported: "gone (deleted in 10000)",
  },
  gone: {},
};

describe.each(Object.entries(states))("a pod that is %s", (name, state) => {
  // The keys are the states' own.
  const row = expected[name as keyof typeof states];
  it.each(Object.entries(signals))("on: %s", (signal, given) => {
    expect(outcome(state, given)).toBe(row[signal as keyof typeof signals] ?? "same");
  });
});
