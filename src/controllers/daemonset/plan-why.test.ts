// Owns the tests of what a person is told about each node.
import { expect, test } from "vitest";
import { occupancyOf } from "../../model/placement.ts";
import { makeNode, makePod, makeRevision, makeSet, noon, observe } from "./cluster.fixture.ts";
import { planWhy, whyText } from "./plan-why.ts";

test("each node has one answer, in words", () => {
  const podSpec = {
    containers: [{ name: "agent", image: "agent:2", resources: { requests: { cpu: "500m" } } }],
    nodeSelector: { disk: "ssd" },
  };
  const set = makeSet({ podSpec, spec: { minReadySeconds: 30 } });
  const old = makeRevision(makeSet({ image: "agent:1" }), 1);
  const current = makeRevision(set, 2);
  const labels = { disk: "ssd" };
  const full = { allocatable: { cpu: "100m", pods: "10" } };
  const tainted = { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] };
  const observed = observe(set, {
    nodes: [
      makeNode("runs", { labels }),
      makeNode("settles", { labels }),
      makeNode("starts", { labels }),
      makeNode("old-1", { labels }),
      makeNode("old-2", { labels }),
      makeNode("full", { labels, status: full }),
      makeNode("failing", { labels }),
      makeNode("new", { labels }),
      makeNode("unlabelled"),
      makeNode("tainted", { labels, spec: tainted }),
      makeNode("kept", { labels, spec: tainted }),
    ],
    pods: [
      makePod(set, "runs", current, { readySince: noon - 40_000 }),
      makePod(set, "settles", current, { readySince: noon - 10_000 }),
      makePod(set, "starts", current),
      makePod(set, "old-1", old, { readySince: noon - 40_000 }),
      makePod(set, "old-2", old, { readySince: noon - 40_000 }),
      makePod(set, "full", current, { unbound: true, phase: "Pending" }),
      makePod(set, "failing", current, { phase: "Failed" }),
      makePod(set, "kept", current, { readySince: noon - 40_000 }),
    ],
    revisions: [old, current],
    backOffs: new Map([["failing", { delay: 8000, since: noon - 1000 }]]),
  });
  const answers = planWhy(observed, () => occupancyOf([]));
  const pods = new Map([...observed.pods].map((pod) => [pod.spec?.nodeName ?? "", pod.metadata.name]));
  const lines = Object.fromEntries(answers.map(({ node, why }) => [node, whyText(why)]));
  expect(lines).toEqual({
    runs: "runs",
    settles: "Ready, counts as available in 20 s",
    starts: `${pods.get("starts")} is not Ready`,
    "old-1": "runs an older revision; it waits until the rollout's budget allows",
    "old-2": "runs an older revision; it waits until the rollout's budget allows",
    full: expect.stringMatching(/waits to be scheduled: cpu: 500m wanted, 100m free$/),
    failing: `${pods.get("failing")} ended; it is replaced in 7 s`,
    new: "a pod is made now",
    unlabelled: "no pod: nodeSelector wants disk=ssd, the node has none",
    tainted: "no pod: the taint gpu=yes:NoSchedule is not tolerated",
    kept: "runs, but would not be made anew: the taint gpu=yes:NoSchedule is not tolerated",
  });
  expect(answers.filter(({ wanted }) => !wanted).map(({ node }) => node)).toEqual([
    "kept",
    "tainted",
    "unlabelled",
  ]);
});

test("a pod that is not Ready tells what its containers wait for; a stranger does not know the back-off", () => {
  const set = makeSet();
  const current = makeRevision(set);
  const starting = makePod(set, "a", current);
  const waiting = { reason: "CrashLoopBackOff", message: "back-off 20s restarting" };
  const status = {
    ...starting.status,
    containerStatuses: [
      { name: "agent", image: "x", imageID: "x", ready: false, restartCount: 3, state: { waiting } },
    ],
  };
  const observed = observe(set, {
    nodes: [makeNode("a"), makeNode("b")],
    pods: [{ ...starting, status }, makePod(set, "b", current, { phase: "Failed" })],
    revisions: [current],
  });
  expect(planWhy(observed).map(({ why }) => whyText(why).replace(/rng-[\w-]+/, "rng-x"))).toEqual([
    "rng-x is not Ready: agent: CrashLoopBackOff, back-off 20s restarting",
    "rng-x ended; it is replaced once its back-off has passed, at most 15 min",
  ]);
});
