// Owns the proof that a share of one whole copy tells what an informer with a field selector of its own would (V.2).
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Pod } from "../model/generated/types.ts";
import { configMap } from "../model/kinds/config-map.ts";
import { pod } from "../model/kinds/pod.ts";
import { silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import type { Informers } from "./client.ts";
import { createFakeApi, type FakeApi } from "./fake-api.fixture.ts";
import { createInformers } from "./informer.ts";
import { createSharedInformers, placing } from "./shared-informers.ts";

const setUp = (someHaveNone = false) => {
  const clock = new VirtualClock();
  const api = createFakeApi(clock);
  const whole = createInformers({ transport: api.transport, clock, random: seededRandom(1), log: silentLog });
  const informers = createSharedInformers(whole, [
    placing({ kind: pod, field: "spec.nodeName", placeOf: ({ spec }) => spec?.nodeName, someHaveNone }),
  ]);
  return { clock, api, whole, informers };
};

const put = (api: FakeApi, name: string, nodeName: string | undefined) =>
  api.put<Pod>(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { containers: [], nodeName },
  });

function logOf(informers: Informers, node: string) {
  const told: string[] = [];
  const informer = informers.of(pod, { fieldSelector: `spec.nodeName=${node}` });
  const end = informer.onChange(({ is, object }) => told.push(`${is} ${object.metadata.name}`));
  return { told, informer, end };
}

describe("shared informers", () => {
  test("take one list and one watch for all their users", async () => {
    const { clock, api, informers } = setUp();
    put(api, "a", "n1");
    const users = ["n1", "n2", "n3"].map((node) => logOf(informers, node));
    await clock.advanceAsync(0);
    await Promise.all(users.map(({ informer }) => informer.synced));
    expect(api.requests.filter(({ path }) => path.endsWith("/pods"))).toHaveLength(1);
    expect(users.map(({ told }) => told)).toEqual([["added a"], [], []]);
    expect(users[0]?.informer.get("default/a")?.metadata.name).toBe("a");
    expect(users[1]?.informer.get("default/a")).toBeUndefined();
    expect(users.map(({ informer }) => informer.size)).toEqual([1, 0, 0]);
  });

  test("tell each user exactly what a selector of its own would", async () => {
    const place = fc.constantFrom(undefined, "n1", "n2");
    const step = fc.record({ name: fc.constantFrom("a", "b", "c"), place, remove: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.boolean(), async (steps, someHaveNone) => {
        const { clock, api, whole, informers } = setUp(someHaveNone);
        const pairs = ["n1", "n2"].map((node) => [logOf(informers, node), logOf(whole, node)] as const);
        await clock.advanceAsync(0);
        for (const { name, place: to, remove } of steps) {
          // What has a place once never has none: a server that tells of placed objects alone could not tell where it was.
          const unplaces = to === undefined && api.get(pod, `default/${name}`)?.spec?.nodeName !== undefined;
          if (remove || (someHaveNone && unplaces)) api.remove(pod, `default/${name}`);
          else put(api, name, to);
          await clock.advanceAsync(0);
        }
        for (const [shared, own] of pairs) {
          expect(shared.told).toEqual(own.told);
          expect([...shared.informer.list()]).toEqual([...own.informer.list()]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("who ends its part hears nothing more, and the others go on", async () => {
    const { clock, api, informers } = setUp();
    const [first, second] = [logOf(informers, "n1"), logOf(informers, "n1")];
    await clock.advanceAsync(0);
    first.informer.stop();
    put(api, "a", "n1");
    await clock.advanceAsync(0);
    expect([first.told, second.told]).toEqual([[], ["added a"]]);
    expect(() => second.informer.byIndex("x", "y")).toThrow(/not asked for/);
  });

  test("what is not placed is followed as always", async () => {
    const { clock, api, whole, informers } = setUp();
    const maps = informers.of(configMap, { namespace: "default" });
    await clock.advanceAsync(0);
    await maps.synced;
    expect(api.requests.map(({ path }) => path)).toEqual(["/api/v1/namespaces/default/configmaps"]);
    expect(whole.of(configMap, { namespace: "default" }).synced).toBe(maps.synced);
  });
});
