// Owns the proof of a request's way through the edge, with a scripted pipeline behind it.
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { settle } from "../../world/virtual-clock.ts";
import { BodyTooLarge } from "../../world/http.ts";
import { jsonAnswer } from "./send.ts";
import { ask, exchangeInMemory, fakePipeline, testEdge } from "./fakes.fixture.ts";
import { bytesField, enveloped } from "./protobuf-write.fixture.ts";

const pods = "/api/v1/namespaces/default/pods";
const infos = "/api/v1/namespaces/kube-public/configmaps";
const clusterInfo = `${infos}/cluster-info`;
const json = { "content-type": "application/json" };

describe("who asks", () => {
  const nobody = { peer: undefined };
  const cases: readonly {
    name: string;
    target: string;
    given: Parameters<typeof ask>[2];
    expected: number;
  }[] = [
    { name: "a certificate", target: pods, given: {}, expected: 200 },
    {
      name: "a token",
      target: pods,
      given: { ...nobody, headers: { authorization: "Bearer s3cret" } },
      expected: 200,
    },
    { name: "nothing", target: pods, given: nobody, expected: 401 },
    {
      name: "a wrong token",
      target: pods,
      given: { ...nobody, headers: { authorization: "Bearer x" } },
      expected: 401,
    },
    {
      name: "a password",
      target: pods,
      given: { ...nobody, headers: { authorization: "Basic eDp5" } },
      expected: 401,
    },
    { name: "nothing, for the version", target: "/version", given: nobody, expected: 200 },
    { name: "nothing, for health", target: "/readyz", given: nobody, expected: 200 },
    {
      name: "a wrong token, for health",
      target: "/livez",
      given: { ...nobody, headers: { authorization: "Bearer x" } },
      expected: 401,
    },
    { name: "nothing, for cluster-info", target: clusterInfo, given: nobody, expected: 200 },
    { name: "nothing, to list beside it", target: infos, given: nobody, expected: 401 },
    { name: "nothing, to watch it", target: `${infos}?watch=true`, given: nobody, expected: 401 },
    { name: "nothing, for discovery", target: "/api", given: nobody, expected: 401 },
    { name: "nothing, for metrics", target: "/metrics", given: nobody, expected: 401 },
    {
      name: "one who may not, for metrics",
      target: "/metrics",
      given: { peer: { commonName: "jane", organizations: [] } },
      expected: 403,
    },
    {
      name: "one who may not act as others",
      target: pods,
      given: { peer: { commonName: "jane", organizations: [] }, headers: { "impersonate-user": "admin" } },
      expected: 403,
    },
  ];
  it.each(cases)("$name: $expected", async ({ target, given, expected }) => {
    const answer = await ask(testEdge().edge, target, given);
    expect(answer.status).toBe(expected);
    if (expected === 401)
      expect(answer.json).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
  });

  it("hands the caller on, with groups and agent, or the one acted as", async () => {
    const pipeline = fakePipeline();
    const { edge } = testEdge({ pipeline });
    await ask(edge, pods, { headers: { "user-agent": "kubectl/v1.32 (linux)" } });
    await ask(edge, pods, { headers: { "impersonate-user": "jane", "impersonate-group": "ops" } });
    expect(pipeline.asked.map(({ caller }) => caller)).toEqual([
      { name: "admin", groups: ["system:masters", "system:authenticated"], agent: "kubectl" },
      { name: "jane", groups: ["ops", "system:authenticated"] },
    ]);
  });
});

