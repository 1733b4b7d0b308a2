// Owns the conformance of changes in part on any Kubernetes API server: the patch types, and server-side apply.
import { describe, expect, it } from "vitest";
import { configMap, daemonSet, types, useSite, type Loose } from "./server.ts";

const site = useSite();

describe("patches", () => {
  const start = { a: "1", b: "2" };
  it.each([
    ["merge", types.merge, { data: { a: "9", b: null, c: "3" } }, { a: "9", c: "3" }],
    ["strategic, of a map", types.strategic, { data: { a: "9", b: null } }, { a: "9" }],
    ["strategic, in place of a map", types.strategic, { data: { $patch: "replace", z: "1" } }, { z: "1" }],
    ["JSON: add", types.jsonPatch, [{ op: "add", path: "/data/c", value: "3" }], { ...start, c: "3" }],
    [
      "JSON: replace and test",
      types.jsonPatch,
      [
        { op: "test", path: "/data/a", value: "1" },
        { op: "replace", path: "/data/a", value: "8" },
      ],
      { a: "8", b: "2" },
    ],
    ["JSON: move", types.jsonPatch, [{ op: "move", from: "/data/a", path: "/data/c" }], { b: "2", c: "1" }],
    ["JSON: copy", types.jsonPatch, [{ op: "copy", from: "/data/a", path: "/data/c" }], { ...start, c: "1" }],
    ["JSON: remove", types.jsonPatch, [{ op: "remove", path: "/data/a" }], { b: "2" }],
  ])("%s", async (_name, type, patch, data) => {
    await site().ask("DELETE", "configmaps/patched");
    await site().must("POST", "configmaps", configMap("patched", start));
    expect((await site().must("PATCH", "configmaps/patched", patch, { type })).data).toEqual(data);
  });

  it.each([
    ["a test that fails", types.jsonPatch, [{ op: "test", path: "/data/a", value: "2" }], 422],
    ["a path that is not there", types.jsonPatch, [{ op: "remove", path: "/data/none" }], 422],
    ["no list of operations", types.jsonPatch, {}, 400],
    ["a wrong type", types.merge, { data: { a: 5 } }, 422],
    ["another name", types.merge, { metadata: { name: "other" } }, 400],
    ["no patch type", types.json, {}, 415],
    ["an old version", types.merge, { metadata: { resourceVersion: "1" } }, 409],
    ["a list for an object", types.merge, [1], 400],
  ])("are refused with %s", async (_name, type, patch, code) => {
    await site().ask("POST", "configmaps", configMap("kept", start));
    const refused = await site().ask("PATCH", "configmaps/kept", patch, { type });
    // What is made of an object by a list may be refused before or after it is made.
    expect(Array.isArray(patch) && type === types.merge ? [code, 422] : [code]).toContain(refused.code);
    expect((await site().must("GET", "configmaps/kept")).data).toEqual(start);
  });

  const env = (list: Loose): string[] =>
    list.map((one: { name: string; value: string }) => `${one.name}=${one.value}`);
  it.each([
    [
      "joins lists by their key",
      [
        { name: "A", value: "9" },
        { name: "C", value: "3" },
      ],
      ["A=9", "B=2", "C=3"],
    ],
    ["deletes an item", [{ name: "A", $patch: "delete" }], ["B=2"]],
    ["puts a list in place of another", [{ $patch: "replace" }, { name: "Z", value: "1" }], ["Z=1"]],
  ])("strategic: %s", async (_name, given, expected) => {
    await site().ask("DELETE", "daemonsets/lists");
    await site().must(
      "POST",
      "daemonsets",
      daemonSet(
        "lists",
        {},
        {
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "2" },
          ],
        },
      ),
    );
    const patch = { spec: { template: { spec: { containers: [{ name: "main", env: given }] } } } };
    const patched = await site().must("PATCH", "daemonsets/lists", patch, { type: types.strategic });
    expect(env(patched.spec.template.spec.containers[0].env).sort()).toEqual(expected);
  });

  it("strategic: keeps the order it is told", async () => {
    await site().must(
      "POST",
      "daemonsets",
      daemonSet(
        "order",
        {},
        {
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "2" },
          ],
        },
      ),
    );
    const container = {
      name: "main",
      "$setElementOrder/env": [{ name: "C" }, { name: "B" }, { name: "A" }],
      env: [{ name: "C", value: "3" }],
    };
    const patch = {
      spec: {
        template: { spec: { "$setElementOrder/containers": [{ name: "main" }], containers: [container] } },
      },
    };
    const patched = await site().must("PATCH", "daemonsets/order", patch, { type: types.strategic });
    expect(env(patched.spec.template.spec.containers[0].env)).toEqual(["C=3", "B=2", "A=1"]);
  });
});

