// Owns the cost of one plan, in processor time, over clusters of growing size. `npm run bench:plan` measures the code as it is shipped; under tsx the same code takes longer.
import {
  makeNode,
  makePod,
  makeRevision,
  makeSet,
  noon,
  observe,
} from "../src/controllers/daemonset/cluster.fixture.ts";
import type { Observed } from "../src/controllers/daemonset/plan-action.ts";
import { planDaemonSet } from "../src/controllers/daemonset/plan-daemon-set.ts";
import { tuneEngine } from "../src/main/engine.ts";

tuneEngine();

const podSpec = {
  nodeSelector: { disk: "ssd" },
  tolerations: [{ key: "gpu", operator: "Exists" }],
};

/** A rollout in its middle: a tenth of the nodes tainted or unlabelled, half of the rest updated. */
function rollout(count: number): Observed {
  const old = makeSet({ image: "agent:1", podSpec });
  const set = makeSet({
    image: "agent:2",
    podSpec,
    spec: { minReadySeconds: 5, updateStrategy: { rollingUpdate: { maxUnavailable: "10%" } } },
  });
  const [first, second] = [makeRevision(old, 1), makeRevision(set, 2)];
  const nodes = Array.from({ length: count }, (_, at) =>
    makeNode(`node-${at}`, {
      labels: { disk: at % 20 === 0 ? "hdd" : "ssd" },
      spec: at % 20 === 1 ? { taints: [{ key: "role", value: "db", effect: "NoSchedule" }] } : {},
    }),
  );
  const pods = nodes
    .filter((_, at) => at % 20 > 1)
    .map((node, at) =>
      makePod(set, node.metadata.name, at % 2 === 0 ? first : second, { readySince: noon - 20_000 }),
    );
  return observe(set, { nodes, pods, revisions: [first, second] });
}

/** The first moment: no pod anywhere. */
function fresh(count: number): Observed {
  const set = makeSet();
  const nodes = Array.from({ length: count }, (_, at) => makeNode(`node-${at}`));
  return observe(set, { nodes, revisions: [makeRevision(set)] });
}

function measure(observed: Observed): { median: number; best: number; kilobytes: number; actions: number } {
  const times: number[] = [];
  let actions = 0;
  // A controller plans many times: what the first ones cost while the code is still being compiled is no measure.
  for (let turn = 0; turn < 10; turn++) planDaemonSet(observed);
  for (let turn = 0; turn < 15; turn++) {
    const start = process.cpuUsage();
    actions = planDaemonSet(observed).actions.length;
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const plan = planDaemonSet(observed);
  const kilobytes = Math.max(0, process.memoryUsage().heapUsed - before) / 1024;
  if (plan.actions.length !== actions) throw new Error("two plans of one observation differ");
  times.sort((a, b) => a - b);
  return { median: times[7] ?? 0, best: times[0] ?? 0, kilobytes, actions };
}

for (const [name, make] of [
  ["rollout half done", rollout],
  ["first creation", fresh],
] as const) {
  let last: { count: number; median: number } | undefined;
  for (const count of [1000, 5000, 100_000]) {
    const { median, best, kilobytes, actions } = measure(make(count));
    const growth =
      last === undefined ? "" : `, ${(median / last.median / (count / last.count)).toFixed(2)} of linear`;
    console.log(
      `plan: ${name}, ${count} nodes: ${median.toFixed(2)} ms (best ${best.toFixed(2)}), ${kilobytes.toFixed(0)} KB, ${actions} actions${growth}`,
    );
    last = { count, median };
  }
}
