// Owns the tests of a rollout that goes on while its deletions are on their way.
import { afterEach, beforeEach, expect, test } from "vitest";
import { seconds } from "../../lib/units.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { formatTime } from "../../model/time.ts";
import { ControllerWorld } from "./controller-world.fixture.ts";

let world: ControllerWorld;
/** Deletions held back on their way to the server: the path of each, and what lets it go on. */
let held: Map<string, () => void>;
beforeEach(() => {
  world = new ControllerWorld();
  held = new Map();
});
afterEach(() => {
  world.hold = undefined;
  for (const release of held.values()) release();
  return world.stop();
});

const count = 12;
const spec = { updateStrategy: { rollingUpdate: { maxUnavailable: 3 } } };
const images = () =>
  world
    .pods()
    .map((pod) => pod.spec?.containers[0]?.image)
    .toSorted((left = "", right = "") => (left < right ? -1 : 1));
const uids = () => world.pods().map(({ metadata }) => metadata.uid);
const all = (image: string, times = count): readonly string[] => Array.from({ length: times }, () => image);

function holdDeletions(which: (path: string) => boolean = () => true): void {
  world.hold = ({ method, path }) =>
    method === "DELETE" && which(path) ? new Promise<void>((resolve) => held.set(path, resolve)) : undefined;
}

async function running(): Promise<void> {
  for (let at = 0; at < count; at++) world.addNode(`node-${at}`);
  world.putSet({ image: "agent:1", spec });
  await world.converge();
}

test("D.14: a deletion that is never answered holds up its own node and no other", async () => {
  await running();
  const asked = new Set<string>();
  // The first would hold up all: none is begun beside it before one has succeeded.
  holdDeletions((path) => asked.size < 2 && asked.add(path).size === 2);
  world.putSet({ image: "agent:2", spec }, 2);
  await world.converge();
  expect(images()).toEqual(["agent:1", ...all("agent:2", count - 1)]);
  for (const release of held.values()) release();
  await world.converge();
  expect(images()).toEqual(all("agent:2"));
});

test("D.14: what is on its way is in the budget, whatever is planned for meanwhile", async () => {
  await running();
  holdDeletions();
  world.putSet({ image: "agent:2", spec }, 2);
  for (let released = 0; released < 3; released++) {
    await world.quiet();
    for (const node of world.api.all(nodeKind))
      world.api.put(nodeKind, {
        ...node,
        metadata: { ...node.metadata, labels: { ...node.metadata.labels, seen: String(released) } },
      });
    await world.quiet();
    for (const release of held.values()) release();
  }
  await world.quiet();
  expect(held.size).toBe(3);
  expect(world.pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(
    count - 3,
  );
});

const readiness = (status: "True" | "False"): void => {
  for (const pod of world.pods())
    if (pod.metadata.deletionTimestamp === undefined)
      world.api.put(podKind, {
        ...pod,
        status: {
          ...pod.status,
          conditions: [{ type: "Ready", status, lastTransitionTime: formatTime(world.clock.now()) }],
        },
      });
};

test.each([0, 5])(
  "D.14: a pod that serves again before its deletion has begun waits for its turn (minReadySeconds %i)",
  async (minReadySeconds) => {
    for (let at = 0; at < count; at++) world.addNode(`node-${at}`);
    const patient = { ...spec, minReadySeconds };
    world.putSet({ image: "agent:1", spec: patient });
    await world.converge();
    await world.clock.advanceAsync(seconds(10));
    readiness("False");
    await world.quiet();
    holdDeletions(() => held.size === 0);
    // None of them serves, so all may go; but one goes first.
    world.putSet({ image: "agent:2", spec: patient }, 2);
    await world.quiet();
    expect(held.size).toBe(1);
    readiness("True");
    await world.clock.advanceAsync(seconds(minReadySeconds));
    for (const release of held.values()) release();
    await world.quiet();
    expect(world.pods().filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toHaveLength(3);
    for (let turn = 0; turn < count; turn++) {
      await world.converge();
      await world.clock.advanceAsync(seconds(minReadySeconds + 1));
    }
    expect(images()).toEqual(all("agent:2"));
  },
);

test("D.16: what has not begun when the template is put back never does", async () => {
  await running();
  const before = uids();
  holdDeletions();
  world.putSet({ image: "agent:2", spec }, 2);
  await world.quiet();
  expect(held.size).toBe(1);
  world.putSet({ image: "agent:1", spec }, 3);
  await world.quiet();
  for (const release of held.values()) release();
  await world.converge();
  expect(images()).toEqual(all("agent:1"));
  expect(uids().filter((uid) => before.includes(uid))).toHaveLength(count - 1);
});

test("a refused deletion is told as an event and tried again with back-off, one request at a time", async () => {
  await running();
  let refused = 0;
  world.api.intercept = ({ method }) => {
    if (method !== "DELETE") return undefined;
    refused += 1;
    const message = "not now";
    const body = { kind: "Status", status: "Failure", reason: "Forbidden", code: 403, message };
    return { status: 403, body };
  };
  world.putSet({ image: "agent:2", spec }, 2);
  await world.clock.advanceAsync(1000);
  expect(refused).toBeGreaterThan(1);
  expect(refused).toBeLessThan(12);
  expect(world.events).toContain("Warning FailedDelete Error deleting: not now");
  world.api.intercept = undefined;
  await world.clock.advanceAsync(5000);
  await world.converge();
  expect(images()).toEqual(all("agent:2"));
});

test("a deletion that is answered while the pod stands as it stood is asked for again with back-off", async () => {
  await running();
  let asked = 0;
  world.api.intercept = ({ method, path }) => {
    if (method !== "DELETE") return undefined;
    asked += 1;
    const body = world.pods().find(({ metadata }) => path.endsWith(`/${metadata.name}`));
    return { status: 200, body };
  };
  world.putSet({ image: "agent:2", spec }, 2);
  await world.clock.advanceAsync(seconds(10));
  expect(asked).toBeGreaterThan(3);
  expect(asked).toBeLessThan(100);
  world.api.intercept = undefined;
  await world.clock.advanceAsync(seconds(60));
  await world.converge();
  expect(images()).toEqual(all("agent:2"));
});

test("a rollout costs one deletion and one creation a node", async () => {
  await running();
  const before = world.api.requests.length;
  world.putSet({ image: "agent:2", spec }, 2);
  await world.converge();
  const asked = world.api.requests.slice(before).filter(({ path }) => path.includes("/pods"));
  const times = (method: string) => asked.filter((request) => request.method === method).length;
  expect([times("DELETE"), times("POST")]).toEqual([count, count]);
});
