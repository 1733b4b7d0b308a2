// Owns the tables of the three patch types.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import type { Json, Patched } from "./patched.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const ok = (result: Patched): Json => {
  if (result.is === "bad") throw new Error(result.message);
  return result.value;
};

describe("merge patch (RFC 7386, appendix A)", () => {
  const rows: readonly { target: Json; patch: Json; result: Json }[] = [
    { target: { a: "b" }, patch: { a: "c" }, result: { a: "c" } },
    { target: { a: "b" }, patch: { b: "c" }, result: { a: "b", b: "c" } },
    { target: { a: "b" }, patch: { a: null }, result: {} },
    { target: { a: "b", b: "c" }, patch: { a: null }, result: { b: "c" } },
    { target: { a: ["b"] }, patch: { a: "c" }, result: { a: "c" } },
    { target: { a: { b: "c" } }, patch: { a: { b: "d", c: null } }, result: { a: { b: "d" } } },
    { target: { a: [{ b: "c" }] }, patch: { a: [1] }, result: { a: [1] } },
    { target: ["a", "b"], patch: ["c", "d"], result: ["c", "d"] },
    { target: { e: null }, patch: { a: 1 }, result: { e: null, a: 1 } },
    { target: [1, 2], patch: { a: "b", c: null }, result: { a: "b" } },
    { target: {}, patch: { a: { bb: { ccc: null } } }, result: { a: { bb: {} } } },
  ];
  it.each(rows)("$patch on $target", ({ target, patch, result }) => {
    expect(ok(applyMergePatch(target, patch))).toEqual(result);
  });

  it("a key named __proto__ is a key", () => {
    const patch: Json = JSON.parse('{"__proto__":{"a":1}}');
    expect(JSON.stringify(ok(applyMergePatch({}, patch)))).toBe('{"__proto__":{"a":1}}');
  });

  it("applied twice gives what applied once gives", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const once = ok(applyMergePatch(target as Json, patch as Json));
        expect(JSON.stringify(ok(applyMergePatch(once, patch as Json)))).toBe(JSON.stringify(once));
      }),
    );
  });
});

describe("JSON patch", () => {
  const rows: readonly { name: string; target: Json; patch: Json; result: Json | RegExp }[] = [
    { name: "add a key", target: {}, patch: [{ op: "add", path: "/a", value: 1 }], result: { a: 1 } },
    {
      name: "insert in a list",
      target: { a: [1, 3] },
      patch: [{ op: "add", path: "/a/1", value: 2 }],
      result: { a: [1, 2, 3] },
    },
    {
      name: "append",
      target: { a: [1] },
      patch: [{ op: "add", path: "/a/-", value: 2 }],
      result: { a: [1, 2] },
    },
    { name: "remove", target: { a: [1, 2] }, patch: [{ op: "remove", path: "/a/0" }], result: { a: [2] } },
    {
      name: "replace deep",
      target: { a: { "b/c": 1 } },
      patch: [{ op: "replace", path: "/a/b~1c", value: 2 }],
      result: { a: { "b/c": 2 } },
    },
    { name: "move", target: { a: 1 }, patch: [{ op: "move", from: "/a", path: "/b" }], result: { b: 1 } },
    {
      name: "copy",
      target: { a: 1 },
      patch: [{ op: "copy", from: "/a", path: "/b" }],
      result: { a: 1, b: 1 },
    },
    {
      name: "test holds",
      target: { a: { b: 1, c: 2 } },
      patch: [{ op: "test", path: "/a", value: { c: 2, b: 1 } }],
      result: { a: { b: 1, c: 2 } },
    },
    {
      name: "test fails",
      target: { a: 1 },
      patch: [{ op: "test", path: "/a", value: 2 }],
      result: /testing value \/a failed/,
    },
    {
      name: "remove what is not there",
      target: {},
      patch: [{ op: "remove", path: "/a" }],
      result: /nonexistent key: a/,
    },
    {
      name: "index out of range",
      target: { a: [] },
      patch: [{ op: "add", path: "/a/1", value: 2 }],
      result: /invalid index: 1/,
    },
    {
      name: "unknown operation",
      target: {},
      patch: [{ op: "mend", path: "/a" }],
      result: /Unexpected kind: "mend"/,
    },
    { name: "not a list", target: {}, patch: { op: "add" }, result: /list of operations/ },
    {
      name: "into its own child",
      target: { a: {} },
      patch: [{ op: "move", from: "/a", path: "/a/b" }],
      result: /own child/,
    },
  ];
  it.each(rows)("$name", ({ target, patch, result }) => {
    const found = applyJsonPatch(target, patch);
    if (result instanceof RegExp)
      expect(found).toEqual({ is: "bad", message: expect.stringMatching(result) });
    else expect(ok(found)).toEqual(result);
  });
});

