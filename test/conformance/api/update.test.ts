// Owns the conformance of updates and patches: concurrency, generation, what each part may change, binding.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  configMapNamed,
  configMaps,
  daemonSetNamed,
  daemonSets,
  podNamed,
  pods,
  tryPipeline,
  type Shown,
  type Tried,
} from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline();
});
afterEach(() => tried.stop());

const statusesOf = (answers: readonly { status: number }[]): number[] =>
  answers.map(({ status }) => status).toSorted((left, right) => left - right);

const merge = { contentType: "application/merge-patch+json" };
const json = { contentType: "application/json-patch+json" };
const strategic = { contentType: "application/strategic-merge-patch+json" };

describe("optimistic concurrency", () => {
  it("a stale version: 409, word for word", async () => {
    const made = await tried.must("POST", daemonSets, daemonSetNamed("x"));
    await tried.must("PUT", `${daemonSets}/x`, {
      ...made,
      metadata: { ...made.metadata, labels: { a: "1" } },
    });
    const answer = await tried.ask("PUT", `${daemonSets}/x`, {
      ...made,
      metadata: { ...made.metadata, labels: { a: "2" } },
    });
    expect(answer).toMatchObject({
      status: 409,
      body: {
        reason: "Conflict",
        code: 409,
        message:
          'Operation cannot be fulfilled on daemonsets.apps "x": the object has been modified; please apply your changes to the latest version and try again',
        details: { name: "x", group: "apps", kind: "daemonsets" },
      },
    });
  });

  it("without a version an update always goes through", async () => {
    await tried.must("POST", configMaps, configMapNamed("x", { a: "1" }));
    await tried.must("PUT", `${configMaps}/x`, configMapNamed("x", { a: "2" }));
    expect((await tried.must("PUT", `${configMaps}/x`, configMapNamed("x", { a: "3" }))).data).toEqual({
      a: "3",
    });
  });

  it("the uid of another object: 409", async () => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    const { body } = await tried.ask("PUT", `${configMaps}/x`, configMapNamed("x", {}, { uid: "other" }));
    expect(body).toMatchObject({ code: 409, message: expect.stringContaining("UID in precondition: other") });
  });

  it("what changes nothing is no write", async () => {
    const made = await tried.must("POST", daemonSets, daemonSetNamed("x"));
    const before = tried.store.revision();
    expect(await tried.must("PUT", `${daemonSets}/x`, made)).toEqual(made);
    expect(await tried.must("PATCH", `${daemonSets}/x`, { spec: {} }, merge)).toEqual(made);
    expect(tried.store.revision()).toBe(before);
  });

  it("many patches at once all go through, each on what the one before left", async () => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        tried.must("PATCH", `${configMaps}/x`, { data: { [`k${at}`]: "v" } }, merge),
      ),
    );
    expect(Object.keys((await tried.must("GET", `${configMaps}/x`)).data ?? {})).toHaveLength(20);
  });

  it("of many updates of one version one goes through", async () => {
    const made = await tried.must("POST", configMaps, configMapNamed("x"));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        tried.ask("PUT", `${configMaps}/x`, { ...made, data: { by: String(at) } }),
      ),
    );
    expect(statusesOf(answers)).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
  });

  it("a patch that names a stale version: 409", async () => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    const patch = { metadata: { resourceVersion: "1" }, data: { a: "1" } };
    expect((await tried.ask("PATCH", `${configMaps}/x`, patch, merge)).body).toMatchObject({
      reason: "Conflict",
    });
  });
});