describe("server-side apply", () => {
  const apply = (
    name: string,
    data: Readonly<Record<string, string>>,
    manager: string,
    more: Readonly<Record<string, string>> = {},
  ) =>
    site().ask("PATCH", `configmaps/${name}`, configMap(name, data), {
      type: types.apply,
      query: { fieldManager: manager, ...more },
    });
  const ownersOf = (object: Loose): Record<string, string[]> =>
    Object.fromEntries(
      object.metadata.managedFields.map((one: Loose) => [
        `${one.manager} ${one.operation}`,
        Object.keys(one.fieldsV1["f:data"] ?? {})
          .filter((key) => key !== ".")
          .sort(),
      ]),
    );

  it("makes, changes, and takes away what one no longer speaks of", async () => {
    const made = await apply("applied", { a: "1", b: "2" }, "one");
    expect([made.code, ownersOf(made.json)]).toEqual([201, { "one Apply": ["f:a", "f:b"] }]);
    const changed = await apply("applied", { a: "9" }, "one");
    expect([changed.code, changed.json.data]).toEqual([200, { a: "9" }]);
    const same = await apply("applied", { a: "9" }, "one");
    expect(same.json.metadata.resourceVersion).toBe(changed.json.metadata.resourceVersion);
  });

  it("names who owns what another wants, and gives it to who forces", async () => {
    await apply("contested", { a: "1" }, "one");
    const refused = await apply("contested", { a: "2", b: "2" }, "two");
    expect(refused.code).toBe(409);
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.a');
    expect(refused.json.details.causes).toEqual([
      { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.a" },
    ]);
    const forced = await apply("contested", { a: "2", b: "2" }, "two", { force: "true" });
    expect([forced.json.data, ownersOf(forced.json)]).toMatchObject([
      { a: "2", b: "2" },
      { "two Apply": ["f:a", "f:b"] },
    ]);
  });

  it("shares what two want alike, and leaves it until both let go", async () => {
    await apply("shared", { a: "1" }, "one");
    expect(ownersOf((await apply("shared", { a: "1" }, "two")).json)).toEqual({
      "one Apply": ["f:a"],
      "two Apply": ["f:a"],
    });
    expect((await apply("shared", {}, "one")).json.data).toEqual({ a: "1" });
    expect((await apply("shared", {}, "two")).json.data ?? {}).toEqual({});
  });

  it("meets what others wrote otherwise", async () => {
    await apply("mixed", { a: "1" }, "one");
    await site().must(
      "PATCH",
      "configmaps/mixed",
      { data: { a: "2" } },
      { type: types.merge, query: { fieldManager: "hand" } },
    );
    const refused = await apply("mixed", { a: "1" }, "one");
    expect([refused.code, refused.json.message]).toEqual([
      409,
      expect.stringContaining('conflict with "hand" using v1'),
    ]);
  });

  it.each([
    ["without a manager", configMap("x"), {}, 422],
    ["without a kind", { metadata: { name: "x" } }, { fieldManager: "one" }, 400],
    ["with owners", configMap("x", {}, { managedFields: [{ manager: "m" }] }), { fieldManager: "one" }, 400],
    ["with another name", configMap("y"), { fieldManager: "one" }, 400],
  ])("is refused %s", async (_name, body, query, code) => {
    expect((await site().ask("PATCH", "configmaps/x", body, { type: types.apply, query })).code).toBe(code);
  });

  it("is refused with a field there is not", async () => {
    const body = { ...configMap("x"), strange: 1 };
    const more = { type: types.apply, query: { fieldManager: "one" } };
    // Upstream does not say whose fault it is that the field is in no schema.
    expect([400, 500]).toContain((await site().ask("PATCH", "configmaps/x", body, more)).code);
  });

  it("force is for it alone", async () => {
    await site().ask("POST", "configmaps", configMap("kept"));
    expect(
      (await site().ask("PATCH", "configmaps/kept", {}, { type: types.merge, query: { force: "true" } }))
        .code,
    ).toBe(422);
  });

  it("reads YAML, and shows who owns which item of a list", async () => {
    const text = `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: yaml}\nspec:\n  selector: {matchLabels: {app: yaml}}\n  template:\n    metadata: {labels: {app: yaml}}\n    spec:\n      nodeSelector: {none: such}\n      containers:\n      - name: main\n        image: agent:1\n        env: [{name: A, value: "1"}]\n`;
    const made = await site().must("PATCH", "daemonsets/yaml", text, {
      type: types.apply,
      query: { fieldManager: "one" },
    });
    const containers =
      made.metadata.managedFields[0].fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"];
    expect(containers['k:{"name":"main"}']["f:env"]).toMatchObject({ 'k:{"name":"A"}': { "f:value": {} } });
  });
});
