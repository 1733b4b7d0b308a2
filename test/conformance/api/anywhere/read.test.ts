// Owns the conformance of reads on any Kubernetes API server: selectors, pages, versions, tables, discovery.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { configMap, namesIn, pod, tableAccept, types, useSite, type Loose } from "./server.ts";

const site = useSite();

beforeAll(async () => {
  for (const [name, labels] of [
    ["a", { app: "x", tier: "1" }],
    ["b", { app: "x" }],
    ["c", { app: "y" }],
    ["d", { tier: "2" }],
  ] as const)
    await site().must("POST", "configmaps", configMap(name, {}, { labels }));
  // Its node is none, for which a controller would remove it.
  const finalizers = ["conformance.example.com/keep"];
  await site().must("POST", "pods", pod("p", { nodeName: "conformance-none" }, { finalizers }));
  await site().must("POST", "pods", pod("q"));
  await site().must("POST", "configmaps", configMap("texts", texts));
});

/** What YAML would take for something else if it were written without quotes. */
const texts = {
  truth: "yes",
  octal: "0755",
  time: "2026-01-01T00:00:00Z",
  nothing: "",
  null: "~",
  lines: "a: b\n  - c\n\n",
  long: "x ".repeat(200),
  letters: "ü # 😀",
  float: "1e3",
  y: "n",
};

/** What another change, or controllers, may alter between two readings. */
function said(value: Loose): Loose {
  const { metadata, ...rest } = value;
  return metadata?.name === undefined ? { kind: rest.kind, code: rest.code } : value;
}

afterAll(async () => {
  await site().must("PATCH", "pods/p", { metadata: { finalizers: null } }, { type: types.merge });
});

/** Those of this file; controllers may make others. */
const own = (list: Loose): string[] => namesIn(list).filter((name) => /^[a-d]$/.test(name));

describe("selectors", () => {
  it.each([
    ["app=x", "ab"],
    ["app==x,tier=1", "a"],
    ["app!=x", "cd"],
    ["app in (x,y)", "abc"],
    ["app notin (x)", "cd"],
    ["tier", "ad"],
    ["!tier", "bc"],
    ["tier>1", "d"],
    ["tier<2", "a"],
    ["app in ()", ""],
    ["app notin ()", "abcd"],
    ["app=none", ""],
  ])("of labels: %s", async (labelSelector, expected) => {
    expect(
      own(await site().must("GET", "configmaps", undefined, { query: { labelSelector } })).join(""),
    ).toBe(expected);
  });

  it.each([
    ["metadata.name=b", "configmaps", ["b"]],
    ["spec.nodeName=conformance-none", "pods", ["p"]],
    ["spec.nodeName=", "pods", ["q"]],
    ["status.phase=Running", "pods", []],
    ["metadata.name=p,spec.nodeName=conformance-none", "pods", ["p"]],
  ])("of fields: %s", async (fieldSelector, what, expected) => {
    expect(namesIn(await site().must("GET", what, undefined, { query: { fieldSelector } }))).toEqual(
      expected,
    );
  });

  it.each([
    ["labelSelector", "app in (", 400],
    ["labelSelector", "a=b=c", 400],
    ["fieldSelector", "spec.none=1", 400],
    ["fieldSelector", "nonsense", 400],
    ["limit", "x", 400],
    ["resourceVersion", "x", 400],
    ["continue", "x", 400],
  ])("%s=%s is answered %s", async (parameter, text, code) => {
    const { code: answered } = await site().ask("GET", "configmaps", undefined, {
      query: { [parameter]: text },
    });
    // A few parameters are refused as invalid and not as bad, which tells clients the same. Older
    // servers let the cache find out that a version is no number, and call it their own fault.
    expect([code, 422, ...(parameter === "resourceVersion" ? [500] : [])]).toContain(answered);
  });
});

