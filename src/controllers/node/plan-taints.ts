// Owns which taints a node's conditions and its cordon call for.
import type { Instant } from "../../lib/units.ts";
import type { Node, Taint } from "../../model/generated/types.ts";
import { formatTime } from "../../model/time.ts";
import { conditionOf } from "./plan-node-health.ts";

type Effect = "NoSchedule" | "NoExecute";

interface Rule {
  readonly condition: string;
  readonly status: "True" | "False" | "Unknown";
  readonly key: string;
  readonly effects: readonly Effect[];
}

// Source: upstream's node-lifecycle controller, nodeConditionToTaintKeyStatusMap and its NoExecute pass.
const rules: readonly Rule[] = [
  {
    condition: "Ready",
    status: "False",
    key: "node.kubernetes.io/not-ready",
    effects: ["NoSchedule", "NoExecute"],
  },
  {
    condition: "Ready",
    status: "Unknown",
    key: "node.kubernetes.io/unreachable",
    effects: ["NoSchedule", "NoExecute"],
  },
  {
    condition: "MemoryPressure",
    status: "True",
    key: "node.kubernetes.io/memory-pressure",
    effects: ["NoSchedule"],
  },
  {
    condition: "DiskPressure",
    status: "True",
    key: "node.kubernetes.io/disk-pressure",
    effects: ["NoSchedule"],
  },
  {
    condition: "PIDPressure",
    status: "True",
    key: "node.kubernetes.io/pid-pressure",
    effects: ["NoSchedule"],
  },
  {
    condition: "NetworkUnavailable",
    status: "True",
    key: "node.kubernetes.io/network-unavailable",
    effects: ["NoSchedule"],
  },
];
const cordonKey = "node.kubernetes.io/unschedulable";

/** The node's taints as they should be; "right" where they are. Taints that others set are kept as they stand. */
export function planTaints(node: Node, now: Instant): readonly Taint[] | "right" {
  const before = node.spec?.taints ?? [];
  const called = calledFor(node);
  const kept = before.filter((taint) => {
    const verdict = called.get(idOf(taint));
    return verdict === undefined || verdict === "called";
  });
  const present = new Set(before.map(idOf));
  const added = [...called].flatMap(([id, verdict]) =>
    verdict === "called" && !present.has(id) ? [taintOf(id, now)] : [],
  );
  return added.length === 0 && kept.length === before.length ? "right" : [...kept, ...added];
}

type Verdict = "called" | "uncalled";

const idOf = (taint: Pick<Taint, "key" | "effect">): string => `${taint.key}:${taint.effect}`;

function taintOf(id: string, now: Instant): Taint {
  const colon = id.lastIndexOf(":");
  return { key: id.slice(0, colon), effect: id.slice(colon + 1), timeAdded: formatTime(now) };
}

/** Every taint that is ours to say, by key and effect. Of a node without a Ready condition we know nothing and leave both. */
function calledFor(node: Node): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const { condition, status, key, effects } of rules) {
    const found = conditionOf(node, condition);
    if (found === undefined && condition === "Ready") continue;
    for (const effect of effects)
      verdicts.set(idOf({ key, effect }), found?.status === status ? "called" : "uncalled");
  }
  const cordoned: Verdict = node.spec?.unschedulable === true ? "called" : "uncalled";
  return verdicts.set(idOf({ key: cordonKey, effect: "NoSchedule" }), cordoned);
}
