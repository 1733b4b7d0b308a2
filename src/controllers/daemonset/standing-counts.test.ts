// Owns the test of whose turn it is in a rollout that goes on from plan to plan.
import { expect, test } from "vitest";
import { makePod, makeRevision, makeSet } from "./cluster.fixture.ts";
import { StandingCounts } from "./standing-counts.ts";

const set = makeSet();
const waits = (sums: StandingCounts, node: string): void => {
  const pod = makePod(set, node, makeRevision(set));
  sums.stand(node, { is: "waiting", pod: { pod, stage: "live", revision: "old", readySince: 0 } }, false);
};
const firstOf = (sums: StandingCounts, count: number) => [...sums.first(count)].map(({ node }) => node);

test("the first by name have their turn, whenever they came to wait, and are named until something happens to them", () => {
  const sums = new StandingCounts();
  for (const node of ["n3", "n1", "n5"]) waits(sums, node);
  expect(firstOf(sums, 2)).toEqual(["n1", "n3"]);
  expect(firstOf(sums, 2)).toEqual(["n1", "n3"]);
  expect(firstOf(sums, 0)).toEqual([]);
  sums.stand("n1", { is: "busy" }, false);
  expect([firstOf(sums, 1), sums.taken]).toEqual([["n3"], 1]);
  for (const node of ["n4", "n1"]) waits(sums, node);
  expect([firstOf(sums, 9), sums.taken]).toEqual([["n1", "n3", "n4", "n5"], 0]);
  sums.clear();
  expect(firstOf(sums, 9)).toEqual([]);
});