describe("what an update may change", () => {
  let made: Shown;
  beforeEach(async () => {
    made = await tried.must("POST", daemonSets, daemonSetNamed("x"));
  });
  const put = (change: object, part = "") =>
    tried.must("PUT", `${daemonSets}/x${part}`, { ...made, ...change });

  it("the generation grows with the spec, and with nothing else", async () => {
    const labelled = await put({ metadata: { name: "x", labels: { a: "b" } } });
    expect(labelled.metadata.generation).toBe(1);
    const changed = await put({ metadata: { name: "x" }, spec: daemonSetNamed("x", "agent:2").spec });
    expect(changed.metadata).toMatchObject({ generation: 2, uid: made.metadata.uid });
    made = changed;
    const observed = await put({ status: { observedGeneration: 2 } }, "/status");
    expect(observed.metadata.generation).toBe(2);
  });

  it("the object keeps its status, and the status its object", async () => {
    const status = { currentNumberScheduled: 1 };
    const withStatus = await put(
      { metadata: { name: "x" }, status, spec: daemonSetNamed("x", "other").spec },
      "/status",
    );
    expect(withStatus).toMatchObject({ status, spec: made.spec ?? {} });
    const spec = daemonSetNamed("x", "agent:2").spec;
    const changed = await put({ metadata: { name: "x" }, status: { currentNumberScheduled: 9 }, spec });
    expect(changed).toMatchObject({ status, spec });
  });

  it("not the selector (D.19), or when it would end", async () => {
    const { status, body } = await tried.ask("PUT", `${daemonSets}/x`, {
      ...made,
      metadata: { name: "x", deletionTimestamp: "2020-01-01T00:00:00Z" },
      spec: { ...made.spec, selector: { matchLabels: { other: "x" } } },
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      details: {
        causes: [
          {
            field: "metadata.deletionTimestamp",
            message: 'Invalid value: "2020-01-01T00:00:00Z": field is immutable',
          },
          { field: "spec.selector" },
        ],
      },
    });
  });

  it.each([
    {
      name: "another name",
      body: daemonSetNamed("y"),
      message: "the name of the object (y) does not match the name on the URL (x)",
    },
    {
      name: "no name",
      body: { ...daemonSetNamed("x"), metadata: {} },
      message: "the name of the object (x based on URL) was undeterminable: name must be provided",
    },
    {
      name: "another namespace",
      body: { ...daemonSetNamed("x"), metadata: { name: "x", namespace: "other" } },
      message: "the namespace of the object (other) does not match the namespace on the request (default)",
    },
  ])("$name: 400", async ({ body, message }) => {
    expect((await tried.ask("PUT", `${daemonSets}/x`, body)).body).toMatchObject({ code: 400, message });
  });

  it.each(["PUT", "PATCH"] as const)("%s of what is not there: 404", async (method) => {
    const { body } = await tried.ask(
      method,
      `${daemonSets}/nope`,
      daemonSetNamed("nope"),
      method === "PATCH" ? merge : {},
    );
    expect(body).toMatchObject({ code: 404, message: 'daemonsets.apps "nope" not found' });
  });

  it("a dry run shows what would be and changes nothing", async () => {
    const before = tried.store.revision();
    const shown = await tried.must(
      "PATCH",
      `${daemonSets}/x`,
      { metadata: { labels: { a: "b" } } },
      { ...merge, query: { dryRun: "All" } },
    );
    expect(shown.metadata.labels).toEqual({ a: "b" });
    expect(tried.store.revision()).toBe(before);
  });
});

