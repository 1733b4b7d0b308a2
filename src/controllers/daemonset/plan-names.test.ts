// Owns the tests of the names that plans give to pods: what was asked for once is asked for again, never beside it.
import { expect, test } from "vitest";
import { makeNode, makeRevision, makeSet, observe } from "./cluster.fixture.ts";
import { planDaemonSet, planNewNode } from "./plan-daemon-set.ts";
import { placementRulesOf } from "./plan-placement.ts";

const set = makeSet();
const revision = makeRevision(set);
const node = makeNode("a");
const created = (actions: readonly { do: string; name?: string }[]) =>
  actions.filter((action) => action.do === "create-pod").map(({ name }) => name);
const seen = observe(set, { nodes: [node], revisions: [revision] });
const [free] = created(planDaemonSet(seen).actions);
const stepped = created(planDaemonSet({ ...seen, nameTaken: (name) => name === free }).actions)[0] ?? "";

test("D.7: a name that was stepped over once is not gone back to while a create of the other is on its way", () => {
  expect(stepped).not.toBe(free);
  const asked = new Map([["a", stepped]]);
  expect(created(planDaemonSet({ ...seen, asked }).actions)).toEqual([stepped]);
  const { current } = planDaemonSet(seen);
  const basis = current && { current, placing: placementRulesOf(set) };
  expect(basis && created(planNewNode({ ...seen, asked }, basis, node))).toEqual([stepped]);
});

test("a name that was asked for and is another's by now is stepped over", () => {
  const nameTaken = (name: string) => name === free;
  const asked = new Map([["a", free ?? ""]]);
  expect(created(planDaemonSet({ ...seen, asked, nameTaken }).actions)).toEqual([stepped]);
});
