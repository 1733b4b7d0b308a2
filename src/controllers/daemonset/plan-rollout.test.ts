// Owns the tests of a rollout that is edited while it surges: never a third pod on a node (D.7, D.8).
import { expect, test } from "vitest";
import {
  makeNode,
  makePod,
  makeRevision,
  makeSet,
  noon,
  observe,
  tell,
  type PodTraits,
} from "./cluster.fixture.ts";
import { planDaemonSet } from "./plan-daemon-set.ts";

const spec = { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
const of = (image: string) => makeSet({ image, spec });
const [first, second, third] = [
  makeRevision(of("agent:1"), 1),
  makeRevision(of("agent:2"), 2),
  makeRevision(of("agent:3"), 3),
];
const long = noon - 600_000;
const serving = { name: "oldest", readySince: long, createdAt: long } satisfies PodTraits;

/** What is created and deleted on a node that has these pods, oldest first, once the third revision is current. */
function planned(older: PodTraits, newer: PodTraits | undefined): string[] {
  const set = of("agent:3");
  const pods = [makePod(set, "a", first, older)];
  if (newer !== undefined) pods.push(makePod(set, "a", second, newer));
  const { actions } = planDaemonSet(
    observe(set, { nodes: [makeNode("a")], pods, revisions: [first, second, third] }),
  );
  return actions.map(tell).filter((line) => /^(?:create|delete) /.test(line));
}

test.each([
  ["one that serves gets company", serving, undefined, ["create a surge"]],
  [
    "where two older ones stand, the newer goes and nothing comes",
    serving,
    { name: "middle", readySince: noon - 1000 },
    ["delete middle duplicate"],
  ],
  [
    "and nothing comes while it leaves",
    serving,
    { name: "middle", readySince: noon - 1000, leaving: true },
    [],
  ],
] as const)("%s", (_name, older, newer, expected) => {
  expect(planned(older, newer)).toEqual(expected);
});

test("one that leaves a dead node for ever takes up none of the budget", () => {
  const set = of("agent:3");
  const pods = [
    makePod(set, "a", first, { ...serving, name: "a-1" }),
    makePod(set, "a", second, { name: "a-2", leaving: true }),
    makePod(set, "b", first, { ...serving, name: "b-1" }),
  ];
  const nodes = [makeNode("a", { notReadySince: long }), makeNode("b")];
  const { actions } = planDaemonSet(observe(set, { nodes, pods, revisions: [first, second, third] }));
  expect(actions.map(tell)).toContain("create b surge");
  expect(actions.map(tell)).not.toContain("create a surge");
});
