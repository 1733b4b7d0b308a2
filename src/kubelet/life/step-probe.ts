// Owns when a container's probes are due and what their results come to (k8s.io/docs: liveness, readiness and startup probes).
import type { Instant, Millis } from "../../lib/units.ts";
import type { Container, Probe } from "../../model/generated/types.ts";

export type ProbeName = "startup" | "liveness" | "readiness";
export const probeNames = ["startup", "liveness", "readiness"] as const;

export interface ProbeState {
  readonly dueAt: Instant;
  readonly asked: boolean;
  /** Results of one kind in a row. */
  readonly streak: { readonly of: "success" | "failure"; readonly count: number };
}

export type Probes = Readonly<Partial<Record<ProbeName, ProbeState>>>;

export const probeSpecOf = (container: Container, probe: ProbeName): Probe | undefined =>
  ({
    startup: container.startupProbe,
    liveness: container.livenessProbe,
    readiness: container.readinessProbe,
  })[probe];

const periodOf = (spec: Probe): Millis => (spec.periodSeconds ?? 10) * 1000;

/** The probes of a container that has just started. */
export function freshProbes(container: Container, startedAt: Instant): Probes {
  const probes: Partial<Record<ProbeName, ProbeState>> = {};
  for (const name of probeNames) {
    const spec = probeSpecOf(container, name);
    if (spec !== undefined)
      probes[name] = {
        dueAt: startedAt + (spec.initialDelaySeconds ?? 0) * 1000,
        asked: false,
        streak: { of: "success", count: 0 },
      };
  }
  return probes;
}

/** Startup holds back the others; once it has passed it is not asked again. */
const isActive = (name: ProbeName, started: boolean): boolean => (name === "startup") !== started;

/** The probes to run now, marked as asked. */
export function takeDueProbes(
  probes: Probes,
  started: boolean,
  now: Instant,
): { readonly probes: Probes; readonly due: readonly ProbeName[] } {
  const due: ProbeName[] = [];
  let next = probes;
  for (const name of probeNames) {
    const state = probes[name];
    if (state === undefined || state.asked || state.dueAt > now || !isActive(name, started)) continue;
    due.push(name);
    next = { ...next, [name]: { ...state, asked: true } };
  }
  return { probes: next, due };
}

/** When the next probe is due, or nothing. */
export function nextProbeDue(probes: Probes, started: boolean): Instant | undefined {
  let next: Instant | undefined;
  for (const name of probeNames) {
    const state = probes[name];
    if (state === undefined || state.asked || !isActive(name, started)) continue;
    if (next === undefined || state.dueAt < next) next = state.dueAt;
  }
  return next;
}

/** Takes in a result; `verdict` says what the thresholds make of it. */
export function takeProbeResult(
  state: ProbeState,
  spec: Probe,
  success: boolean,
  now: Instant,
): { readonly state: ProbeState; readonly verdict: "passed" | "failed" | "undecided" } {
  const of = success ? "success" : "failure";
  const count = state.streak.of === of ? state.streak.count + 1 : 1;
  const threshold = success ? (spec.successThreshold ?? 1) : (spec.failureThreshold ?? 3);
  const period = periodOf(spec);
  const dueAt = state.dueAt + period > now ? state.dueAt + period : now + period;
  return {
    state: { dueAt, asked: false, streak: { of, count } },
    verdict: count < threshold ? "undecided" : success ? "passed" : "failed",
  };
}
