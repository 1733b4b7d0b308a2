// Owns tests of who may ask the node's server.
import { describe, expect, it } from "vitest";
import type { ApiRequest, Transport } from "../../model/wire.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { Access, accessDefault, type AccessSettings } from "./access.ts";
import { nodeAttributes } from "./plan-access.ts";

/** An API server that knows one token and lets one user read. */
function reviewing() {
  const asked: ApiRequest[] = [];
  const transport: Transport = {
    async request(request) {
      asked.push(request);
      // Every review has a spec.
      const { kind, spec } = request.body as { kind: string; spec: Record<string, unknown> };
      if (kind === "TokenReview")
        return {
          status: 201,
          body: {
            status:
              spec["token"] === "good"
                ? { authenticated: true, user: { username: "reader", groups: ["readers"] } }
                : { user: {} },
          },
        };
      // The access review's spec names what is asked for.
      const { verb, subresource } = spec["resourceAttributes"] as Record<string, string>;
      const allowed = spec["user"] === "reader" && verb === "get" && subresource === "metrics";
      return { status: 201, body: { status: { allowed } } };
    },
    async *watch() {},
  };
  return { asked, transport };
}

const settings = (more: Partial<AccessSettings>): AccessSettings => ({ ...accessDefault, ...more });
const peer = (commonName: string, ...organizations: string[]) => ({ peer: { commonName, organizations } });
const token = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
const api = peer("kube-apiserver-kubelet-client", "system:masters");

describe("who may ask", () => {
  it.each([
    ["the API server", {}, api, "GET /exec/a/b/c", "allow"],
    ["an administrator", {}, peer("me", "system:masters"), "GET /pods", "allow"],
    ["nobody", {}, {}, "GET /pods", 401],
    ["nobody, where nobody may be somebody", { anonymous: true }, {}, "GET /metrics", 403],
    [
      "nobody, where everybody may",
      { anonymous: true, authorization: "AlwaysAllow" },
      {},
      "GET /pods",
      "allow",
    ],
    ["another node", {}, peer("system:node:b", "system:nodes"), "GET /pods", 403],
    ["a reader of metrics", {}, token("good"), "GET /metrics", "allow"],
    ["that reader, for more", {}, token("good"), "GET /pods", 403],
    ["that reader, to write", {}, token("good"), "POST /metrics", 403],
    ["an unknown token", {}, token("bad"), "GET /metrics", 401],
    ["a token, where tokens are not taken", { tokens: false }, token("good"), "GET /metrics", 401],
    [
      "anyone known, where they may",
      { authorization: "AlwaysAllow" },
      token("good"),
      "POST /exec/a/b/c",
      "allow",
    ],
  ] as const)("%s", async (...[, more, by, line, wanted]) => {
    const { transport } = reviewing();
    const access = new Access({ ...settings(more), nodeName: "n", clock: new VirtualClock(), transport });
    const [method = "", target = ""] = line.split(" ");
    const verdict = await access.verdict({ headers: {}, ...by, method, target });
    expect(verdict === "allow" ? verdict : verdict.status).toBe(wanted);
  });

  it("a node alone asks nobody: its owner may, others may not", async () => {
    const access = new Access({
      ...accessDefault,
      nodeName: "n",
      clock: new VirtualClock(),
      transport: undefined,
    });
    const ask = (by: object) => access.verdict({ headers: {}, method: "GET", target: "/pods", ...by });
    expect(await ask(peer("kubelet-owner", "system:masters"))).toBe("allow");
    expect(await ask(peer("somebody"))).toMatchObject({ status: 403 });
    expect(await ask(token("good"))).toMatchObject({ status: 401 });
  });

  it("what was answered is remembered for a time", async () => {
    const { transport, asked } = reviewing();
    const clock = new VirtualClock();
    const access = new Access({ ...accessDefault, nodeName: "n", clock, transport });
    const ask = () => access.verdict({ ...token("good"), method: "GET", target: "/metrics" });
    await ask();
    await ask();
    expect(asked).toHaveLength(2);
    expect(asked[1]?.body).toMatchObject({
      spec: {
        user: "reader",
        groups: ["readers"],
        resourceAttributes: { verb: "get", resource: "nodes", subresource: "metrics", name: "n" },
      },
    });
    clock.advance(accessDefault.tokenTtl);
    await ask();
    expect(asked).toHaveLength(3);
    clock.advance(accessDefault.allowedTtl);
    await ask();
    expect(asked).toHaveLength(5);
  });

  it("an API server that cannot be asked lets nobody in, and says so", async () => {
    const transport: Transport = {
      request: () => Promise.reject(new Error("connection refused")),
      async *watch() {},
    };
    const access = new Access({ ...accessDefault, nodeName: "n", clock: new VirtualClock(), transport });
    expect(await access.verdict({ ...peer("x"), headers: {}, method: "GET", target: "/pods" })).toMatchObject(
      {
        status: 500,
        message: expect.stringContaining("connection refused"),
      },
    );
  });
});

it.each([
  ["GET", "/metrics", "get", "metrics"],
  ["GET", "/metrics/cadvisor", "get", "metrics"],
  ["GET", "/stats/summary", "get", "stats"],
  ["GET", "/logs/x", "get", "log"],
  ["POST", "/exec/a/b/c", "create", "proxy"],
  ["GET", "/pods", "get", "proxy"],
  ["DELETE", "/x", "delete", "proxy"],
])("%s %s is %s on nodes/%s", (method, path, verb, subresource) =>
  expect(nodeAttributes(method, path)).toEqual({ verb, resource: "nodes", subresource }),
);
