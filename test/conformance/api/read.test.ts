// Owns the conformance of get and list: freshness, selection, pages and their snapshot, and the forms of answers.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { minutes } from "../../../src/lib/units.ts";
import {
  admin,
  configMapNamed,
  configMaps,
  namesIn,
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

const fill = async (...names: string[]) => {
  for (const name of names)
    await tried.must("POST", configMaps, configMapNamed(name, {}, { labels: { n: name } }));
};
const list = (query: Record<string, string> = {}) => tried.must("GET", configMaps, undefined, { query });

describe("selection", () => {
  beforeEach(async () => {
    await fill("b", "a", "c");
    await tried.must("POST", "/api/v1/namespaces/kube-system/configmaps", configMapNamed("z"));
  });

  it.each([
    { name: "a namespace, in order of names", path: configMaps, query: {}, found: ["a", "b", "c"] },
    { name: "all namespaces", path: "/api/v1/configmaps", query: {}, found: ["a", "b", "c", "z"] },
    { name: "labels", path: configMaps, query: { labelSelector: "n in (a,c)" }, found: ["a", "c"] },
    { name: "a name", path: configMaps, query: { fieldSelector: "metadata.name=b" }, found: ["b"] },
    { name: "not a name", path: configMaps, query: { fieldSelector: "metadata.name!=b" }, found: ["a", "c"] },
    {
      name: "a namespace by field",
      path: "/api/v1/configmaps",
      query: { fieldSelector: "metadata.namespace=kube-system" },
      found: ["z"],
    },
    { name: "an empty namespace", path: "/api/v1/namespaces/none/configmaps", query: {}, found: [] },
    {
      name: "kinds without namespaces",
      path: "/api/v1/namespaces",
      query: {},
      found: ["default", "kube-node-lease", "kube-public", "kube-system"],
    },
  ])("$name", async ({ path, query, found }) => {
    expect(namesIn(await tried.must("GET", path, undefined, { query }))).toEqual(found);
  });

  it("pods by node", async () => {
    for (const name of ["a", "b", "c"]) await tried.must("POST", pods, podNamed(name));
    await tried.must("POST", `${pods}/b/binding`, {
      metadata: { name: "b" },
      target: { kind: "Node", name: "n1" },
    });
    const onNode = (node: string) =>
      tried.must("GET", "/api/v1/pods", undefined, { query: { fieldSelector: `spec.nodeName=${node}` } });
    expect(namesIn(await onNode("n1"))).toEqual(["b"]);
    expect(namesIn(await onNode(""))).toEqual(["a", "c"]);
  });
});

const bad: readonly { name: string; query: Record<string, string>; code: number; message: RegExp }[] = [
  {
    name: "a version that is no number",
    query: { resourceVersion: "x" },
    code: 400,
    message: /^Invalid value: "x": strconv/,
  },
  {
    name: "a label selector that does not parse",
    query: { labelSelector: "a in b" },
    code: 400,
    message: /./,
  },
  {
    name: "an unknown field",
    query: { fieldSelector: "data.x=1" },
    code: 400,
    message: /^"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"$/,
  },
  { name: "a token not ours", query: { continue: "abc" }, code: 400, message: /^continue key is not valid/ },
  {
    name: "a match without a version",
    query: { resourceVersionMatch: "Exact" },
    code: 422,
    message:
      /^ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided$/,
  },
  {
    name: "initial events of a list",
    query: { sendInitialEvents: "true" },
    code: 422,
    message: /sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list$/,
  },
  { name: "a limit that is no number", query: { limit: "x" }, code: 400, message: /invalid syntax$/ },
];

describe("options that are refused", () => {
  it.each(bad)("$name", async ({ query, code, message }) => {
    const answer = await tried.ask("GET", configMaps, undefined, { query });
    expect(answer).toMatchObject({ status: code, body: { code, message: expect.stringMatching(message) } });
  });
});

describe("versions", () => {
  it("a version that is still to come: 504 once it has been waited for", async () => {
    const query = { resourceVersion: "9999", resourceVersionMatch: "NotOlderThan" };
    const asked = tried.ask("GET", configMaps, undefined, { query });
    await tried.clock.advanceAsync(3_000);
    expect((await asked).body).toMatchObject({
      code: 504,
      reason: "Timeout",
      message: `Timeout: Too large resource version: 9999, current: ${tried.store.revision()}`,
      details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 },
    });
  });

  it("a version that comes while it is waited for", async () => {
    const next = String(tried.store.revision() + 1);
    const asked = tried.must("GET", configMaps, undefined, {
      query: { resourceVersion: next, resourceVersionMatch: "NotOlderThan" },
    });
    await fill("a");
    expect(namesIn(await asked)).toEqual(["a"]);
  });

  it("exactly a version of the past", async () => {
    await fill("a");
    const { metadata } = await list();
    await fill("b");
    const query = { resourceVersion: metadata.resourceVersion, resourceVersionMatch: "Exact" };
    const past = await list(query);
    expect(namesIn(past)).toEqual(["a"]);
    expect(past.metadata.resourceVersion).toBe(metadata.resourceVersion);
    await tried.store.compact(tried.store.revision());
    expect(await tried.ask("GET", configMaps, undefined, { query })).toMatchObject({
      status: 410,
      body: { reason: "Expired", message: "The resourceVersion for the provided list is too old." },
    });
  });
});

