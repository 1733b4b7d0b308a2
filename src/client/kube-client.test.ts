// Owns the tests of typed calls: what is asked, and what the answers mean.
import { beforeEach, describe, expect, test } from "vitest";
import type { ConfigMap } from "../model/generated/types.ts";
import { configMap } from "../model/kinds/config-map.ts";
import { daemonSet } from "../model/kinds/daemon-set.ts";
import { node } from "../model/kinds/node.ts";
import { pod } from "../model/kinds/pod.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import type { ApiResponse } from "../model/wire.ts";
import { RefusedError } from "./client.ts";
import { createFakeApi, type FakeApi } from "./fake-api.fixture.ts";
import { refusal } from "./fake-api-rules.fixture.ts";
import { createClient } from "./kube-client.ts";
import { answerOf } from "./refusal.ts";
import { collectionPath, objectPath, refOf } from "./resource-path.ts";

let api: FakeApi;
beforeEach(() => {
  api = createFakeApi(new VirtualClock());
});

const draft = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { a: "b" },
});
const ref = { name: "one", namespace: "default" };

describe("calls", () => {
  test("come to ok, exists, conflict, absent", async () => {
    const maps = createClient(api.transport).of<ConfigMap>(configMap);
    const created = await maps.create(draft("one"));
    expect(created.is).toBe("ok");
    expect((await maps.create(draft("one"))).is).toBe("exists");
    const patched = await maps.patch(ref, "merge", { data: { a: "c" } });
    expect(patched).toMatchObject({ is: "ok", object: { data: { a: "c" } } });
    if (created.is === "ok") expect((await maps.update(created.object)).is).toBe("conflict");
    expect((await maps.delete(ref, { uid: "another" })).is).toBe("conflict");
    expect((await maps.delete(ref)).is).toBe("ok");
    expect((await maps.get(ref)).is).toBe("absent");
  });

  test("carry what the server needs to know", async () => {
    const client = createClient(api.transport);
    const pods = client.of(pod);
    await pods.delete(ref, { uid: "u", resourceVersion: "7", graceSeconds: 0, propagation: "Foreground" });
    await pods.post(ref, "binding", { target: { name: "n1" } });
    await pods.patch(ref, "strategic", {}, "status");
    await client.of(daemonSet).patch(ref, "json", []);
    expect(api.requests).toMatchObject([
      {
        method: "DELETE",
        body: {
          gracePeriodSeconds: 0,
          propagationPolicy: "Foreground",
          preconditions: { uid: "u", resourceVersion: "7" },
        },
      },
      { method: "POST", path: "/api/v1/namespaces/default/pods/one/binding" },
      {
        path: "/api/v1/namespaces/default/pods/one/status",
        contentType: "application/strategic-merge-patch+json",
      },
      {
        path: "/apis/apps/v1/namespaces/default/daemonsets/one",
        contentType: "application/json-patch+json",
      },
    ]);
  });

  test("an object of a kind with namespaces needs one", () => {
    expect(() => objectPath(pod, { name: "x" })).toThrow("cannot address Pod x: it needs a namespace");
    expect(objectPath(node, { name: "a b" })).toBe("/api/v1/nodes/a%20b");
    expect(collectionPath(pod)).toBe("/api/v1/pods");
    expect([refOf("a/b"), refOf("n1")]).toEqual([{ namespace: "a", name: "b" }, { name: "n1" }]);
  });
});

describe("list", () => {
  test("reads every page of what was selected", async () => {
    for (let at = 0; at < 1001; at++) api.put(configMap, draft(`m-${at}`));
    const { items } = await createClient(api.transport).of(configMap).list({ namespace: "default" });
    expect(new Set(items.map((item) => item.metadata.name)).size).toBe(1001);
    expect(api.requests).toHaveLength(3);
  });

  test("starts over whole where its pages expired", async () => {
    for (let at = 0; at < 501; at++) api.put(configMap, draft(`m-${at}`));
    api.intercept = ({ query }) =>
      query?.["continue"] === undefined ? undefined : refusal(410, "Expired", "too old");
    const { items } = await createClient(api.transport).of(configMap).list();
    expect(items).toHaveLength(501);
  });

  test("throws the refusal", async () => {
    api.intercept = () => refusal(403, "Forbidden", "no pods for you");
    const listing = createClient(api.transport).of(configMap).list();
    await expect(listing).rejects.toThrow(RefusedError);
    await expect(listing).rejects.toMatchObject({ message: "no pods for you", status: { code: 403 } });
  });

  test("gives items the kind that upstream's server leaves out", async () => {
    api.intercept = () => ({
      status: 200,
      body: {
        kind: "DaemonSetList",
        metadata: { resourceVersion: "7" },
        items: [{ metadata: { name: "x" } }],
      },
    });
    const { items, resourceVersion } = await createClient(api.transport).of(daemonSet).list();
    expect([items[0]?.kind, items[0]?.apiVersion, resourceVersion]).toEqual(["DaemonSet", "apps/v1", "7"]);
  });

  test("null items are none", async () => {
    api.intercept = () => ({ status: 200, body: { metadata: {}, items: null } });
    expect((await createClient(api.transport).of(configMap).list()).items).toEqual([]);
  });
});

test("answers by code and reason", () => {
  const rows: [ApiResponse, string][] = [
    [{ status: 200, body: {} }, "ok"],
    [{ status: 201, body: {} }, "ok"],
    [refusal(404, "NotFound", ""), "absent"],
    [refusal(409, "AlreadyExists", ""), "exists"],
    [refusal(409, "Conflict", ""), "conflict"],
    [refusal(422, "Invalid", ""), "refused"],
    [{ status: 502, body: "<h1>Bad Gateway</h1>" }, "refused"],
  ];
  expect(rows.map(([response]) => answerOf(response).is)).toEqual(rows.map(([, is]) => is));
});
