// Owns the planted faults: what a bug in a component would look like from outside, one each, so that the judge can be judged.
import type { DaemonSet } from "../../src/model/generated/types.ts";
import type { Mutation } from "./cluster.ts";
import type { Fault } from "./faults.ts";
import {
  anyPodServes,
  byNameAlone,
  emptyWhereUnreadable,
  forgetful,
  forgetsRestarts,
  hasty,
  isPodDeletion,
  lostEvents,
  mirrorsMatter,
  onPath,
  randomNames,
  skippedChanges,
  staleEvents,
  startsTwice,
  takesFromOthers,
  toldOtherwise,
  withBody,
} from "./mutations.ts";

export interface Mutant {
  readonly name: string;
  /** Statements of which at least one must be found broken. */
  readonly breaks: readonly string[];
  /** What has to go wrong beside it; all faults unless given. */
  readonly faults?: readonly Fault[];
  /** Each run gets its own. */
  readonly make: () => Mutation;
}

export const mutants: readonly Mutant[] = [
  {
    name: "deletions of running pods without grace",
    breaks: ["K.2", "D.7"],
    make: () => ({
      request: (who, request) =>
        who === "controllers" && isPodDeletion(request)
          ? withBody(request, (body: object) => Object.assign(body, { gracePeriodSeconds: 0 }))
          : request,
    }),
  },
  {
    name: "deletions answered and not done",
    breaks: ["D.14", "D.17", "D.1", "D.7", "D.6", "D.11"],
    make: () => ({
      request: (who, request) =>
        who === "controllers" && isPodDeletion(request)
          ? withBody(request, (body: object) => Object.assign(body, { dryRun: ["All"] }))
          : request,
    }),
  },
  {
    name: "a budget counted wrongly",
    breaks: ["D.14"],
    make: () =>
      toldOtherwise("sets", (set: DaemonSet & { spec: { updateStrategy: object } }) => {
        const rollingUpdate = { maxUnavailable: "100%", maxSurge: 0 };
        set.spec.updateStrategy = { type: "RollingUpdate", rollingUpdate };
      }),
  },
  {
    name: "a budget of one more",
    breaks: ["D.14"],
    make: () =>
      toldOtherwise("sets", (set: DaemonSet) => {
        const rollingUpdate = set.spec?.updateStrategy?.rollingUpdate;
        if (typeof rollingUpdate?.maxUnavailable === "number" && rollingUpdate.maxUnavailable > 0)
          rollingUpdate.maxUnavailable += 1;
      }),
  },
  {
    name: "a budget that counts pods as serving before they are Ready",
    breaks: ["D.14", "D.11", "D.12"],
    make: anyPodServes,
  },
  {
    name: "a budget that does not wait for minReadySeconds",
    breaks: ["D.14", "D.12"],
    faults: ["users", "rollouts"],
    make: () =>
      toldOtherwise("sets", (set: DaemonSet & { spec: { minReadySeconds?: number } }) => {
        set.spec.minReadySeconds = 0;
      }),
  },
  {
    name: "deletions by name alone",
    breaks: ["V.3", "K.2"],
    faults: ["weather", "delete-pod"],
    make: () => byNameAlone,
  },
  {
    name: "an adoption that does not look for a controller",
    breaks: ["D.10"],
    faults: ["owners", "users"],
    make: takesFromOthers,
  },
  {
    name: "a 410 that is not followed by a new list",
    breaks: ["V.2", "K.4", "D.1", "D.6", "D.7", "D.11", "D.14", "D.17", "D.18", "K.2", "S.7"],
    make: () => ({ batch: (_who, _request, batch) => batch.filter(({ type }) => type !== "ERROR") }),
  },
  { name: "a mirror whose end is its container's", breaks: ["S.3", "S.7"], make: mirrorsMatter },
  {
    name: "static pods that end with their folder",
    breaks: ["S.11"],
    faults: ["statics"],
    make: () => emptyWhereUnreadable,
  },
  { name: "a second start after a kubelet's restart", breaks: ["K.2", "S.10"], make: startsTwice },
  { name: "restarts that are counted anew", breaks: ["K.2"], faults: ["pods"], make: forgetsRestarts },
  {
    name: "a write answered before it is durable",
    breaks: ["V.1"],
    make: () => ({ acknowledgesEarly: true }),
  },
  {
    name: "a store whose watch skips a change",
    breaks: ["V.2", "V.1", "D.1", "D.6", "D.7", "D.11", "K.2"],
    make: skippedChanges,
  },
  {
    name: "a watch that loses events",
    breaks: ["V.2", "D.1", "D.6", "D.7", "D.11", "K.2"],
    make: lostEvents,
  },
  {
    name: "a watch that repeats what is past",
    breaks: ["V.2", "D.1", "D.6", "D.7", "D.11", "K.2"],
    make: staleEvents,
  },
  { name: "names drawn rather than derived, and answers lost", breaks: ["D.7"], make: randomNames },
  {
    name: "a kubelet that reports pods gone before their containers ended",
    breaks: ["K.2", "D.7"],
    make: () => ({ runtime: hasty }),
  },
  {
    name: "a kubelet that does not adopt what runs",
    breaks: ["K.2", "D.7", "S.10"],
    make: forgetful,
  },
  {
    name: "a status that counts one too many",
    breaks: ["D.11"],
    make: () =>
      onPath(/\/daemonsets\/[^/]+\/status$/, (set: DaemonSet & { status: { numberReady: number } }) => {
        set.status.numberReady += 1;
      }),
  },
  {
    name: "a status that claims what it has not observed",
    breaks: ["D.11"],
    make: () =>
      onPath(
        /\/daemonsets\/[^/]+\/status$/,
        (set: DaemonSet & { status: { observedGeneration?: number } }) => {
          set.status.observedGeneration = 1;
        },
      ),
  },
  {
    name: "a scheduler that binds to one node only",
    breaks: ["D.1", "D.7", "D.6", "D.11"],
    make: () =>
      onPath(/\/binding$/, (binding: { target: { name: string } }) => {
        binding.target.name = "node-1";
      }),
  },
];
