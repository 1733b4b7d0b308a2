// Owns the tests of informers: sharing, indexes, and convergence under cuts, compactions and refusals (V.2).
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConfigMap, Pod } from "../model/generated/types.ts";
import { configMap } from "../model/kinds/config-map.ts";
import { pod } from "../model/kinds/pod.ts";
import { minutes } from "../lib/units.ts";
import type { ApiRequest } from "../model/wire.ts";
import { silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { createFakeApi, type FakeApi } from "./fake-api.fixture.ts";
import { createInformers } from "./informer.ts";
import { refusal } from "./fake-api-rules.fixture.ts";

const setUp = (seed = 1) => {
  const clock = new VirtualClock();
  const api = createFakeApi(clock);
  const informers = createInformers({
    transport: api.transport,
    clock,
    random: seededRandom(seed),
    log: silentLog,
  });
  return { clock, api, informers };
};

const putMap = (api: FakeApi, name: string, value: string) =>
  api.put<ConfigMap>(configMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default" },
    data: { value },
  });

const putPod = (api: FakeApi, name: string, nodeName?: string) =>
  api.put<Pod>(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { containers: [], nodeName },
  });

const names = (objects: Iterable<{ metadata: { name: string } }>) =>
  [...objects].map((object) => object.metadata.name).sort();

describe("an informer", () => {
  test("takes in every page, then follows", async () => {
    const { clock, api, informers } = setUp();
    for (let at = 0; at < 1100; at++) putMap(api, `m-${at}`, "a");
    const informer = informers.of(configMap);
    await clock.advanceAsync(0);
    await informer.synced;
    expect(informer.size).toBe(1100);
    expect(api.requests.map((request) => request.query?.["limit"])).toEqual(["500", "500", "500"]);
    putMap(api, "m-new", "a");
    await clock.advanceAsync(0);
    expect(informer.get("default/m-new")?.data).toEqual({ value: "a" });
  });

  test("tells a new listener what is there, and each change once", async () => {
    const { clock, api, informers } = setUp();
    putMap(api, "one", "a");
    const informer = informers.of(configMap);
    await clock.advanceAsync(0);
    const told: string[] = [];
    const end = informer.onChange((change) => told.push(`${change.is} ${change.object.metadata.name}`));
    putMap(api, "one", "b");
    putMap(api, "two", "a");
    await clock.advanceAsync(0);
    api.remove(configMap, "default/one");
    await clock.advanceAsync(0);
    end();
    putMap(api, "three", "a");
    await clock.advanceAsync(0);
    expect(told).toEqual(["added one", "changed one", "added two", "removed one"]);
  });

  test("keeps indexes as objects move", async () => {
    const { clock, api, informers } = setUp();
    const indexes = { node: (object: Pod) => [object.spec?.nodeName ?? ""] };
    putPod(api, "a", "n1");
    const informer = informers.of(pod, { indexes });
    await clock.advanceAsync(0);
    putPod(api, "b");
    await clock.advanceAsync(0);
    expect(names(informer.byIndex("node", ""))).toEqual(["b"]);
    putPod(api, "b", "n1");
    await clock.advanceAsync(0);
    expect(names(informer.byIndex("node", "n1"))).toEqual(["a", "b"]);
    expect(names(informer.byIndex("node", ""))).toEqual([]);
    api.remove(pod, "default/a");
    await clock.advanceAsync(0);
    expect(names(informer.byIndex("node", "n1"))).toEqual(["b"]);
  });

  test("shares one watch a selection, and ends it with its last user", async () => {
    const { clock, api, informers } = setUp();
    const first = informers.of(configMap);
    const second = informers.of(configMap, { indexes: { all: () => ["x"] } });
    const other = informers.of(configMap, { labelSelector: "a=b" });
    await clock.advanceAsync(0);
    expect(api.requests).toHaveLength(2);
    first.stop();
    putMap(api, "later", "a");
    await clock.advanceAsync(0);
    expect(names(second.byIndex("all", "x"))).toEqual(["later"]);
    expect(other.size).toBe(0);
    second.stop();
    putMap(api, "unseen", "a");
    await clock.advanceAsync(0);
    expect(second.size).toBe(1);
  });

  test("an object deleted and made again between two lists is told as removed and added", async () => {
    const { clock, api, informers } = setUp();
    putMap(api, "one", "a");
    const informer = informers.of(configMap);
    await clock.advanceAsync(0);
    const told: string[] = [];
    informer.onChange(({ is, object }) => told.push(`${is} ${object.metadata.uid}`));
    const [before] = api.all(configMap);
    api.cutWatches("fail");
    await clock.advanceAsync(0);
    api.remove(configMap, "default/one");
    const after = putMap(api, "one", "a");
    api.compact();
    await clock.advanceAsync(60_000);
    expect(told).toEqual([
      `added ${before?.metadata.uid}`,
      `removed ${before?.metadata.uid}`,
      `added ${after.metadata.uid}`,
    ]);
  });

  test("a bookmark moves the version on, so that no list is needed after a compaction", async () => {
    const { clock, api, informers } = setUp();
    informers.of(configMap);
    await clock.advanceAsync(0);
    putPod(api, "elsewhere");
    api.bookmark();
    await clock.advanceAsync(0);
    api.compact();
    api.cutWatches("fail");
    await clock.advanceAsync(60_000);
    expect(api.requests).toHaveLength(1);
  });

  test("a list that expires between its pages is read again in one", async () => {
    const { clock, api, informers } = setUp();
    for (let at = 0; at < 600; at++) putMap(api, `m-${at}`, "a");
    api.intercept = (request) =>
      request.query?.["continue"] === undefined ? undefined : refusal(410, "Expired", "too old");
    const informer = informers.of(configMap);
    await clock.advanceAsync(0);
    expect(informer.size).toBe(600);
    expect(api.requests.map((request) => request.query?.["limit"])).toEqual(["500", "500", undefined]);
  });

  test("a watch that falls silent without ending is opened anew in time", async () => {
    const { clock, api, informers } = setUp();
    const asked: (string | undefined)[] = [];
    const watch = api.transport.watch.bind(api.transport);
    let deaf = true;
    const transport = {
      ...api.transport,
      async *watch(request: ApiRequest, signal: AbortSignal) {
        asked.push(request.query?.["timeoutSeconds"]);
        if (!deaf) yield* watch(request, signal);
        else {
          deaf = false;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        }
      },
    };
    informers.stop();
    const informer = createInformers({ transport, clock, random: seededRandom(3), log: silentLog }).of(
      configMap,
    );
    await clock.advanceAsync(0);
    putMap(api, "unheard", "a");
    await clock.advanceAsync(minutes(4));
    expect(informer.size).toBe(0);
    await clock.advanceAsync(minutes(7));
    expect(informer.size).toBe(1);
    expect(api.requests).toHaveLength(1);
    for (const seconds of asked)
      expect([Number(seconds) >= 300, Number(seconds) <= 600]).toEqual([true, true]);
  });

  test("one listener's fault costs the others nothing", async () => {
    const { clock, api, informers } = setUp();
    const informer = informers.of(configMap);
    await clock.advanceAsync(0);
    const told: string[] = [];
    informer.onChange(() => {
      throw new Error("mine");
    });
    informer.onChange(({ object }) => told.push(object.metadata.name));
    putMap(api, "one", "a");
    putMap(api, "two", "a");
    await clock.advanceAsync(0);
    expect(told).toEqual(["one", "two"]);
    expect(api.requests).toHaveLength(1);
  });
});

