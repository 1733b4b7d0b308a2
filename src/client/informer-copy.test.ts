// Owns the proof that an index finds exactly the objects that stand under a value.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { KubeObject } from "../model/meta.ts";
import { InformerCopy } from "./informer-copy.ts";
import { keyOf } from "./resource-path.ts";

let version = 0;

const made = (namespace: string, name: string, places: readonly string[]): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: {
    name,
    namespace,
    uid: `${namespace}/${name}`,
    resourceVersion: String(++version),
    creationTimestamp: "2026-01-01T00:00:00Z",
    finalizers: [...places],
  },
});

const placesOf = ({ metadata }: KubeObject): readonly string[] => metadata.finalizers ?? [];

const place = fc.constantFrom("a", "b", "c");
const step = fc.record({
  do: fc.constantFrom("put", "put", "put", "delete", "replace"),
  namespace: fc.constantFrom("x", "y"),
  name: fc.constantFrom("n", "m"),
  // One value may be named twice.
  places: fc.array(place, { maxLength: 3 }),
});

it("finds under each value of an index the objects that stand under it, whatever changed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const copy = new InformerCopy<KubeObject>();
      copy.addIndex(placesOf);
      const model = new Map<string, KubeObject>();
      for (const one of steps) {
        const object = made(one.namespace, one.name, one.places);
        if (one.do === "replace") {
          model.clear();
          copy.replace([object], () => undefined);
        } else copy.take([{ type: one.do === "put" ? "MODIFIED" : "DELETED", object }], () => undefined);
        if (one.do === "delete") model.delete(keyOf(object));
        else model.set(keyOf(object), object);
        for (const value of ["a", "b", "c"]) {
          const found = [...copy.byIndex(placesOf, value)].map(keyOf).sort();
          const wanted = [...model.values()].filter((other) => placesOf(other).includes(value));
          expect(found).toEqual(wanted.map(keyOf).sort());
          for (const other of copy.byIndex(placesOf, value)) expect(model.get(keyOf(other))).toBe(other);
        }
      }
    }),
  );
});
