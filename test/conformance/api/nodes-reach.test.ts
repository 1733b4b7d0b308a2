// Owns the conformance of what a node's kubelet may reach: what its own pods refer to, its own node, lease and pods, and nothing of its neighbours.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorize } from "../../../src/apiserver/authorization/authorize.ts";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import type { ApiRequest, Caller, Method } from "../../../src/model/wire.ts";
import { podNamed, pods, tryPipeline, type Tried } from "./harness.ts";

const kubeletOf = (node: string): Caller => ({
  name: `system:node:${node}`,
  groups: ["system:nodes", "system:authenticated"],
});
const [a, b] = [kubeletOf("a"), kubeletOf("b")];

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline({ kinds, authorize });
});
afterEach(() => tried.stop());

const secrets = "/api/v1/namespaces/default/secrets";
const configMaps = "/api/v1/namespaces/default/configmaps";
const nodes = "/api/v1/nodes";
const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

async function ask(caller: Caller, method: Method, path: string, more: Partial<ApiRequest> = {}) {
  const { status, body } = await tried.pipeline.answer({ method, path, ...more }, caller);
  // Looked into field by field.
  return { status, message: (body as { message?: string }).message };
}

const bound = (name: string, nodeName: string, spec: object = {}) =>
  podNamed(name, { spec: { nodeName, ...spec } });
const withContainer = (more: object) => ({ containers: [{ name: "main", image: "agent:1", ...more }] });