describe("JSON patches that copy", () => {
  const doubling = (times: number): Json =>
    Array.from({ length: times }, (_, at) => ({ op: "copy", from: "/a", path: `/a/${at}` }));

  it("may, so far", () => {
    expect(applyJsonPatch({ a: {} }, doubling(8))).toMatchObject({ is: "ok" });
  });

  it("end before they fill the memory", () => {
    const message = expect.stringContaining("accumulated size increase of copy");
    expect(applyJsonPatch({ a: {} }, doubling(200))).toEqual({ is: "bad", message });
  });
});

it.each(["toString", "constructor", "__proto__", "hasOwnProperty"])(
  "a strategic merge patch of a field named %s is that of any field",
  (name) => {
    const patch: Json = JSON.parse(`{"${name}":{"a":[1]},"spec":{"${name}":"x"}}`);
    expect(applyStrategicMergePatch({ spec: {} }, patch, "Pod")).toEqual({ is: "ok", value: patch });
  },
);

describe("strategic merge patch", () => {
  const pod = (spec: Json): Json => ({ spec });
  const rows: readonly { name: string; target: Json; patch: Json; result: Json | RegExp }[] = [
    {
      name: "containers merge by name",
      target: pod({
        containers: [
          { name: "a", image: "x" },
          { name: "b", image: "y" },
        ],
      }),
      patch: pod({ containers: [{ name: "b", image: "z" }] }),
      result: pod({
        containers: [
          { name: "a", image: "x" },
          { name: "b", image: "z" },
        ],
      }),
    },
    {
      name: "a new container comes first, as upstream has it",
      target: pod({ containers: [{ name: "a" }] }),
      patch: pod({ containers: [{ name: "b" }] }),
      result: pod({ containers: [{ name: "b" }, { name: "a" }] }),
    },
    {
      name: "$patch delete takes an item out",
      target: pod({ containers: [{ name: "a" }, { name: "b" }] }),
      patch: pod({ containers: [{ name: "a", $patch: "delete" }] }),
      result: pod({ containers: [{ name: "b" }] }),
    },
    {
      name: "$patch replace in a list replaces it",
      target: pod({ containers: [{ name: "a" }] }),
      patch: pod({ containers: [{ name: "b" }, { $patch: "replace" }] }),
      result: pod({ containers: [{ name: "b" }] }),
    },
    {
      name: "$patch replace in a map replaces it",
      target: pod({ nodeSelector: { a: "1" } }),
      patch: pod({ nodeSelector: { b: "2", $patch: "replace" } }),
      result: pod({ nodeSelector: { b: "2" } }),
    },
    {
      name: "tolerations are replaced",
      target: pod({ tolerations: [{ key: "a" }] }),
      patch: pod({ tolerations: [{ key: "b" }] }),
      result: pod({ tolerations: [{ key: "b" }] }),
    },
    {
      name: "finalizers join as a set",
      target: { metadata: { finalizers: ["a", "b"] } },
      patch: { metadata: { finalizers: ["b", "c"] } },
      result: { metadata: { finalizers: ["a", "b", "c"] } },
    },
    {
      name: "$deleteFromPrimitiveList",
      target: { metadata: { finalizers: ["a", "b"] } },
      patch: { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } },
      result: { metadata: { finalizers: ["b"] } },
    },
    {
      name: "$setElementOrder orders, items of the server stay by their neighbours",
      target: pod({ containers: [{ name: "a" }, { name: "s" }, { name: "b" }] }),
      patch: pod({
        "$setElementOrder/containers": [{ name: "b" }, { name: "c" }, { name: "a" }],
        containers: [{ name: "c" }],
      }),
      result: pod({ containers: [{ name: "s" }, { name: "b" }, { name: "c" }, { name: "a" }] }),
    },
    {
      name: "$retainKeys clears the other source of a volume",
      target: pod({ volumes: [{ name: "v", emptyDir: {} }] }),
      patch: pod({ volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] }),
      result: pod({ volumes: [{ name: "v", hostPath: { path: "/x" } }] }),
    },
    {
      name: "null removes",
      target: pod({ nodeName: "n", priority: 1 }),
      patch: pod({ priority: null }),
      result: pod({ nodeName: "n" }),
    },
    {
      name: "ports merge by containerPort",
      target: pod({ containers: [{ name: "a", ports: [{ containerPort: 1 }, { containerPort: 2 }] }] }),
      patch: pod({ containers: [{ name: "a", ports: [{ containerPort: 2, name: "two" }] }] }),
      result: pod({
        containers: [{ name: "a", ports: [{ containerPort: 1 }, { containerPort: 2, name: "two" }] }],
      }),
    },
    {
      name: "an item without its key",
      target: pod({ containers: [] }),
      patch: pod({ containers: [{ image: "x" }] }),
      result: /merge key: name/,
    },
    {
      name: "an unknown directive",
      target: pod({}),
      patch: pod({ $patch: "mend" }),
      result: /\$patch: "mend"/,
    },
  ];
  it.each(rows)("$name", ({ target, patch, result }) => {
    const found = applyStrategicMergePatch(target, patch, "Pod");
    if (result instanceof RegExp)
      expect(found).toEqual({ is: "bad", message: expect.stringMatching(result) });
    else expect(ok(found)).toEqual(result);
  });
});