describe("pages", () => {
  const tokenOf = ({ metadata }: { metadata: object }): string =>
    "continue" in metadata && typeof metadata.continue === "string" ? metadata.continue : "";

  it("show one snapshot, whatever is written between them", async () => {
    await fill("a", "b", "c", "d", "e");
    const first = await list({ limit: "2" });
    expect(namesIn(first)).toEqual(["a", "b"]);
    expect(first.metadata).toMatchObject({ remainingItemCount: 3 });
    await tried.must("DELETE", `${configMaps}/c`);
    await fill("aa", "f");
    const second = await list({ limit: "2", continue: tokenOf(first) });
    expect(namesIn(second)).toEqual(["c", "d"]);
    expect(second.metadata).toMatchObject({
      resourceVersion: first.metadata.resourceVersion,
      remainingItemCount: 1,
    });
    const third = await list({ limit: "2", continue: tokenOf(second) });
    expect(namesIn(third)).toEqual(["e"]);
    expect(tokenOf(third)).toBe("");
  });

  it("count matches, not objects, under a selector, and do not say how many remain", async () => {
    await fill("a", "b", "c", "d");
    const first = await list({ limit: "1", labelSelector: "n in (b,d)" });
    expect(namesIn(first)).toEqual(["b"]);
    expect(first.metadata).not.toHaveProperty("remainingItemCount");
    await fill("e");
    const rest = await list({ limit: "5", labelSelector: "n in (b,d)", continue: tokenOf(first) });
    expect(namesIn(rest)).toEqual(["d"]);
  });

  it("whose snapshot is gone: 410, with a token that goes on at the newest", async () => {
    await fill("a", "b", "c");
    const first = await list({ limit: "2" });
    await fill("d");
    await tried.store.compact(tried.store.revision());
    const { status, body } = await tried.ask("GET", configMaps, undefined, {
      query: { continue: tokenOf(first) },
    });
    expect({ status, body }).toMatchObject({ status: 410, body: { reason: "Expired", code: 410 } });
    // A Status like any other answer here: its metadata is what was asked about.
    const rest = await list({ continue: tokenOf(body as { metadata: object }) });
    expect(namesIn(rest)).toEqual(["c", "d"]);
  });

  it("history is forgotten after five to ten minutes", async () => {
    await fill("a", "b");
    const first = await list({ limit: "1" });
    await fill("c");
    await tried.clock.advanceAsync(minutes(5));
    expect(namesIn(await list({ continue: tokenOf(first) }))).toEqual(["b"]);
    await fill("d");
    await tried.clock.advanceAsync(minutes(10));
    const { status } = await tried.ask("GET", configMaps, undefined, { query: { continue: tokenOf(first) } });
    expect(status).toBe(410);
  });
});

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
const partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

