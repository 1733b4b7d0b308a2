// Owns the tests of events: their form, their merging, and the limits on them.
import { beforeEach, describe, expect, test } from "vitest";
import { minutes, seconds } from "../lib/units.ts";
import type { Node, Pod } from "../model/generated/types.ts";
import { event as eventKind } from "../model/kinds/event.ts";
import { node } from "../model/kinds/node.ts";
import { pod } from "../model/kinds/pod.ts";
import { formatTime } from "../model/time.ts";
import { lineLog, silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import type { EventRecorder } from "./client.ts";
import { createEventRecorder } from "./event-recorder.ts";
import { createFakeApi, type FakeApi } from "./fake-api.fixture.ts";
import { refusal } from "./fake-api-rules.fixture.ts";
import { createClient } from "./kube-client.ts";

let clock: VirtualClock;
let api: FakeApi;
let recorder: EventRecorder;
beforeEach(() => {
  clock = new VirtualClock();
  api = createFakeApi(clock);
  const client = createClient(api.transport);
  recorder = createEventRecorder({
    client,
    clock,
    random: seededRandom(1),
    log: silentLog,
    component: "kubelet",
    host: "n1",
  });
});

const putPod = (name: string): Pod =>
  api.put<Pod>(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop" },
    spec: { containers: [] },
  });
const events = () => api.all(eventKind);

describe("an event", () => {
  test("has upstream's form", async () => {
    const about = putPod("web");
    recorder.event(about, "Warning", "BackOff", "Back-off restarting");
    await recorder.flush();
    const { uid, resourceVersion } = about.metadata;
    const time = formatTime(clock.now());
    expect(events()).toMatchObject([
      {
        metadata: { namespace: "shop" },
        involvedObject: {
          apiVersion: "v1",
          kind: "Pod",
          namespace: "shop",
          name: "web",
          uid,
          resourceVersion,
        },
        type: "Warning",
        reason: "BackOff",
        message: "Back-off restarting",
        count: 1,
        firstTimestamp: time,
        lastTimestamp: time,
        source: { component: "kubelet", host: "n1" },
        reportingComponent: "kubelet",
        reportingInstance: "n1",
      },
    ]);
    const hex = events()[0]?.metadata.name.slice("web.".length) ?? "";
    expect(Number(BigInt(`0x${hex}`) / 1_000_000n)).toBe(clock.now());
  });

  test("about an object without a namespace is in default", async () => {
    const about = api.put<Node>(node, { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
    recorder.event(about, "Normal", "Starting", "Starting kubelet.");
    await recorder.flush();
    expect(events()[0]?.metadata.namespace).toBe("default");
    expect(events()[0]?.involvedObject.namespace).toBeUndefined();
  });

  test("told again is one with a count", async () => {
    const about = putPod("web");
    for (let told = 0; told < 3; told++) {
      recorder.event(about, "Warning", "BackOff", "again");
      await recorder.flush();
      clock.advance(seconds(10));
    }
    expect(events()).toMatchObject([{ count: 3, lastTimestamp: formatTime(clock.now() - seconds(10)) }]);
    expect(events()[0]?.firstTimestamp).toBe(formatTime(clock.now() - seconds(30)));
  });

  test("told again while it waits is written once", async () => {
    const about = putPod("web");
    for (let told = 0; told < 5; told++) recorder.event(about, "Warning", "BackOff", "again");
    await recorder.flush();
    expect(events().map(({ count }) => count)).toEqual([5]);
    expect(api.requests).toHaveLength(2);
  });

  test("whose object expired is written anew", async () => {
    const about = putPod("web");
    recorder.event(about, "Warning", "BackOff", "again");
    await recorder.flush();
    const { namespace, name } = events()[0]?.metadata ?? { name: "" };
    api.remove(eventKind, `${namespace}/${name}`);
    recorder.event(about, "Warning", "BackOff", "again");
    await recorder.flush();
    expect(events().map(({ count }) => count)).toEqual([1]);
  });

  test("many alike are combined", async () => {
    const about = putPod("set");
    for (let made = 0; made < 20; made++)
      recorder.event(about, "Normal", "SuccessfulCreate", `Created pod: p-${made}`);
    await recorder.flush();
    expect(events()).toHaveLength(11);
    expect(events().find(({ message }) => message?.startsWith("(combined"))).toMatchObject({
      message: "(combined from similar events): Created pod: p-19",
      count: 10,
    });
  });

  test("a flood about one object is cut, without harm to others, and ebbs", async () => {
    const [loud, calm] = [putPod("loud"), putPod("calm")];
    for (let told = 0; told < 100; told++) recorder.event(loud, "Warning", `Reason${told}`, "x");
    recorder.event(calm, "Normal", "Started", "x");
    await recorder.flush();
    expect(events()).toHaveLength(26);
    clock.advance(minutes(5));
    recorder.event(loud, "Warning", "Later", "x");
    await recorder.flush();
    expect(events()).toHaveLength(27);
  });
});

describe("when the server", () => {
  test("is away, events wait for it", async () => {
    api.intercept = () => "drop";
    recorder.event(putPod("web"), "Normal", "Started", "x");
    await clock.advanceAsync(seconds(5));
    api.intercept = undefined;
    await clock.advanceAsync(seconds(10));
    await recorder.flush();
    expect(events()).toHaveLength(1);
  });

  test("stays away, they are given up", async () => {
    api.intercept = () => "drop";
    recorder.event(putPod("web"), "Normal", "Started", "x");
    const flushed = recorder.flush();
    await clock.advanceAsync(minutes(2));
    await flushed;
    expect(clock.nextDue()).toBeUndefined();
  });

  test("ends with the reporter, what waits is let go without a word", async () => {
    const ending = new AbortController();
    const lines: string[] = [];
    const leaving = createEventRecorder({
      client: createClient(api.transport),
      clock,
      random: seededRandom(1),
      log: lineLog(clock, (line) => lines.push(line), "debug"),
      component: "scheduler",
      signal: ending.signal,
    });
    api.intercept = () => {
      ending.abort();
      return refusal(503, "ServiceUnavailable", "ending");
    };
    for (let at = 0; at < 3; at++) leaving.event(putPod(`web-${at}`), "Normal", "Scheduled", "x");
    await leaving.flush();
    leaving.event(putPod("late"), "Normal", "Scheduled", "x");
    await leaving.flush();
    expect(api.requests).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  test("refuses one, the next is written all the same", async () => {
    api.intercept = () => refusal(403, "Forbidden", "no");
    recorder.event(putPod("web"), "Normal", "Started", "x");
    await recorder.flush();
    api.intercept = undefined;
    recorder.event(putPod("web"), "Normal", "Ready", "x");
    await recorder.flush();
    expect(events().map(({ reason }) => reason)).toEqual(["Ready"]);
  });
});