type Change = { readonly do: "put" | "remove"; readonly name: number };
type Act =
  | Change
  | { readonly do: "cut"; readonly how: "end" | "fail" }
  /** The watch is cut, the world goes on, and perhaps the way back is compacted away. */
  | { readonly do: "outage"; readonly changes: readonly Change[]; readonly compacted: boolean }
  | { readonly do: "refuse"; readonly status: 410 | 503 | 0; readonly times: number }
  | { readonly do: "compact" | "bookmark" }
  | { readonly do: "pass"; readonly time: number };

const change: fc.Arbitrary<Change> = fc.record({
  do: fc.constantFrom("put" as const, "remove" as const),
  name: fc.nat(4),
});
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: change },
  fc.record({ do: fc.constant("cut" as const), how: fc.constantFrom("end" as const, "fail" as const) }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("outage" as const),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
      compacted: fc.boolean(),
    }),
  },
  fc.record({
    do: fc.constant("refuse" as const),
    status: fc.constantFrom(410 as const, 503 as const, 0 as const),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constantFrom("compact" as const, "bookmark" as const) }),
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("pass" as const), time: fc.constantFrom(0, 10, 800, 5000) }),
  },
);

function perform(api: FakeApi, act: Exclude<Act, { do: "pass" }>): void {
  switch (act.do) {
    case "put":
      putMap(api, `m-${act.name}`, String(api.requests.length));
      break;
    case "remove":
      api.remove(configMap, `default/m-${act.name}`);
      break;
    case "cut":
      api.cutWatches(act.how);
      break;
    case "outage":
      api.cutWatches("fail");
      for (const change of act.changes) perform(api, change);
      if (act.compacted) api.compact();
      break;
    case "refuse": {
      let left = act.times;
      api.intercept = () =>
        left-- <= 0 ? undefined : act.status === 0 ? "drop" : refusal(act.status, "Expired", "no");
      break;
    }
    case "compact":
      api.compact();
      break;
    case "bookmark":
      api.bookmark();
      break;
  }
}

test("V.2: whatever is cut, refused or compacted, the copy and the changes told both arrive at what the server holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), fc.nat(), async (acts, seed) => {
      const { clock, api, informers } = setUp(seed);
      const informer = informers.of(configMap, {
        indexes: {
          name: (object) => [object.metadata.name],
          value: (object) => [object.data?.["value"] ?? ""],
        },
      });
      const built = new Map<string, ConfigMap>();
      const faults: string[] = [];
      informer.onChange((change) => {
        const key = `default/${change.object.metadata.name}`;
        const had = built.get(key);
        expect({ is: change.is, had: had !== undefined }).toEqual({
          is: change.is,
          had: change.is !== "added",
        });
        if (change.is === "changed") expect(change.previous).toBe(had);
        if (change.is === "removed") built.delete(key);
        else built.set(key, change.object);
      });
      for (const next of acts)
        if (next.do === "pass") await clock.advanceAsync(next.time);
        else perform(api, next);
      await clock.advanceAsync(200_000);
      expect(faults).toEqual([]);
      const held = api.all(configMap);
      expect(names(informer.list())).toEqual(names(held));
      for (const object of held) {
        expect(informer.get(`default/${object.metadata.name}`)).toEqual(object);
        expect([...informer.byIndex("name", object.metadata.name)]).toEqual([object]);
        expect(names(informer.byIndex("value", object.data?.["value"] ?? ""))).toContain(
          object.metadata.name,
        );
      }
      const indexed = [...Array(200).keys()].flatMap((value) => [
        ...informer.byIndex("value", String(value)),
      ]);
      expect(indexed).toHaveLength(held.length);
      expect([...built.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))).toEqual(
        [...held].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      );
      informers.stop();
    }),
    { numRuns: 150 },
  );
});
