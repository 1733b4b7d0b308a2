// Owns the proof that a noisy client starves nobody, is told to come back, and that those who leave hold no seat.
import { describe, expect, it } from "vitest";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import { createFairness } from "../fairness/fairness.ts";
import type { EncodedAnswer } from "../answer.ts";
import { ask, fakePipeline, testEdge, type Answered } from "./fakes.fixture.ts";

const pods = "/api/v1/namespaces/default/pods";
const heartbeat = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a";
const done: EncodedAnswer = { status: 200, contentType: "application/json", body: "{}", warnings: [] };

const noisy = { peer: { commonName: "jane", organizations: [] } };
const quiet = { peer: { commonName: "joe", organizations: [] } };
const node = { peer: { commonName: "system:node:a", organizations: ["system:nodes"] } };
const admin = { peer: { commonName: "admin", organizations: ["system:masters"] } };

/** A server whose requests stay in work until they are let go; seats are few. */
function slowServer() {
  const clock = new VirtualClock();
  const working: { name: string; finish: () => void }[] = [];
  const fairness = createFairness({ clock, seats: 49 });
  const { edge } = testEdge({
    clock,
    fairness,
    pipeline: fakePipeline(
      {},
      {
        answerEncoded: (_request, { name }) =>
          new Promise((resolve) => working.push({ name, finish: () => resolve(done) })),
      },
    ),
  });
  return { clock, edge, working, fairness };
}

describe("a server with few seats", () => {
  it("works for nodes, administrators and other clients while one client floods it", async () => {
    const { edge, working } = slowServer();
    const flood = Array.from({ length: 50 }, () => ask(edge, pods, noisy));
    const patient = ask(edge, pods, quiet);
    const beat = ask(edge, heartbeat, node);
    const rescue = ask(edge, pods, admin);
    await settle();
    const seats = working.filter(({ name }) => name === "jane").length;
    expect(seats).toBe(4);
    expect(working.map(({ name }) => name).slice(seats)).toEqual(["system:node:a", "admin"]);
    for (const { finish } of working.splice(0)) finish();
    await settle();
    // The other client has its turn among the next, though fifty stood before it.
    expect(working.map(({ name }) => name)).toContain("joe");
    while (working.length > 0) {
      for (const { finish } of working.splice(0)) finish();
      await settle();
    }
    const answers = await Promise.all([...flood, patient, beat, rescue]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("answers 429 with Retry-After once too many of one client wait, and when they wait too long", async () => {
    const { clock, edge, fairness } = slowServer();
    const flood = Array.from({ length: 200 }, () => ask(edge, pods, noisy));
    await settle();
    const rejected = (): number => [...fairness.levels()].reduce((sum, one) => sum + one.rejected, 0);
    expect(rejected()).toBe(200 - 4 - 128);
    const refused: Answered | undefined = await flood.at(-1);
    expect(refused?.status).toBe(429);
    expect(refused?.headers["retry-after"]).toBe("1");
    await clock.advanceAsync(15_000);
    expect(rejected()).toBe(196);
  });

  it("gives no seat to a client that left", async () => {
    const { edge, working } = slowServer();
    for (let seat = 0; seat < 4; seat += 1) void ask(edge, pods, noisy);
    const leaving = new AbortController();
    void ask(edge, pods, { ...noisy, signal: leaving.signal });
    const next = ask(edge, pods, quiet);
    await settle();
    leaving.abort();
    working.splice(0, 1)[0]?.finish();
    await settle();
    expect(working.map(({ name }) => name)).toEqual(["jane", "jane", "jane", "joe"]);
    for (const { finish } of working.splice(0)) finish();
    expect((await next).status).toBe(200);
  });
});