describe("what is asked", () => {
  it("hands method, path, query, accept and body on", async () => {
    const pipeline = fakePipeline();
    const { edge } = testEdge({ pipeline });
    const answer = await ask(edge, `${pods}/x%2Dy/?fieldManager=a%20b&fieldManager=c`, {
      method: "PATCH",
      headers: {
        "content-type": "application/merge-patch+json; charset=utf-8",
        accept: "application/json;as=Table",
      },
      body: '{"a":[1,"b"]}',
    });
    expect(answer.json).toEqual({ echo: { a: [1, "b"] } });
    expect(pipeline.asked[0]?.request).toMatchObject({
      method: "PATCH",
      path: `${pods}/x-y`,
      query: { fieldManager: "a b" },
      accept: "application/json;as=Table",
      body: { a: [1, "b"] },
      contentType: "application/merge-patch+json",
    });
  });

  const bad: readonly {
    name: string;
    target?: string;
    given: Parameters<typeof ask>[2];
    expected: number;
  }[] = [
    { name: "broken JSON", given: { method: "POST", headers: json, body: '{"a":' }, expected: 400 },
    {
      name: "broken UTF-8",
      given: { method: "POST", headers: json, body: Uint8Array.of(34, 0xff, 34) },
      expected: 400,
    },
    {
      name: "broken YAML",
      given: { method: "POST", headers: { "content-type": "application/yaml" }, body: "a: [" },
      expected: 400,
    },
    {
      name: "an alias bomb",
      given: {
        method: "POST",
        headers: { "content-type": "application/yaml" },
        body: `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e"].map((key, at) => `${key}: &${key} [${`*${"abcd"[at]},`.repeat(9)}]`).join("\n")}`,
      },
      expected: 400,
    },
    {
      name: "a form",
      given: {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "a=b",
      },
      expected: 415,
    },
    { name: "a patch without type", given: { method: "PATCH", headers: json, body: "{}" }, expected: 415 },
    { name: "a method that is none", given: { method: "BREW" }, expected: 405 },
    { name: "OPTIONS", given: { method: "OPTIONS" }, expected: 405 },
    { name: "a bad escape", target: "/api/v1/namespaces/%zz/pods", given: {}, expected: 400 },
    { name: "an escaped slash", target: "/api/v1/namespaces/a%2Fb/pods", given: {}, expected: 400 },
    { name: "dots", target: "/api/v1/../../etc", given: {}, expected: 400 },
    { name: "an unknown path", target: "/nowhere", given: {}, expected: 404 },
    { name: "a write to a path", target: "/apis", given: { method: "POST" }, expected: 405 },
  ];
  it.each(bad)("answers $name with $expected", async ({ target, given, expected }) => {
    const answer = await ask(testEdge().edge, target ?? pods, given);
    expect(answer.status).toBe(expected);
    expect(answer.json).toMatchObject({ kind: "Status", status: "Failure", code: expected });
  });

  it("says so when a body is too large", async () => {
    const { edge } = testEdge();
    const { exchange, answered } = exchangeInMemory(pods, { method: "POST" });
    edge.handle({ ...exchange, body: (limit) => Promise.reject(new BodyTooLarge(limit)) });
    expect((await answered).json).toMatchObject({ code: 413, reason: "RequestEntityTooLarge" });
  });

  it.each(['{"spec":{"a":1,"a":2}}', "spec: {a: 1, a: 2}"])(
    "hands on which fields stood twice in %s",
    async (body) => {
      const pipeline = fakePipeline();
      const headers = { "content-type": body.startsWith("{") ? "application/json" : "application/yaml" };
      await ask(testEdge({ pipeline }).edge, pods, { method: "POST", headers, body });
      expect(pipeline.asked[0]?.request).toMatchObject({ body: { spec: { a: 2 } }, duplicates: ["spec.a"] });
    },
  );

  it("warns of protobuf fields that it does not know", async () => {
    const pipeline = fakePipeline(
      {},
      { answerEncoded: async () => ({ ...jsonAnswer(200, {}), warnings: ["later"] }) },
    );
    const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
    const body = enveloped("v1", "Pod", bytesField(99, "x"));
    const answer = await ask(testEdge({ pipeline }).edge, pods, { method: "POST", headers, body });
    expect(answer.headers["warning"]).toEqual([
      '299 - "unknown protobuf field Pod 99, passed over; send JSON for newer fields"',
      '299 - "later"',
    ]);
  });
});

