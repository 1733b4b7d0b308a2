// Owns the proof of what the answer of a manifest URL comes to.
import { describe, expect, it } from "vitest";
import { readPodList } from "./plan-pod-list.ts";

const spec = { containers: [{ name: "main", image: "agent:1" }] };
const pod = (name: string) => ({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
const list = (...items: readonly unknown[]) => JSON.stringify({ apiVersion: "v1", kind: "PodList", items });
const read = (text: string) => readPodList(text, "n1", 0);

describe("the answer of a manifest URL (S.5)", () => {
  it.each([
    ["a Pod", JSON.stringify(pod("a")), ["a-n1"]],
    ["documents", `${JSON.stringify(pod("a"))}\n---\n${JSON.stringify(pod("b"))}`, ["a-n1", "b-n1"]],
    ["a PodList", list(pod("a"), pod("b")), ["a-n1", "b-n1"]],
    ["a PodList whose items say no kind", list({ metadata: { name: "a" }, spec }), ["a-n1"]],
    ["a list of none", list(), []],
  ])("may be %s", (_what, text, names) => {
    const found = read(text);
    expect(found.is === "pods" && found.pods.map(({ metadata }) => metadata.name)).toEqual(names);
    for (const one of found.is === "pods" ? found.pods : [])
      expect(one.metadata.annotations?.["kubernetes.io/config.source"]).toBe("http");
  });

  it.each([
    ["empty", "  \n", /^it is empty/],
    ["a page of a proxy", "<html><body>busy</body></html>", /not an object/],
    ["broken", "{", /./],
    [
      "of another kind",
      list(pod("a"), { ...pod("b"), kind: "Service" }),
      /items\[1\]\.kind: |its kind is Service/,
    ],
    ["of one name twice", list(pod("a"), pod("a")), /gives pod default\/a-n1 twice/],
  ])("is refused whole where it is %s", (_what, text, words) => {
    const found = read(text);
    expect(found.is === "refused" && found.complaints[0]?.because).toMatch(words);
  });
});
