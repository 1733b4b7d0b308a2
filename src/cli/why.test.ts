// Owns the tests of how `why` reads its question and prints its answer.
import { expect, test } from "vitest";
import { daemonSetNamed, whyJson, whyLines, type WhyAnswer } from "./why.ts";

test.each([
  ["ds/rng", "rng"],
  ["daemonset/rng", "rng"],
  ["daemonsets.apps/rng", "rng"],
  ["deploy/rng", undefined],
  ["rng", undefined],
  ["ds/", undefined],
  ["ds/a/b", undefined],
])("%s names %s", (target, name) => {
  expect(daemonSetNamed(target)).toBe(name);
});

const answer: WhyAnswer = {
  daemonSet: { name: "rng", namespace: "default" },
  nodes: [
    { node: "a", wanted: true, is: "runs", pod: "rng-x", message: "runs" },
    { node: "long-name", wanted: false, is: "unwanted", pod: undefined, message: "no pod: cordoned" },
  ],
};

test("a table for people, the same for programs", () => {
  expect(whyLines(answer)).toEqual([
    "NODE        WANTED   POD     WHY",
    "a           yes      rng-x   runs",
    "long-name   no       -       no pod: cordoned",
  ]);
  expect(JSON.parse(whyJson(answer))).toEqual({
    ...answer,
    nodes: [
      answer.nodes[0],
      { node: "long-name", wanted: false, is: "unwanted", message: "no pod: cordoned" },
    ],
  });
});