describe("patches", () => {
  beforeEach(async () => {
    await tried.must("POST", pods, podNamed("a", { metadata: { labels: { x: "1", y: "2" } } }));
  });

  it.each([
    { name: "JSON patch", type: json, patch: [{ op: "replace", path: "/metadata/labels/x", value: "9" }] },
    { name: "merge patch", type: merge, patch: { metadata: { labels: { x: "9" } } } },
    { name: "strategic merge patch", type: strategic, patch: { metadata: { labels: { x: "9" } } } },
  ])("$name", async ({ type, patch }) => {
    const patched = await tried.must("PATCH", `${pods}/a`, patch, type);
    expect(patched.metadata.labels).toEqual({ x: "9", y: "2" });
  });

  it("strategic merge goes by the merge keys of the kind", async () => {
    const patch = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    await tried.must("PATCH", `${pods}/a/status`, patch, strategic);
    const more = { status: { conditions: [{ type: "PodScheduled", status: "True" }] } };
    const patched = await tried.must("PATCH", `${pods}/a/status`, more, strategic);
    expect(patched.status?.["conditions"]).toHaveLength(2);
  });

  it.each([
    {
      name: "a type that is none",
      type: { contentType: "application/json" },
      patch: {},
      code: 415,
      reason: "UnsupportedMediaType",
    },
    {
      name: "a test that fails",
      type: json,
      patch: [{ op: "test", path: "/metadata/name", value: "b" }],
      code: 422,
      reason: "Invalid",
    },
    {
      name: "a list where an object is due",
      type: merge,
      patch: { metadata: [] },
      code: 422,
      reason: "Invalid",
    },
    { name: "a new name", type: merge, patch: { metadata: { name: "b" } }, code: 400, reason: "BadRequest" },
    { name: "no patch at all", type: json, patch: "x", code: 400, reason: "BadRequest" },
  ])("$name: $code", async ({ type, patch, code, reason }) => {
    const before = tried.store.revision();
    expect(await tried.ask("PATCH", `${pods}/a`, patch, type)).toMatchObject({
      status: code,
      body: { code, reason },
    });
    expect(tried.store.revision()).toBe(before);
  });

  it("an unknown field in a patch: 422 under Strict (D.19)", async () => {
    const { body } = await tried.ask(
      "PATCH",
      `${pods}/a`,
      { spec: { foo: 1 } },
      { ...merge, query: { fieldValidation: "Strict" } },
    );
    expect(body).toMatchObject({
      code: 422,
      message: expect.stringMatching(
        /^"" is invalid: patch: Invalid value: .*: strict decoding error: unknown field "spec.foo"$/,
      ),
    });
  });
});

describe("binding", () => {
  beforeEach(async () => {
    await tried.must("POST", pods, podNamed("a"));
  });
  const target = { apiVersion: "v1", kind: "Node", name: "n1" };

  it.each([
    { name: "by the pod's path", path: `${pods}/a/binding`, metadata: { name: "a" } },
    {
      name: "by the collection of bindings",
      path: "/api/v1/namespaces/default/bindings",
      metadata: { name: "a" },
    },
  ])("$name", async ({ path, metadata }) => {
    const body = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { ...metadata, annotations: { by: "us" } },
      target,
    };
    expect(await tried.ask("POST", path, body)).toMatchObject({ status: 201, body: { status: "Success" } });
    expect(await tried.must("GET", `${pods}/a`)).toMatchObject({
      metadata: { annotations: { by: "us" }, generation: 1 },
      spec: { nodeName: "n1" },
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
      },
    });
  });

  it("a pod that is bound, or is not the one meant: 409", async () => {
    const other = await tried.ask("POST", `${pods}/a/binding`, {
      metadata: { name: "a", uid: "other" },
      target,
    });
    expect(other.body).toMatchObject({
      code: 409,
      message: expect.stringContaining("UID in precondition: other"),
    });
    await tried.must("POST", `${pods}/a/binding`, { metadata: { name: "a" }, target });
    expect(
      (await tried.ask("POST", `${pods}/a/binding`, { metadata: { name: "a" }, target: { name: "n2" } }))
        .body,
    ).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
    });
  });

  it("of two schedulers one wins", async () => {
    const answers = await Promise.all(
      ["n1", "n2"].map((name) =>
        tried.ask("POST", `${pods}/a/binding`, { metadata: { name: "a" }, target: { name } }),
      ),
    );
    expect(statusesOf(answers)).toEqual([201, 409]);
  });

  it("nothing but a node: 422", async () => {
    expect(
      (await tried.ask("POST", `${pods}/a/binding`, { metadata: { name: "a" }, target: { kind: "Rack" } }))
        .body,
    ).toMatchObject({
      code: 422,
      details: { causes: [{ field: "target.kind" }, { field: "target.name", message: "Required value" }] },
    });
  });
});