describe("forms of answers", () => {
  beforeEach(async () => {
    await tried.must("POST", pods, podNamed("a"));
  });

  const metadata = { name: "a", namespace: "default" };
  const columnDefinitions = [
    { name: "Name", type: "string", format: "name", description: "its name", priority: 0 },
    { name: "Node", type: "string", format: "", description: "its node", priority: 1 },
  ];
  const shownPartly = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
  it.each([
    {
      name: "a table of a list",
      path: pods,
      accept: table,
      query: {},
      shown: {
        kind: "Table",
        apiVersion: "meta.k8s.io/v1",
        metadata: { resourceVersion: expect.any(String) },
        columnDefinitions,
        rows: [{ cells: ["a", "<none>"], object: shownPartly }],
      },
    },
    {
      name: "the first form of many that is served",
      path: `${pods}/a`,
      accept: `application/json;as=Chart;v=v1;g=x,application/xml,${table},application/json`,
      query: {},
      shown: { kind: "Table", rows: [{ cells: ["a", "<none>"] }] },
    },
    {
      name: "rows with their objects",
      path: pods,
      accept: table,
      query: { includeObject: "Object" },
      shown: { rows: [{ object: { kind: "Pod", spec: { containers: [{ name: "main" }] } } }] },
    },
    { name: "metadata of one", path: `${pods}/a`, accept: partial, query: {}, shown: shownPartly },
    {
      name: "metadata of a list",
      path: pods,
      accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
      query: {},
      shown: { kind: "PartialObjectMetadataList", items: [shownPartly] },
    },
    { name: "no wish", path: `${pods}/a`, accept: "*/*", query: {}, shown: { kind: "Pod" } },
  ])("$name", async ({ path, accept, query, shown }) => {
    expect(await tried.must("GET", path, undefined, { accept, query })).toMatchObject(shown);
  });

  it("rows without objects", async () => {
    const found = await tried.must("GET", pods, undefined, {
      accept: table,
      query: { includeObject: "None" },
    });
    expect(found).toMatchObject({ rows: [{ cells: ["a", "<none>"] }] });
    expect(JSON.stringify(found)).not.toContain('"object"');
  });

  it("none that is served: 406", async () => {
    const { status, body } = await tried.ask("GET", pods, undefined, { accept: "application/xml" });
    expect({ status, body }).toMatchObject({
      status: 406,
      body: {
        reason: "NotAcceptable",
        message:
          "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
      },
    });
  });

  it("a table of each event of a watch", async () => {
    const watch = tried.watch(pods, {}, { accept: table });
    expect(await watch.take(1)).toMatchObject([
      { type: "ADDED", object: { kind: "Table", rows: [{ cells: ["a", "<none>"], object: { metadata } }] } },
    ]);
    watch.stop();
  });

  it("bytes say what values say, for objects, lists, tables and refusals", async () => {
    const requests = [
      { path: `${pods}/a` },
      { path: pods },
      { path: configMaps },
      { path: pods, accept: table },
      { path: `${pods}/nope` },
      { path: "/api/v1/namespaces/default" },
    ];
    for (const request of requests) {
      const value = await tried.pipeline.answer({ method: "GET", ...request }, admin);
      const encoded = await tried.pipeline.answerEncoded({ method: "GET", ...request }, admin);
      expect(encoded.status).toBe(value.status);
      expect(JSON.parse(Buffer.from(encoded.body).toString())).toEqual(value.body);
    }
  });

  it("lines of a watch say what its events say, and their bytes are shared", async () => {
    const request = {
      method: "GET",
      path: pods,
      query: { watch: "1", resourceVersion: String(tried.store.revision()) },
    } as const;
    const open = async () => {
      const opened = await tried.pipeline.watchEncoded(request, admin, new AbortController().signal);
      if (!("is" in opened)) throw new Error("the watch was refused");
      return opened.lines[Symbol.asyncIterator]();
    };
    const [one, other] = [await open(), await open()];
    const events = tried.watch(pods, { resourceVersion: String(tried.store.revision()) });
    await tried.must("POST", pods, podNamed("b"));
    const told = [await one.next(), await other.next()].map(({ value }): unknown => value?.[0]);
    expect(told[0]).toBe(told[1]);
    const [event] = await events.take(1);
    expect(Buffer.isBuffer(told[0]) && JSON.parse(told[0].toString())).toEqual(event);
    events.stop();
  });

  it("objects handed over in process are frozen", async () => {
    const found = await tried.must("GET", `${pods}/a`);
    expect(Object.isFrozen(found.spec?.["containers"])).toBe(true);
  });
});

describe("authorization comes first", () => {
  const denied = async (path: string, method: "GET" | "POST" | "DELETE" = "GET", deny = "") => {
    const guarded = await tryPipeline({ authorize: () => ({ deny }) });
    const answer = await guarded.pipeline.answer({ method, path, body: {} }, { name: "eve", groups: [] });
    await guarded.stop();
    return answer;
  };

  it.each([
    {
      path: "/api/v1/namespaces/default/pods",
      method: "GET" as const,
      message:
        'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default"',
    },
    {
      path: "/apis/apps/v1/daemonsets",
      method: "GET" as const,
      message:
        'daemonsets.apps is forbidden: User "eve" cannot list resource "daemonsets" in API group "apps" at the cluster scope',
    },
    {
      path: "/api/v1/namespaces/default/pods/a/binding",
      method: "POST" as const,
      message:
        'pods "a" is forbidden: User "eve" cannot create resource "pods/binding" in API group "" in the namespace "default"',
    },
    {
      path: "/api/v1/nodes/n1",
      method: "DELETE" as const,
      message:
        'nodes "n1" is forbidden: User "eve" cannot delete resource "nodes" in API group "" at the cluster scope',
    },
    {
      path: "/nowhere",
      method: "GET" as const,
      message: 'forbidden: User "eve" cannot get path "/nowhere"',
    },
  ])("$method $path", async ({ path, method, message }) => {
    expect(await denied(path, method)).toMatchObject({
      status: 403,
      body: { reason: "Forbidden", code: 403, message },
    });
  });

  it("with the reason given", async () => {
    expect((await denied(pods, "GET", "not your node")).body).toMatchObject({
      message: expect.stringMatching(/in the namespace "default": not your node$/),
    });
  });
});