describe("pages", () => {
  it("hold what was there at the first", async () => {
    const query = { limit: "2", labelSelector: "app" };
    const first = await site().must("GET", "configmaps", undefined, { query });
    expect(namesIn(first)).toEqual(["a", "b"]);
    expect(first.metadata.continue).not.toBe("");
    await site().must("POST", "configmaps", configMap("bb", {}, { labels: { app: "z" } }));
    const second = await site().must("GET", "configmaps", undefined, {
      query: { ...query, continue: first.metadata.continue },
    });
    expect([namesIn(second), second.metadata.continue ?? ""]).toEqual([["c"], ""]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    await site().must("DELETE", "configmaps/bb");
  });

  it("count what is left where nothing is selected", async () => {
    const first = await site().must("GET", "pods", undefined, { query: { limit: "1" } });
    expect(first.metadata.remainingItemCount).toBe(1);
  });
});

describe("versions", () => {
  it.each([
    ["newest", {}],
    ["any", { resourceVersion: "0" }],
  ])("%s", async (_name, query) => {
    expect(own(await site().must("GET", "configmaps", undefined, { query })).length).toBe(4);
  });

  it("not older than, and exactly", async () => {
    const { metadata } = await site().must("GET", "configmaps");
    await site().must("POST", "configmaps", configMap("later"));
    const at = (resourceVersionMatch: string) =>
      site().must("GET", "configmaps", undefined, {
        query: { resourceVersion: metadata.resourceVersion, resourceVersionMatch },
      });
    expect(namesIn(await at("Exact"))).not.toContain("later");
    expect((await at("Exact")).metadata.resourceVersion).toBe(metadata.resourceVersion);
    expect(Number((await at("NotOlderThan")).metadata.resourceVersion)).toBeGreaterThanOrEqual(
      Number(metadata.resourceVersion),
    );
    await site().must("DELETE", "configmaps/later");
  });

  it.each([
    ["a match of no version", { resourceVersionMatch: "Exact" }],
    ["exactly any", { resourceVersion: "0", resourceVersionMatch: "Exact" }],
    ["an unknown match", { resourceVersion: "5", resourceVersionMatch: "Sideways" }],
  ])("are refused for %s", async (_name, query) => {
    expect((await site().ask("GET", "configmaps", undefined, { query })).code).toBe(422);
  });

  it("of the future are told to wait for", async () => {
    const answer = await site().ask("GET", "configmaps", undefined, {
      query: { resourceVersion: "999999999999" },
    });
    expect([answer.code, answer.json.details.causes[0].reason]).toEqual([504, "ResourceVersionTooLarge"]);
  });
});

describe("forms", () => {
  it("tables", async () => {
    const table = await site().must("GET", "pods", undefined, { accept: `${tableAccept},application/json` });
    expect(table).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
    const columns = table.columnDefinitions.map((one: { name: string }) => one.name);
    expect(columns.slice(0, 5)).toEqual(["Name", "Ready", "Status", "Restarts", "Age"]);
    expect(table.rows.map((row: Loose) => row.cells.slice(0, 2))).toEqual([
      ["p", "0/1"],
      ["q", "0/1"],
    ]);
    expect(table.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "p" } });
  });

  it.each([
    ["None", undefined],
    ["Metadata", "PartialObjectMetadata"],
    ["Object", "Pod"],
  ])("tables with %s", async (includeObject, kind) => {
    const table = await site().must("GET", "pods/p", undefined, {
      accept: tableAccept,
      query: { includeObject },
    });
    expect(table.rows[0].object?.kind).toBe(kind);
  });

  it("no table with what there is not", async () => {
    const query = { includeObject: "Everything" };
    expect((await site().ask("GET", "pods", undefined, { accept: tableAccept, query })).code).toBe(400);
  });

  it("metadata alone", async () => {
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const list = await site().must("GET", "pods", undefined, { accept });
    expect(list).toMatchObject({
      kind: "PartialObjectMetadataList",
      items: [{ kind: "PartialObjectMetadata", metadata: { name: "p" } }, {}],
    });
    expect(list.items[0].spec).toBeUndefined();
  });

  it.each(["configmaps/texts", "pods", "pods/none", "/apis", "/api/v1/namespaces/kube-system"])(
    "%s in YAML is what it is in JSON",
    async (what) => {
      const { code, type, bytes } = await site().bytes("GET", what, undefined, { accept: types.yaml });
      const json = await site().ask("GET", what);
      expect([code, type]).toEqual([json.code, types.yaml]);
      expect(said(parseYaml(Buffer.from(bytes).toString("utf8")))).toEqual(said(json.json));
    },
  );

  it("no watch in YAML, which has no frames for its events", async () => {
    const query = { watch: "true", timeoutSeconds: "1" };
    expect((await site().ask("GET", "configmaps", undefined, { accept: types.yaml, query })).code).toBe(406);
  });

  it("JSON for those who would rather have protobuf", async () => {
    const list = await site().ask("GET", "pods", undefined, {
      accept: "application/vnd.kubernetes.protobuf,application/json",
    });
    expect(["application/json", "application/vnd.kubernetes.protobuf"]).toContain(
      list.headers["content-type"],
    );
    expect((await site().ask("GET", "pods", undefined, { accept: "text/html" })).code).toBe(406);
  });
});

describe("discovery", () => {
  it.each([
    ["/api", "APIVersions"],
    ["/apis", "APIGroupList"],
    ["/api/v1", "APIResourceList"],
    ["/apis/apps", "APIGroup"],
    ["/apis/apps/v1", "APIResourceList"],
  ])("%s is %s", async (path, kind) => {
    expect((await site().must("GET", path)).kind).toBe(kind);
  });

  it("is also had in one piece", async (context) => {
    site().since(30, "discovery in one piece", context);
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const all = await site().ask("GET", "/apis", undefined, { accept });
    expect(all.json.kind).toBe("APIGroupDiscoveryList");
    const etag = String(all.headers["etag"]);
    expect(
      (await site().ask("GET", "/apis", undefined, { accept, headers: { "if-none-match": etag } })).code,
    ).toBe(304);
  });

  it("of schemas: all in one document", async () => {
    const { swagger, definitions } = await site().must("GET", "/openapi/v2");
    expect([swagger, definitions["io.k8s.api.core.v1.Pod"].type]).toEqual(["2.0", "object"]);
  });

  it("of schemas: a document a group, found by its hash", async (context) => {
    site().since(24, "OpenAPI v3", context);
    const { paths } = await site().must("GET", "/openapi/v3");
    const { serverRelativeURL } = paths["apis/apps/v1"];
    expect(serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=\w+$/);
    const document = await site().ask("GET", "/openapi/v3/apis/apps/v1");
    const set = document.json.components.schemas["io.k8s.api.apps.v1.DaemonSet"];
    expect(set["x-kubernetes-group-version-kind"]).toEqual([
      { group: "apps", kind: "DaemonSet", version: "v1" },
    ]);
    const headers = { "if-none-match": String(document.headers["etag"]) };
    expect((await site().ask("GET", "/openapi/v3/apis/apps/v1", undefined, { headers })).code).toBe(304);
  });

  it.each(["/healthz", "/livez", "/readyz"])("%s is well", async (path) => {
    expect((await site().ask("GET", path)).text).toBe("ok");
  });

  it("of the version", async () => {
    expect((await site().must("GET", "/version")).gitVersion).toMatch(/^v1\.\d+/);
  });
});