describe("Secrets and ConfigMaps", () => {
  beforeEach(async () => {
    await tried.must("POST", secrets, { metadata: { name: "s" } });
    await tried.must("POST", configMaps, { metadata: { name: "c" } });
  });

  it.each([
    ["a volume", secrets, { volumes: [{ name: "v", secret: { secretName: "s" } }] }],
    [
      "a projected volume",
      secrets,
      { volumes: [{ name: "v", projected: { sources: [{ secret: { name: "s" } }] } }] },
    ],
    ["an image pull secret", secrets, { imagePullSecrets: [{ name: "s" }] }],
    ["the environment", secrets, withContainer({ envFrom: [{ secretRef: { name: "s" } }] })],
    [
      "an init container's variable",
      secrets,
      {
        initContainers: [
          {
            name: "init",
            image: "agent:1",
            env: [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
          },
        ],
      },
    ],
    ["a volume", configMaps, { volumes: [{ name: "v", configMap: { name: "c" } }] }],
    ["the environment", configMaps, withContainer({ envFrom: [{ configMapRef: { name: "c" } }] })],
  ])("are read where a pod of the node refers to them: by %s of %s", async (_by, path, spec) => {
    const one = `${path}/${path === secrets ? "s" : "c"}`;
    expect((await ask(a, "GET", one)).status).toBe(403);
    await tried.must("POST", pods, bound("p", "a", spec));
    expect((await ask(a, "GET", one)).status).toBe(200);
    expect(await ask(b, "GET", one)).toEqual({
      status: 403,
      message: expect.stringMatching(
        /^(?:secrets|configmaps) "[sc]" is forbidden: User "system:node:b" cannot get resource .* in the namespace "default": no relationship found between node b and this object$/,
      ),
    });
    await tried.must("DELETE", `${pods}/p`, { gracePeriodSeconds: 0 });
    expect((await ask(a, "GET", one)).status).toBe(403);
  });

  it("are out of reach where another kind, name or namespace is meant", async () => {
    await tried.must(
      "POST",
      pods,
      bound("p", "a", { volumes: [{ name: "v", secret: { secretName: "s" } }] }),
    );
    await tried.must("POST", "/api/v1/namespaces", { metadata: { name: "other" } });
    for (const path of [`${configMaps}/s`, `${secrets}/t`, "/api/v1/namespaces/other/secrets/s"])
      expect((await ask(a, "GET", path)).status).toBe(403);
  });

  it("are listed one at a time, and by their name", async () => {
    await tried.must(
      "POST",
      pods,
      bound("p", "a", { volumes: [{ name: "v", secret: { secretName: "s" } }] }),
    );
    const list = (fieldSelector?: string) =>
      ask(a, "GET", secrets, fieldSelector === undefined ? {} : { query: { fieldSelector } });
    expect((await list("metadata.name=s")).status).toBe(200);
    expect((await list("metadata.name=t")).status).toBe(403);
    expect((await list("metadata.name!=s")).status).toBe(403);
    expect(await list()).toMatchObject({
      status: 403,
      message: expect.stringContaining("node a can read only single objects of this type, by name"),
    });
    expect(
      (await ask(a, "GET", "/api/v1/secrets", { query: { fieldSelector: "metadata.name=s" } })).status,
    ).toBe(403);
  });

  it("are within reach of whoever is an administrator too", async () => {
    const both: Caller = { ...a, groups: [...a.groups, "system:masters"] };
    expect((await ask(both, "GET", `${secrets}/s`)).status).toBe(200);
  });

  it("are answered about as they are given", async () => {
    await tried.must(
      "POST",
      pods,
      bound("p", "a", { volumes: [{ name: "v", secret: { secretName: "s" } }] }),
    );
    const may = async (name: string) => {
      const resourceAttributes = { verb: "get", resource: "secrets", namespace: "default", name };
      const { body } = await tried.pipeline.answer(
        {
          method: "POST",
          path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          body: { spec: { resourceAttributes } },
        },
        a,
      );
      // Looked into field by field.
      return (body as { status?: { allowed?: boolean } }).status?.allowed;
    };
    expect([await may("s"), await may("t")]).toEqual([true, false]);
  });
});

describe("pods", () => {
  beforeEach(async () => {
    await tried.must("POST", pods, bound("mine", "a"));
    await tried.must("POST", pods, bound("other", "b"));
    await tried.must("POST", pods, podNamed("unbound"));
  });

  const status = { body: { status: { phase: "Running" } }, contentType: "application/merge-patch+json" };
  const evict = (name: string) => ({ body: { metadata: { name } } });

  it.each([["other"], ["unbound"]])(
    "not the node's own have their status and life to themselves: %s",
    async (name) => {
      const own = "pods with spec.nodeName set to itself";
      expect(await ask(a, "PATCH", `${pods}/${name}/status`, status)).toEqual({
        status: 403,
        message: `pods "${name}" is forbidden: node a can only update ${own}`,
      });
      expect(await ask(a, "DELETE", `${pods}/${name}`)).toEqual({
        status: 403,
        message: `pods "${name}" is forbidden: node a can only delete ${own}`,
      });
      expect(await ask(a, "POST", `${pods}/${name}/eviction`, evict(name))).toEqual({
        status: 403,
        message: `pods "${name}" is forbidden: node a can only evict ${own}`,
      });
      expect(await tried.must("GET", `${pods}/${name}`)).not.toHaveProperty("metadata.deletionTimestamp");
    },
  );

  it("of the node are its own to report on and to end", async () => {
    expect((await ask(a, "PATCH", `${pods}/mine/status`, status)).status).toBe(200);
    const labelled = { ...status, body: { ...status.body, metadata: { labels: { app: "other" } } } };
    expect(await ask(a, "PATCH", `${pods}/mine/status`, labelled)).toEqual({
      status: 403,
      message: `pods "mine" is forbidden: node a can not change labels through a pod's status`,
    });
    expect((await ask(a, "POST", `${pods}/mine/eviction`, evict("mine"))).status).toBe(201);
    expect((await ask(a, "DELETE", `${pods}/mine`, { body: { gracePeriodSeconds: 0 } })).status).toBe(200);
    expect((await ask(a, "DELETE", `${pods}/gone`)).status).toBe(404);
  });

  const mirror = (nodeName: string, spec: object = {}) =>
    podNamed("mirror", {
      metadata: { annotations: { "kubernetes.io/config.mirror": "hash" } },
      spec: { nodeName, ...spec },
    });

  it.each([
    ["no mirror", bound("plain", "a"), "node a can only create mirror pods"],
    ["of another node", mirror("b"), "node a can only create pods with spec.nodeName set to itself"],
    [
      "with a Secret",
      mirror("a", { volumes: [{ name: "v", secret: { secretName: "s" } }] }),
      "as spec.volumes[0].secret does",
    ],
    ["with an account", mirror("a", { serviceAccountName: "x" }), "as spec.serviceAccountName does"],
  ])("that are %s are not created", async (_why, body, words) => {
    expect(await ask(a, "POST", pods, { body })).toEqual({
      status: 403,
      message: expect.stringContaining(words),
    });
  });

  it("that mirror the node's static pods are created", async () => {
    expect((await ask(a, "POST", pods, { body: mirror("a") })).status).toBe(201);
  });
});

describe("nodes and leases", () => {
  it("are created by whom they are named after", async () => {
    const named = (name: string, more: object = {}) => ({ body: { metadata: { name, ...more } } });
    expect((await ask(a, "POST", nodes, named("b"))).status).toBe(403);
    expect((await ask(a, "POST", leases, named("b"))).status).toBe(403);
    const trusted = { labels: { "hall.node-restriction.kubernetes.io/vault": "true", disk: "ssd" } };
    expect(await ask(a, "POST", nodes, named("a", trusted))).toMatchObject({
      status: 403,
      message: expect.stringContaining(
        "node a is not allowed to modify labels: hall.node-restriction.kubernetes.io/vault",
      ),
    });
    expect((await ask(a, "POST", nodes, named("a", { labels: { disk: "ssd" } }))).status).toBe(201);
    expect((await ask(a, "POST", leases, named("a"))).status).toBe(201);
  });

  it("keep the taints and the labels of trust that others gave them", async () => {
    const taints = [{ key: "vault", effect: "NoSchedule" }];
    const labels = { "node-restriction.kubernetes.io/vault": "true" };
    await tried.must("POST", nodes, { metadata: { name: "a", labels }, spec: { taints } });
    const patch = (body: object) =>
      ask(a, "PATCH", `${nodes}/a`, { body, contentType: "application/merge-patch+json" });
    expect(await patch({ spec: { taints: [] } })).toMatchObject({
      status: 403,
      message: 'nodes "a" is forbidden: node a is not allowed to modify taints',
    });
    for (const value of [null, "false"])
      expect(
        (await patch({ metadata: { labels: { "node-restriction.kubernetes.io/vault": value } } })).status,
      ).toBe(403);
    expect((await patch({ metadata: { labels: { disk: "ssd" } } })).status).toBe(200);
    expect(await tried.must("GET", `${nodes}/a`)).toMatchObject({
      metadata: { labels: { ...labels, disk: "ssd" } },
      spec: { taints },
    });
  });
});
