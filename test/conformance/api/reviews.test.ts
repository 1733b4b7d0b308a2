// Owns the conformance of what is asked and never stored: reviews of access and tokens, and tokens of service accounts.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorize } from "../../../src/apiserver/authorization/authorize.ts";
import { usualIssuer } from "../../../src/apiserver/authentication/service-account-token.ts";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import type { Caller } from "../../../src/model/wire.ts";
import { makeSigningKey, openSigningKey } from "../../../src/world/signing.ts";
import { admin, podNamed, pods, tryPipeline, type Tried } from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  const key = openSigningKey(makeSigningKey());
  if (key === undefined) throw new Error("no key");
  tried = await tryPipeline({ kinds, authorize, tokens: { key, issuer: usualIssuer } });
  await tried.must("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "a" } });
});
afterEach(() => tried.stop());

const node: Caller = { name: "system:node:a", groups: ["system:nodes", "system:authenticated"] };
const stranger: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const access = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

async function ask(caller: Caller, path: string, body: unknown, query: Record<string, string> = {}) {
  const { status, body: answer } = await tried.pipeline.answer({ method: "POST", path, body, query }, caller);
  // Looked into field by field.
  const { status: told, message } = answer as { status?: unknown; message?: string };
  return { code: status, told, message };
}

describe("access", () => {
  it.each([
    [{ resourceAttributes: { verb: "list", resource: "pods" } }, true],
    [{ resourceAttributes: { verb: "delete", resource: "nodes", name: "b" } }, false],
    [{ resourceAttributes: { verb: "patch", resource: "nodes", name: "a", subresource: "status" } }, true],
    [{ nonResourceAttributes: { verb: "get", path: "/healthz" } }, true],
    [{ nonResourceAttributes: { verb: "get", path: "/metrics" } }, false],
  ])("tells a node whether it may %j: %s", async (spec, allowed) => {
    const body = { kind: "SelfSubjectAccessReview", spec };
    expect(await ask(node, access, body)).toMatchObject({ code: 201, told: { allowed } });
    const other = { spec: { ...spec, user: node.name, groups: node.groups } };
    const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    expect(await ask(admin, path, other)).toMatchObject({ code: 201, told: { allowed } });
  });

  it.each([
    ["nothing asked", access, {}, 400],
    ["no object", access, [], 400],
    ["neither question", access, { spec: {} }, 400],
    ["both questions", access, { spec: { resourceAttributes: {}, nonResourceAttributes: {} } }, 400],
    ["another kind", access, { kind: "Pod", spec: { resourceAttributes: {} } }, 400],
    ["a wrong type", access, { spec: { resourceAttributes: { verb: 5 } } }, 400],
    ["an unknown field", access, { spec: { resourceAttributes: {}, strange: 1 } }, 400],
    [
      "nobody named",
      "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      { spec: { resourceAttributes: {} } },
      400,
    ],
    [
      "another namespace than the path's",
      "/apis/authorization.k8s.io/v1/namespaces/x/localsubjectaccessreviews",
      { spec: { user: "u", resourceAttributes: { namespace: "y" } } },
      400,
    ],
    ["no namespace for rules", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", { spec: {} }, 400],
    ["a version not served", "/apis/authentication.k8s.io/v1alpha1/selfsubjectreviews", {}, 404],
  ])("refuses %s", async (_name, path, body, code) => {
    expect((await ask(admin, path, body, { fieldValidation: "Strict" })).code).toBe(code);
  });

  it("answers nobody unknown", async () => {
    expect(await ask(stranger, access, {})).toMatchObject({ code: 403 });
  });

  it.each(["v1", "v1beta1"])("tells who one is in %s", async (version) => {
    const path = `/apis/authentication.k8s.io/${version}/selfsubjectreviews`;
    expect(await ask(admin, path, {})).toMatchObject({
      code: 201,
      told: { userInfo: { username: "admin", groups: ["system:masters"] } },
    });
  });
});

describe("tokens", () => {
  const path = "/api/v1/namespaces/default/serviceaccounts/a/token";
  const reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
  const tokenIn = (told: unknown): string => (told as { token: string }).token;
  const userOf = async (token: string, audiences?: string[]): Promise<unknown> =>
    (await ask(admin, reviews, { spec: { token, ...(audiences && { audiences }) } })).told;

  it("are given for an hour and known again until then", async () => {
    const { code, told } = await ask(admin, path, {});
    expect([code, told]).toMatchObject([201, { expirationTimestamp: "2026-01-01T01:00:00Z" }]);
    const token = tokenIn(told);
    const user = { username: "system:serviceaccount:default:a", uid: expect.any(String) };
    expect(await userOf(token)).toMatchObject({ authenticated: true, user, audiences: [usualIssuer] });
    await tried.clock.advanceAsync(3_600_000);
    expect(await userOf(token)).toMatchObject({ user: {}, error: expect.stringContaining("cannot verify") });
  });

  it("are for the audiences asked for only", async () => {
    const token = tokenIn((await ask(admin, path, { spec: { audiences: ["vault"] } })).told);
    expect(await userOf(token)).not.toHaveProperty("authenticated");
    expect(await userOf(token, ["vault", "x"])).toMatchObject({ authenticated: true, audiences: ["vault"] });
  });

  it("end with the pod they are bound to", async () => {
    await tried.must("POST", pods, podNamed("p", { spec: { serviceAccountName: "a" } }));
    const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p" };
    const token = tokenIn((await ask(admin, path, { spec: { boundObjectRef } })).told);
    expect(await userOf(token)).toMatchObject({
      user: { extra: { "authentication.kubernetes.io/pod-name": ["p"] } },
    });
    await tried.must("DELETE", `${pods}/p`, { gracePeriodSeconds: 0 });
    expect(await userOf(token)).not.toHaveProperty("authenticated");
  });

  it("go to a node for its own pods only", async () => {
    await tried.must("POST", "/api/v1/nodes", { metadata: { name: "a" } });
    await tried.must("POST", "/api/v1/nodes", { metadata: { name: "b" } });
    for (const name of ["a", "b"])
      await tried.must("POST", pods, podNamed(name, { spec: { serviceAccountName: "a", nodeName: name } }));
    const bound = (name: string) => ({ spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name } } });
    const codes = [];
    for (const body of [{}, bound("b"), bound("a")]) codes.push((await ask(node, path, body)).code);
    expect(codes).toEqual([403, 403, 201]);
  });

  const bound = (more: object) => ({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p", ...more } });
  it.each([
    [{ expirationSeconds: 599 }, 422, "less than 10 minutes"],
    [{ expirationSeconds: 2 ** 33 }, 422, "larger than 2^32 seconds"],
    [bound({ kind: "ConfigMap" }), 422, "spec.boundObjectRef.kind"],
    [bound({ name: "" }), 422, "spec.boundObjectRef.name"],
    [bound({ name: "q" }), 404, 'pods "q" not found'],
    [bound({ uid: "other" }), 409, "does not match the UID"],
    [bound({}), 400, "different serviceaccount name"],
    [{ audiences: "x" }, 400, "audiences"],
  ])("are refused for %j", async (spec, code, words) => {
    await tried.must("POST", pods, podNamed("p", { spec: { serviceAccountName: "other" } }));
    const refused = await ask(admin, path, { spec });
    expect([refused.code, refused.message]).toEqual([code, expect.stringContaining(words)]);
  });

  it("are refused for accounts that are not there, and for what is no account", async () => {
    const at = (resource: string) => `/api/v1/namespaces/default/${resource}/token`;
    expect((await ask(admin, at("serviceaccounts/b"), {})).code).toBe(404);
    expect((await ask(admin, at("configmaps/a"), {})).code).toBe(404);
    expect((await tried.ask("GET", path)).status).toBe(405);
  });

  it("are real only where the request is", async () => {
    const { code, told } = await ask(admin, path, {}, { dryRun: "All" });
    expect([code, told]).toMatchObject([201, { token: "" }]);
  });
});
