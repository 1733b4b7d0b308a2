// Owns the proof that a change reaches those it can concern and nobody else, and that the index by node follows the pods.
import { expect, it } from "vitest";
import { pod } from "../../model/kinds/pod.ts";
import type { Pod } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { Held } from "./held.ts";
import { KindCache } from "./kind-cache.ts";
import type { Interest } from "./selection.ts";

const indexed: Descriptor<Pod> = { ...pod, fields: { "spec.nodeName": ({ spec }) => spec?.nodeName ?? "" } };
// Only pods come to this cache.
const kind = indexed as unknown as Descriptor;

function podOn(node: string, name: string, revision: number): Held {
  const metadata = {
    name,
    namespace: "default",
    uid: name,
    resourceVersion: String(revision),
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
  const made: Pod = { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [], nodeName: node } };
  return new Held(`/registry/pods/default/${name}`, revision, made);
}

const onNode = (node: string): Interest => ({ in: "node", node });
const everything = { namespace: undefined, isWhole: true, matches: () => true };
const namesOn = (cache: KindCache, node: string): string[] =>
  [...cache.select({ ...everything, interest: onNode(node) })].map(({ object }) => object.metadata.name);

it("finds pods by the node they are on now", () => {
  const cache = new KindCache(kind, 10);
  cache.put(podOn("", "a", 1));
  cache.put(podOn("n1", "a", 2));
  cache.put(podOn("n1", "b", 3));
  cache.put(podOn("n2", "a", 4));
  expect([namesOn(cache, ""), namesOn(cache, "n1"), namesOn(cache, "n2")]).toEqual([[], ["b"], ["a"]]);
  cache.delete("/registry/pods/default/b", 5);
  expect(namesOn(cache, "n1")).toEqual([]);
});

it("offers a change to those it can concern, once each", () => {
  const cache = new KindCache(kind, 10);
  const offered: string[] = [];
  const watch = (name: string, interest: Interest) =>
    cache.watch(interest, { offer: () => offered.push(name) > 0, cut: () => undefined });
  watch("n1", onNode("n1"));
  watch("n2", onNode("n2"));
  watch("n3", onNode("n3"));
  watch("all", { in: "all" });
  watch("default", { in: "namespace", namespace: "default" });
  watch("other", { in: "namespace", namespace: "other" });
  watch("a", { in: "object", namespace: "default", name: "a" });
  watch("b", { in: "object", namespace: "default", name: "b" });
  const end = watch("ended", { in: "all" });
  end();
  cache.put(podOn("n1", "a", 1));
  expect(offered.splice(0).sort()).toEqual(["a", "all", "default", "n1"]);
  cache.put(podOn("n2", "a", 2));
  expect(offered.splice(0).sort()).toEqual(["a", "all", "default", "n1", "n2"]);
  cache.delete("/registry/pods/default/a", 3);
  expect(offered.sort()).toEqual(["a", "all", "default", "n2"]);
});
