// Owns the tests of leader election: one leads, another follows when the first falls silent or steps down.
import { beforeEach, describe, expect, test } from "vitest";
import { seconds } from "../lib/units.ts";
import { lease as leaseKind } from "../model/kinds/lease.ts";
import type { ApiRequest } from "../model/wire.ts";
import { silentLog } from "../world/log.ts";
import { settle, VirtualClock } from "../world/virtual-clock.ts";
import { createFakeApi, type FakeApi } from "./fake-api.fixture.ts";
import { createClient } from "./kube-client.ts";
import { runAsLeader } from "./leader-election.ts";
import { planLease } from "./plan-lease.ts";
import type { Transport } from "../model/wire.ts";

let clock: VirtualClock;
let api: FakeApi;
let leading: string[];
beforeEach(() => {
  clock = new VirtualClock();
  api = createFakeApi(clock);
  leading = [];
});

/** A candidate whose way to the server can be cut. */
function candidate(identity: string) {
  const abort = new AbortController();
  let link: "up" | "cut" | "hanging" = "up";
  const transport: Transport = {
    request(request: ApiRequest) {
      if (link === "cut") return Promise.reject(new Error("connection reset"));
      return link === "hanging" ? new Promise(() => undefined) : api.transport.request(request);
    },
    watch: (request, signal) => api.transport.watch(request, signal),
  };
  const state: { ended?: string } = {};
  const run = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      leading.push(identity);
      signal.addEventListener("abort", () => {
        leading = leading.filter((name) => name !== identity);
        resolve();
      });
    });
  const options = {
    client: createClient(transport),
    clock,
    log: silentLog,
    identity,
    lease: { name: "controllers", namespace: "kube-system" },
    signal: abort.signal,
    run,
  };
  void runAsLeader(options).then((how) => (state.ended = how));
  return { state, abort, options, link: (next: typeof link) => (link = next) };
}

const spec = () => api.all(leaseKind)[0]?.spec;

describe("of several candidates", () => {
  test("one leads for as long as it renews", async () => {
    candidate("a");
    await settle();
    candidate("b");
    await clock.advanceAsync(seconds(300));
    expect(leading).toEqual(["a"]);
    expect(spec()).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
  });

  test.each(["cut", "hanging"] as const)("one that is %s off stops before another starts", async (how) => {
    const a = candidate("a");
    await settle();
    candidate("b");
    await clock.advanceAsync(seconds(20));
    a.link(how);
    for (let passed = 0; passed < 30; passed++) {
      await clock.advanceAsync(seconds(1));
      expect(leading.length).toBeLessThanOrEqual(1);
    }
    expect(leading).toEqual(["b"]);
    expect(a.state.ended).toBe("lost");
    expect(spec()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  });

  test("one that steps down makes way at once", async () => {
    const a = candidate("a");
    await settle();
    candidate("b");
    await clock.advanceAsync(seconds(5));
    a.abort.abort();
    await settle();
    expect([a.state.ended, leading, spec()?.holderIdentity]).toEqual(["ended", [], ""]);
    await clock.advanceAsync(seconds(2));
    expect(leading).toEqual(["b"]);
  });

  test("one that never led ends quietly", async () => {
    candidate("a");
    await settle();
    const b = candidate("b");
    await clock.advanceAsync(seconds(5));
    b.abort.abort();
    await clock.advanceAsync(seconds(2));
    expect([b.state.ended, leading, spec()?.holderIdentity]).toEqual(["ended", ["a"], "a"]);
  });

  test("a restarted one takes its own lease again without waiting", async () => {
    candidate("a").link("hanging");
    await settle();
    candidate("a");
    await settle();
    expect(leading).toContain("a");
  });
});

test("what the leader's work throws comes out, and the lease is given back", async () => {
  const { options, abort } = candidate("a");
  await settle();
  abort.abort();
  await settle();
  const failing = { ...options, signal: new AbortController().signal };
  await expect(runAsLeader({ ...failing, run: () => Promise.reject(new Error("bug")) })).rejects.toThrow(
    "bug",
  );
  expect(spec()?.holderIdentity).toBe("");
});

describe("planLease", () => {
  const me = { identity: "me", leaseDuration: seconds(15) };
  const held = (holderIdentity: string) => ({ spec: { holderIdentity, leaseTransitions: 4 }, at: 1000 });
  const rows: [string, Parameters<typeof planLease>[0], number, unknown][] = [
    ["no lease yet", undefined, 0, { do: "create", spec: { holderIdentity: "me", leaseTransitions: 0 } }],
    ["our own", held("me"), 99_000, { do: "update", spec: { holderIdentity: "me", leaseTransitions: 4 } }],
    ["another's, seen lately", held("you"), 15_999, { do: "wait" }],
    ["another's, run out", held("you"), 16_000, { do: "update", spec: { leaseTransitions: 5 } }],
    ["given back", held(""), 1000, { do: "update", spec: { leaseTransitions: 5 } }],
  ];
  test.each(rows)("%s", (_, seen, now, expected) => {
    expect(planLease(seen, me, now)).toMatchObject(expected as object);
  });
});