describe("how it is answered", () => {
  it("names the audit, and keeps one given", async () => {
    const { edge } = testEdge();
    expect((await ask(edge, pods)).headers["audit-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect((await ask(edge, pods, { headers: { "audit-id": "abc-1" } })).headers["audit-id"]).toBe("abc-1");
  });

  it("compresses what is large, for those who take it", async () => {
    const large = { a: "x".repeat(200_000) };
    const { edge } = testEdge({ pipeline: fakePipeline({ [pods]: large }) });
    const packed = await ask(edge, pods, { headers: { "accept-encoding": "br, gzip" } });
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.body.length).toBeLessThan(2000);
    expect(JSON.parse(gunzipSync(packed.body).toString())).toEqual(large);
    for (const accept of [undefined, "identity", "gzip;q=0"])
      expect((await ask(edge, pods, { headers: { "accept-encoding": accept } })).json).toEqual(large);
    const small = await ask(testEdge().edge, pods, { headers: { "accept-encoding": "gzip" } });
    expect(small.headers["content-encoding"]).toBeUndefined();
  });

  it("keeps warnings within what a header may hold", async () => {
    const answerEncoded = async () => ({ ...jsonAnswer(200, {}), warnings: ['a "quoted"\nlinä\\'] });
    const { edge } = testEdge({ pipeline: fakePipeline({}, { answerEncoded }) });
    const warning = (await ask(edge, pods)).headers["warning"];
    expect(Buffer.from(String(warning), "latin1").toString()).toBe('299 - "a \\"quoted\\" linä\\\\"');
  });

  it("answers 500 where the pipeline throws, and goes on", async () => {
    const answerEncoded = () => Promise.reject(new Error("broken"));
    const { edge } = testEdge({ pipeline: fakePipeline({}, { answerEncoded }) });
    expect((await ask(edge, pods)).json).toMatchObject({ code: 500, reason: "InternalError" });
  });

  it("answers 504 after a minute without an answer", async () => {
    const answerEncoded = () => new Promise<never>(() => undefined);
    const { edge, clock } = testEdge({ pipeline: fakePipeline({}, { answerEncoded }) });
    const answer = ask(edge, pods);
    await settle();
    await clock.advanceAsync(60_000);
    expect((await answer).json).toMatchObject({ code: 504, reason: "Timeout" });
    expect(clock.nextDue()).toBeUndefined();
  });

  it("counts requests, and shows gauges of others", async () => {
    const { createMetrics } = await import("./metrics.ts");
    const metrics = createMetrics();
    metrics.gauge({
      name: "everynode_nodes",
      help: "Nodes.",
      labelNames: ["zone"],
      read: () => [{ labels: { zone: "a" }, value: 7 }],
    });
    const { edge } = testEdge({ metrics });
    await ask(edge, pods);
    await ask(edge, pods);
    const page = await ask(edge, "/metrics");
    expect(page.text).toContain(
      'apiserver_request_total{verb="LIST",group="",resource="pods",subresource="",code="200"} 2',
    );
    expect(page.text).toMatch(
      /apiserver_request_duration_seconds_bucket\{le="0.001",[^}]*resource="pods"[^}]*\} 2/,
    );
    expect(page.text).toMatch(/apiserver_request_duration_seconds_count\{[^}]*resource="pods"[^}]*\} 2/);
    expect(page.text).toContain('everynode_nodes{zone="a"} 7');
    expect(page.text).toContain("process_resident_memory_bytes");
    expect((await ask(edge, "/metrics")).text).toContain('everynode_nodes{zone="a"} 7');
  });
});

describe("health", () => {
  const checks = [
    { name: "store", alive: true, check: () => undefined },
    { name: "cache", alive: false, check: async () => "still filling" },
    { name: "thrower", alive: false, check: () => Promise.reject(new Error("boom")) },
  ];
  it.each([
    ["/livez", 200, "ok"],
    ["/livez?verbose", 200, "[+]ping ok\n[+]store ok\nlivez check passed\n"],
    [
      "/readyz",
      500,
      "[+]ping ok\n[+]store ok\n[-]cache failed: still filling\n[-]thrower failed: boom\nreadyz check failed\n",
    ],
    ["/readyz/store", 200, "ok"],
    ["/readyz?exclude=cache&exclude=thrower", 200, "ok"],
  ])("%s: %d", async (target, status, text) => {
    const answer = await ask(testEdge({ checks }).edge, target, { peer: undefined });
    expect([answer.status, answer.text]).toEqual([status, text]);
  });
});

describe("watch", () => {
  const lines = async function* () {
    yield [new TextEncoder().encode("one\n"), new TextEncoder().encode("two\n")];
    yield [new TextEncoder().encode("three\n")];
  };
  const watching = { is: "watching", contentType: "application/json;stream=watch", lines: lines() } as const;

  it("streams events as lines", async () => {
    const { edge } = testEdge({ pipeline: fakePipeline({}, { watchEncoded: async () => watching }) });
    const answer = await ask(edge, `${pods}?watch=true`);
    expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([
      200,
      "application/json;stream=watch",
      "one\ntwo\nthree\n",
    ]);
  });

  it("passes a refusal on, and reads one object where the path names one", async () => {
    const pipeline = fakePipeline();
    const { edge } = testEdge({ pipeline });
    expect((await ask(edge, `${pods}?watch=1`)).status).toBe(410);
    expect((await ask(edge, `${pods}/a?watch=1`)).status).toBe(200);
  });

  it("ends a watcher who takes nothing", async () => {
    const burst = Array.from({ length: 10 }, () => new Uint8Array(1_000_000));
    let bursts = 0;
    const endless = async function* () {
      for (;;) {
        bursts += 1;
        yield burst;
      }
    };
    const pipeline = fakePipeline({}, { watchEncoded: async () => ({ ...watching, lines: endless() }) });
    const { edge, clock } = testEdge({ pipeline });
    const { exchange } = exchangeInMemory(`${pods}?watch=true`);
    let pending = 0;
    let ended = false;
    edge.handle({
      ...exchange,
      stream: () => ({
        write: (chunk) => (pending += chunk.length) < 0,
        drained: () => new Promise(() => undefined),
        get pending() {
          return pending;
        },
        end: () => (ended = true),
      }),
    });
    await settle();
    expect([bursts, pending, ended]).toEqual([1, 1_000_000, false]);
    await clock.advanceAsync(30_000);
    expect([bursts, pending, ended]).toEqual([1, 1_000_000, true]);
  });
});
