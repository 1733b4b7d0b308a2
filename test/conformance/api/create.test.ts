// Owns the conformance of creation: metadata, names, namespaces, validation, and what is refused in which words.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  configMapNamed,
  configMaps,
  daemonSetNamed,
  daemonSets,
  podNamed,
  pods,
  tryPipeline,
  type Tried,
} from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline();
});
afterEach(() => tried.stop());

describe("what a new object gets", () => {
  it("has the server's metadata and none of the client's", async () => {
    const made = await tried.must("POST", daemonSets, {
      ...daemonSetNamed("rng"),
      metadata: {
        name: "rng",
        uid: "mine",
        creationTimestamp: "2001-01-01T00:00:00Z",
        deletionTimestamp: "2001-01-01T00:00:00Z",
        generation: 9,
        selfLink: "/x",
        managedFields: [],
        labels: { a: "b" },
      },
      status: { numberReady: 3 },
    });
    expect(made).toEqual({
      ...daemonSetNamed("rng"),
      metadata: {
        name: "rng",
        namespace: "default",
        labels: { a: "b" },
        uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
        creationTimestamp: "2026-01-01T00:00:00Z",
        generation: 1,
        managedFields: [expect.objectContaining({ manager: "unknown", operation: "Update" })],
        resourceVersion: String(tried.store.revision()),
      },
    });
  });

  it("is at once what get and list show (V.1), under upstream's key", async () => {
    const made = await tried.must("POST", pods, podNamed("a"));
    expect(await tried.must("GET", `${pods}/a`)).toEqual(made);
    const listed = await tried.must("GET", pods);
    expect(listed).toMatchObject({ kind: "PodList", apiVersion: "v1", items: [made] });
    const entry = await tried.store.get("/registry/pods/default/a");
    expect(entry).toMatchObject({ modified: Number(made.metadata.resourceVersion) });
  });

  it("draws a name from a prefix, without vowels", async () => {
    const body = { ...podNamed("x"), metadata: { generateName: "rng-" } };
    const names = new Set<string>();
    for (let at = 0; at < 20; at += 1) names.add((await tried.must("POST", pods, body)).metadata.name);
    expect(names.size).toBe(20);
    for (const name of names) expect(name).toMatch(/^rng-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it("keeps generateName's result within 63 characters", async () => {
    const body = { ...podNamed("x"), metadata: { generateName: "a".repeat(80) } };
    expect((await tried.must("POST", pods, body)).metadata.name).toHaveLength(63);
  });

  it("goes into nothing on a dry run", async () => {
    const before = tried.store.revision();
    const made = await tried.ask("POST", pods, podNamed("dry"), { query: { dryRun: "All" } });
    expect(made).toMatchObject({ status: 201, body: { metadata: { name: "dry", uid: expect.any(String) } } });
    expect(tried.store.revision()).toBe(before);
    expect((await tried.ask("GET", `${pods}/dry`)).status).toBe(404);
  });

  it("stands under a lease where it is an event, and is gone after an hour", async () => {
    const events = "/api/v1/namespaces/default/events";
    const about = { kind: "Pod", name: "a", namespace: "default" };
    await tried.must("POST", events, { metadata: { name: "e1" }, involvedObject: about });
    expect(await tried.store.get("/registry/events/default/e1")).toMatchObject({ lease: expect.any(Number) });
    await tried.clock.advanceAsync(59 * 60_000);
    expect((await tried.ask("GET", `${events}/e1`)).status).toBe(200);
    await tried.clock.advanceAsync(5 * 60_000);
    expect((await tried.ask("GET", `${events}/e1`)).status).toBe(404);
  });
});

const longName = "a".repeat(254);
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const refused: readonly {
  name: string;
  path: string;
  body: unknown;
  query?: Record<string, string>;
  code: number;
  reason: string;
  message: string;
}[] = [
  {
    name: "a namespace that is not there",
    path: "/api/v1/namespaces/nope/pods",
    body: podNamed("a"),
    code: 404,
    reason: "NotFound",
    message: 'namespaces "nope" not found',
  },
  {
    name: "a namespace unlike the path's",
    path: pods,
    body: podNamed("a", { metadata: { namespace: "kube-system" } }),
    code: 400,
    reason: "BadRequest",
    message: "the namespace of the provided object does not match the namespace sent on the request",
  },
  {
    name: "another version",
    path: daemonSets,
    body: { ...daemonSetNamed("a"), apiVersion: "apps/v1beta1" },
    code: 400,
    reason: "BadRequest",
    message: "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
  },
  {
    name: "no name",
    path: configMaps,
    body: { data: {} },
    code: 422,
    reason: "Invalid",
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    name: "a bad name",
    path: configMaps,
    body: configMapNamed("A_b"),
    code: 422,
    reason: "Invalid",
    message: `ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": ${subdomain}`,
  },
  {
    name: "a name too long",
    path: configMaps,
    body: configMapNamed(longName),
    code: 422,
    reason: "Invalid",
    message: `ConfigMap "${longName}" is invalid: metadata.name: Invalid value: "${longName}": must be no more than 253 bytes`,
  },
  {
    name: "one required field missing (D.19)",
    path: daemonSets,
    body: { metadata: { name: "x" }, spec: { template: {} } },
    code: 422,
    reason: "Invalid",
    message: 'DaemonSet.apps "x" is invalid: spec.selector: Required value',
  },
  {
    name: "two required fields missing",
    path: daemonSets,
    body: { metadata: { name: "x" }, spec: {} },
    code: 422,
    reason: "Invalid",
    message: 'DaemonSet.apps "x" is invalid: [spec.selector: Required value, spec.template: Required value]',
  },
  {
    name: "an unknown field under Strict (D.19)",
    path: daemonSets,
    body: { ...daemonSetNamed("x"), spec: { ...daemonSetNamed("x").spec, foo: 1 } },
    query: { fieldValidation: "Strict" },
    code: 400,
    reason: "BadRequest",
    message:
      'DaemonSet in version "v1" cannot be handled as a DaemonSet: strict decoding error: unknown field "spec.foo"',
  },
  {
    name: "a value of the wrong type",
    path: configMaps,
    body: { metadata: { name: "x" }, data: { a: 1 } },
    code: 400,
    reason: "BadRequest",
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  },
  {
    name: "no object at all",
    path: configMaps,
    body: [1],
    code: 400,
    reason: "BadRequest",
    message: "the object provided is unrecognized (must be of type ConfigMap): it is no JSON object",
  },
  {
    name: "a version of its own",
    path: configMaps,
    body: configMapNamed("x", {}, { resourceVersion: "5" }),
    code: 400,
    reason: "BadRequest",
    message: "resourceVersion should not be set on objects to be created",
  },
  {
    name: "a finalizer without a domain",
    path: configMaps,
    body: configMapNamed("x", {}, { finalizers: ["mine"] }),
    code: 422,
    reason: "Invalid",
    message:
      'ConfigMap "x" is invalid: metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  },
  {
    name: "an unknown way of field validation",
    path: configMaps,
    body: configMapNamed("x"),
    query: { fieldValidation: "Loose" },
    code: 422,
    reason: "Invalid",
    message:
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Loose": supported values: "", "Ignore", "Strict", "Warn"',
  },
  {
    name: "more than the store takes",
    path: configMaps,
    body: configMapNamed("big", { text: "x".repeat(1.6 * 1024 * 1024) }),
    code: 413,
    reason: "RequestEntityTooLarge",
    message: "Request entity too large: limit is 1572864",
  },
  {
    name: "a collection of all namespaces",
    path: "/api/v1/pods",
    body: podNamed("x"),
    code: 405,
    reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource",
  },
  {
    name: "a resource that is not served",
    path: "/apis/batch/v1/namespaces/default/jobs",
    body: {},
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
  },
];

describe("what is refused changes nothing (V.4)", () => {
  it.each(refused)("$name", async ({ path, body, query, code, reason, message }) => {
    const before = tried.store.revision();
    const answer = await tried.ask("POST", path, body, query === undefined ? {} : { query });
    expect(answer).toMatchObject({
      status: code,
      body: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message },
    });
    expect(tried.store.revision()).toBe(before);
  });

  it("a name that is taken", async () => {
    await tried.must("POST", daemonSets, daemonSetNamed("x"));
    expect((await tried.ask("POST", daemonSets, daemonSetNamed("x"))).body).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'daemonsets.apps "x" already exists',
      reason: "AlreadyExists",
      details: { name: "x", group: "apps", kind: "daemonsets" },
      code: 409,
    });
  });

  it("a namespace on its way out", async () => {
    await tried.must("POST", "/api/v1/namespaces", { metadata: { name: "gone" } });
    await tried.must("DELETE", "/api/v1/namespaces/gone");
    expect((await tried.ask("POST", "/api/v1/namespaces/gone/pods", podNamed("a"))).body).toMatchObject({
      code: 403,
      reason: "Forbidden",
      message:
        'pods "a" is forbidden: unable to create new content in namespace gone because it is being terminated',
      details: { causes: [{ reason: "NamespaceTerminating", field: "metadata.namespace" }] },
    });
  });

  it("causes name their fields", async () => {
    const { body } = await tried.ask("POST", daemonSets, { metadata: { name: "x" }, spec: { template: {} } });
    expect(body).toMatchObject({
      details: {
        name: "x",
        group: "apps",
        kind: "DaemonSet",
        causes: [{ reason: "FieldValueRequired", message: "Required value", field: "spec.selector" }],
      },
    });
  });
});

describe("unknown fields (D.19)", () => {
  const body = { ...configMapNamed("x"), foo: 1, metadata: { name: "x", bar: 2 } };
  const warned = ['unknown field "foo"', 'unknown field "metadata.bar"'];

  it.each([
    { name: "are warned of by default", query: {}, warnings: warned },
    { name: "are warned of under Warn", query: { fieldValidation: "Warn" }, warnings: warned },
    {
      name: "are dropped in silence under Ignore",
      query: { fieldValidation: "Ignore" },
      warnings: undefined,
    },
  ])("$name", async ({ query, warnings }) => {
    const answer = await tried.ask("POST", configMaps, body, { query });
    expect(answer.status).toBe(201);
    expect(answer.warnings?.toSorted()).toEqual(warnings);
    expect(answer.body).not.toHaveProperty("foo");
    expect(answer.body).not.toHaveProperty("metadata.bar");
  });
});
