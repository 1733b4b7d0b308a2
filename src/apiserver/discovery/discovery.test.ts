// Owns the proof of what discovery and OpenAPI tell.
import { describe, expect, it } from "vitest";
import { ask, testEdge } from "../http/fakes.fixture.ts";

const { edge } = testEdge();
const get = async (path: string, accept = "application/json") =>
  ask(edge, path, { headers: { accept, host: "h:1" } });
type Json = Record<string, unknown>;
/** Walks into JSON by keys; undefined where there is nothing. */
const at = (value: unknown, ...keys: (string | number)[]): unknown =>
  keys.reduce((inner, key) => (inner as Json | undefined)?.[key], value);
const names = (list: unknown, key = "name"): unknown[] => (list as Json[]).map((one) => one[key]);

describe("plain discovery", () => {
  it("lists groups with their versions", async () => {
    expect((await get("/api")).json).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    const groups = (await get("/apis/")).json["groups"];
    expect(names(groups)).toEqual([
      "apiextensions.k8s.io",
      "apps",
      "authentication.k8s.io",
      "authorization.k8s.io",
      "certificates.k8s.io",
      "coordination.k8s.io",
      "extensions",
      "scheduling.k8s.io",
    ]);
    expect((await get("/apis/apps")).json).toMatchObject({
      kind: "APIGroup",
      name: "apps",
      preferredVersion: { groupVersion: "apps/v1", version: "v1" },
    });
  });

  it("lists resources with subresources, verbs and short names", async () => {
    const list = (await get("/api/v1")).json;
    expect(list).toMatchObject({ kind: "APIResourceList", groupVersion: "v1" });
    expect(names(list["resources"])).toEqual(
      expect.arrayContaining([
        "pods",
        "pods/binding",
        "pods/eviction",
        "pods/log",
        "pods/status",
        "nodes/status",
      ]),
    );
    expect(list["resources"]).toContainEqual({
      name: "pods/eviction",
      singularName: "",
      namespaced: true,
      group: "policy",
      version: "v1",
      kind: "Eviction",
      verbs: ["create"],
    });
    expect(at((await get("/apis/apps/v1")).json, "resources", 1)).toMatchObject({
      name: "daemonsets",
      shortNames: ["ds"],
      categories: ["all"],
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    });
  });

  it.each(["/apis/none", "/apis/apps/v2", "/api/v2"])("knows no %s", async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe("aggregated discovery", () => {
  const aggregated = (version: string): string =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  it.each(["v2", "v2beta1"])("answers in %s where asked", async (version) => {
    const answer = await get("/apis", `${aggregated("v9")},${aggregated(version)},application/json`);
    expect(answer.headers["content-type"]).toBe(aggregated(version));
    expect(answer.json).toMatchObject({
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${version}`,
    });
    expect(at(answer.json, "items", 1, "versions", 0, "resources", 1)).toMatchObject({
      resource: "daemonsets",
      responseKind: { group: "apps", version: "v1", kind: "DaemonSet" },
      scope: "Namespaced",
      singularResource: "daemonset",
      subresources: [{ subresource: "status" }],
    });
  });

  it("answers plainly where that is wanted first", async () => {
    expect((await get("/apis", `application/json,${aggregated("v2")}`)).json).toMatchObject({
      kind: "APIGroupList",
    });
  });

  it.each([
    ["application/vnd.kubernetes.protobuf,application/json", 200],
    ["application/vnd.kubernetes.protobuf", 200],
    ["text/html", 406],
    ["application/json;as=Table;v=v1;g=meta.k8s.io", 406],
  ])("answers %s with %d", async (accept, status) => {
    const answer = await get("/apis", accept);
    expect(answer.status).toBe(status);
    const isProtobuf = status === 200;
    expect(answer.text.startsWith("k8s\0")).toBe(isProtobuf);
  });

  it("answers 304 to those who have it", async () => {
    const etag = String((await get("/apis")).headers["etag"]);
    const again = await ask(edge, "/apis", {
      headers: { accept: "application/json", host: "h:1", "if-none-match": etag },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
  });
});

describe("OpenAPI 3", () => {
  it("lists its documents under addresses that carry a hash", async () => {
    const index = (await get("/openapi/v3")).json;
    const url = String(at(index, "paths", "apis/apps/v1", "serverRelativeURL"));
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{16}$/);
    expect((await get(url)).json).toMatchObject({ openapi: "3.0.0" });
    expect((await get("/openapi/v3/apis/none/v1")).status).toBe(404);
  });

  it("describes kinds by upstream's names, with all they refer to and nothing twice", async () => {
    const document = (await get("/openapi/v3/apis/apps/v1")).json;
    const schemas = at(document, "components", "schemas") as Json;
    expect(at(schemas, "io.k8s.api.apps.v1.DaemonSet")).toMatchObject({
      type: "object",
      "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "DaemonSet" }],
    });
    expect(at(schemas, "io.k8s.api.core.v1.PodSpec", "properties", "containers")).toMatchObject({
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    });
    expect(at(schemas, "io.k8s.api.apps.v1.DaemonSetSpec", "required")).toEqual(["selector", "template"]);
    const text = JSON.stringify(document);
    const refs = new Set([...text.matchAll(/#\/components\/schemas\/([\w.]+)/g)].map((match) => match[1]));
    expect([...refs].filter((name) => name === undefined || !(name in schemas))).toEqual([]);
    expect(Object.keys(schemas)).not.toContain("io.k8s.api.core.v1.Node");
  });

  it("tells kubectl that dryRun and fieldValidation are known", async () => {
    const document = (await get("/openapi/v3/apis/apps/v1")).json;
    const patch = at(document, "paths", "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}", "patch");
    expect(names(at(patch, "parameters"))).toEqual(["dryRun", "fieldManager", "fieldValidation", "force"]);
    expect(at(patch, "x-kubernetes-group-version-kind")).toEqual({
      group: "apps",
      version: "v1",
      kind: "DaemonSet",
    });
  });
});

describe("OpenAPI 2", () => {
  it("is one document with every kind", async () => {
    const document = (await get("/openapi/v2")).json;
    const definitions = at(document, "definitions") as Json;
    expect(Object.keys(definitions)).toEqual(
      expect.arrayContaining([
        "io.k8s.api.core.v1.Event",
        "io.k8s.api.coordination.v1.Lease",
        "io.k8s.api.policy.v1.Eviction",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
      ]),
    );
    const refs = new Set(
      [...JSON.stringify(document).matchAll(/#\/definitions\/([\w.]+)/g)].map((match) => match[1]),
    );
    expect([...refs].filter((name) => name === undefined || !(name in definitions))).toEqual([]);
  });

  it("has a protobuf form under a media type that clients can parse", async () => {
    const answer = await get("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
    expect(answer.headers["content-type"]).toBe("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    // Field 1, length 3: the document begins with its version.
    expect([...answer.body.subarray(0, 5)]).toEqual([0x0a, 3, ...new TextEncoder().encode("2.0")]);
    expect(answer.text).toContain("io.k8s.api.apps.v1.DaemonSet");
  });
});
