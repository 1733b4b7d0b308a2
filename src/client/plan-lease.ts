// Owns the decision of a candidate for leadership, from the lease as it saw it.
import type { Instant, Millis } from "../lib/units.ts";
import type { LeaseSpec } from "../model/generated/types.ts";
import { formatMicroTime } from "../model/time.ts";

/** A lease's content, and when this candidate first saw it so, by its own clock: clocks of machines differ. */
export interface SeenLease {
  readonly spec: LeaseSpec;
  readonly at: Instant;
}

export type LeaseAction =
  | { readonly do: "create"; readonly spec: LeaseSpec }
  | { readonly do: "update"; readonly spec: LeaseSpec }
  | { readonly do: "wait" };

export interface Candidate {
  readonly identity: string;
  readonly leaseDuration: Millis;
}

/** Takes a lease nobody holds or whose holder fell silent for its duration; renews one's own. Source: client-go's leaderelection. */
export function planLease(seen: SeenLease | undefined, candidate: Candidate, now: Instant): LeaseAction {
  const { identity, leaseDuration } = candidate;
  const time = formatMicroTime(now);
  const spec: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDuration / 1000),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  };
  if (seen === undefined) return { do: "create", spec };
  const holder = seen.spec.holderIdentity ?? "";
  const transitions = seen.spec.leaseTransitions ?? 0;
  if (holder === identity) {
    const acquireTime = seen.spec.acquireTime ?? time;
    return { do: "update", spec: { ...spec, acquireTime, leaseTransitions: transitions } };
  }
  if (holder !== "" && now < seen.at + leaseDuration) return { do: "wait" };
  return { do: "update", spec: { ...spec, leaseTransitions: transitions + 1 } };
}

/** A lease given back: another candidate need not wait for it to run out. */
export function releasedLease(spec: LeaseSpec, now: Instant): LeaseSpec {
  const time = formatMicroTime(now);
  return {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: spec.leaseTransitions ?? 0,
  };
}
