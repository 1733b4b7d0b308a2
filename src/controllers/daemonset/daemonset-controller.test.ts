// Owns the tests of the DaemonSet controller over an API server in memory.
import { afterEach, beforeEach, expect, test } from "vitest";
import { controllerRevision as revisionKind } from "../../model/kinds/controller-revision.ts";
import { daemonSet as setKind } from "../../model/kinds/daemon-set.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { ApiRequest } from "../../model/wire.ts";
import { ControllerWorld } from "./controller-world.fixture.ts";

let world: ControllerWorld;
beforeEach(() => {
  world = new ControllerWorld();
});
afterEach(() => world.stop());

const writes = (requests: readonly ApiRequest[]) =>
  requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);
const images = () => world.pods().map((pod) => pod.spec?.containers[0]?.image);

test("D.1 D.11: one pod on each node, and a status that says so", async () => {
  for (const name of ["a", "b", "c"]) world.addNode(name);
  world.putSet({});
  await world.converge();
  expect(world.spread()).toEqual(["rng@a", "rng@b", "rng@c"]);
  expect(world.set()?.status).toEqual({
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberMisscheduled: 0,
    numberReady: 3,
    numberAvailable: 3,
    updatedNumberScheduled: 3,
    observedGeneration: 1,
  });
  expect(world.events.filter((event) => event.includes("SuccessfulCreate"))).toHaveLength(3);
});

test("a cluster at rest is left at rest: planning again writes nothing", async () => {
  world.addNode("a");
  world.putSet({});
  await world.converge();
  const before = world.api.requests.length;
  const node = world.api.get(nodeKind, "a");
  if (node !== undefined)
    world.api.put(nodeKind, { ...node, metadata: { ...node.metadata, labels: { changed: "yes" } } });
  await world.quiet();
  expect(writes(world.api.requests.slice(before))).toEqual([]);
});

test("D.18: a node that joins costs one write of its pod, before any of the status, and statuses gather", async () => {
  world.addNode("a");
  world.putSet({});
  await world.converge();
  const before = world.api.requests.length;
  for (const name of ["b", "c", "d"]) {
    world.addNode(name);
    await world.clock.advanceAsync(5);
  }
  await world.quiet();
  const done = writes(world.api.requests.slice(before)).map((line) =>
    line.replace(/^(\S+) .*\/default\//, "$1 "),
  );
  expect(done.filter((line) => line === "POST pods")).toHaveLength(3);
  expect(done[0]).toBe("POST pods");
  expect(done.filter((line) => line !== "POST pods").length).toBeLessThan(3);
  expect(world.set()?.status?.currentNumberScheduled).toBe(4);
});

test("D.18: a node that joins gets its pod ahead of any plan for all; a node removed gets none elsewhere", async () => {
  world.addNode("a");
  world.putSet({});
  await world.converge();
  world.addNode("late");
  await world.quiet();
  expect(world.spread()).toEqual(["rng@a", "rng@late"]);
  await world.converge();
  world.api.remove(nodeKind, "late");
  for (const pod of world.pods())
    if (pod.spec?.nodeName === "late") world.api.remove(podKind, `default/${pod.metadata.name}`);
  await world.converge();
  expect(world.spread()).toEqual(["rng@a"]);
  world.addNode("late");
  await world.converge();
  expect(world.spread()).toEqual(["rng@a", "rng@late"]);
});

test("D.14: a new template is rolled out one node at a time, and undone without restarting what was not replaced", async () => {
  for (const name of ["a", "b", "c"]) world.addNode(name);
  world.putSet({ image: "agent:1" });
  await world.converge();
  world.putSet({ image: "agent:2" }, 2);
  await world.quiet();
  const leaving = world.pods().filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  expect(leaving).toHaveLength(1);
  const untouched = world.pods().filter((pod) => !leaving.includes(pod));
  world.putSet({ image: "agent:1" }, 3);
  await world.converge();
  expect(images()).toEqual(["agent:1", "agent:1", "agent:1"]);
  for (const { metadata } of untouched)
    expect(world.pods().map((pod) => pod.metadata.uid)).toContain(metadata.uid);
  expect(
    world.api
      .all(revisionKind)
      .map(({ revision }) => revision)
      .sort((left, right) => left - right),
  ).toEqual([2, 3]);
});

test("D.14: a whole rollout ends with every pod of the new template", async () => {
  for (const name of ["a", "b", "c", "d", "e"]) world.addNode(name);
  world.putSet({ image: "agent:1" });
  await world.converge();
  world.putSet({ image: "agent:2", spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } } }, 2);
  await world.converge();
  expect(images()).toEqual(Array.from({ length: 5 }, () => "agent:2"));
  expect(world.set()?.status?.updatedNumberScheduled).toBe(5);
  expect(world.set()?.status?.observedGeneration).toBe(2);
});

test("D.10 D.17: pods left by a deleted set are adopted by one that matches; a relabelled pod is released and replaced", async () => {
  world.addNode("a");
  world.putSet({});
  await world.converge();
  const [pod] = world.pods();
  if (pod === undefined) throw new Error("there is no pod");
  const key = `default/${pod.metadata.name}`;
  world.api.remove(setKind, "default/rng");
  world.api.put(podKind, { ...pod, metadata: { ...pod.metadata, ownerReferences: [] } });
  for (const revision of world.api.all(revisionKind))
    world.api.put(revisionKind, { ...revision, metadata: { ...revision.metadata, ownerReferences: [] } });
  const again = world.putSet({});
  await world.converge();
  expect(world.pods().map(({ metadata }) => metadata.uid)).toEqual([pod.metadata.uid]);
  const owned = world.api.get(podKind, key);
  expect(owned?.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([again.metadata.uid]);

  if (owned === undefined) throw new Error("there is no pod");
  world.api.put(podKind, { ...owned, metadata: { ...owned.metadata, labels: { app: "debugged" } } });
  await world.converge();
  expect(world.api.get(podKind, key)?.metadata.ownerReferences ?? []).toEqual([]);
  expect(world.pods()).toHaveLength(2);
});

test("D.6: a failed pod is replaced at once, then only after its back-off", async () => {
  world.addNode("a");
  world.putSet({});
  await world.converge();
  const fail = () => {
    for (const pod of world.pods()) world.api.put(podKind, { ...pod, status: { phase: "Failed" } });
  };
  fail();
  await world.converge();
  expect(world.events.some((event) => event.startsWith("Warning FailedDaemonPod"))).toBe(true);
  const second = world.pods()[0];
  expect(second?.status?.phase).toBe("Running");
  fail();
  await world.clock.advanceAsync(10);
  expect(world.pods()[0]?.metadata.deletionTimestamp).toBeUndefined();
  await world.clock.advanceAsync(1000);
  expect(world.pods()[0]?.metadata.deletionTimestamp).toBeDefined();
});

test("D.12: minReadySeconds is looked at again when it has passed, with nothing else happening", async () => {
  world.addNode("a");
  world.putSet({ spec: { minReadySeconds: 60 } });
  await world.converge();
  expect(world.set()?.status?.numberAvailable).toBeUndefined();
  await world.clock.advanceAsync(60_000);
  expect(world.set()?.status?.numberAvailable).toBe(1);
});

test("D.9: an empty selector makes no pods; a set being deleted is left alone", async () => {
  world.addNode("a");
  world.putSet({ name: "all", spec: { selector: {} } });
  await world.converge();
  expect(world.pods()).toEqual([]);
  expect(world.events.some((event) => event.startsWith("Warning SelectingAll"))).toBe(true);
  const set = world.putSet({});
  world.api.put(setKind, {
    ...set,
    metadata: { ...set.metadata, deletionTimestamp: set.metadata.creationTimestamp, finalizers: ["x/y"] },
  });
  await world.converge();
  expect(world.pods()).toEqual([]);
});

test("a refused creation is told once as an event and tried again with back-off, one request at a time", async () => {
  for (let at = 0; at < 50; at++) world.addNode(`node-${at}`);
  let refused = 0;
  world.api.intercept = ({ method, path }) => {
    if (method !== "POST" || !path.endsWith("/pods")) return undefined;
    refused += 1;
    const message = 'pods "x" is forbidden: exceeded quota';
    return {
      status: 403,
      body: { kind: "Status", status: "Failure", reason: "Forbidden", code: 403, message },
    };
  };
  world.putSet({});
  await world.clock.advanceAsync(10);
  expect(refused).toBeLessThan(5);
  expect(world.events).toContain(
    'Warning FailedCreate Error creating: pods "x" is forbidden: exceeded quota',
  );
  world.api.intercept = undefined;
  await world.clock.advanceAsync(5000);
  await world.converge();
  expect(world.pods()).toHaveLength(50);
});

test("V.3: a controller that starts anew finds its pods and makes no more", async () => {
  for (const name of ["a", "b"]) world.addNode(name);
  world.putSet({});
  await world.quiet();
  await world.restart();
  await world.converge();
  expect(world.spread()).toEqual(["rng@a", "rng@b"]);
});

test("D.15: two templates of one hash raise collisionCount and still get two revisions", async () => {
  world.addNode("a");
  world.putSet({ image: "agent:1" });
  await world.converge();
  const [first] = world.api.all(revisionKind);
  if (first === undefined) throw new Error("there is no revision");
  // Another template under the very name the next revision would have: as a clash of hashes would leave it.
  world.api.remove(revisionKind, `default/${first.metadata.name}`);
  world.api.put(revisionKind, { ...first, data: { spec: { template: "another" } } });
  await world.converge();
  expect(world.set()?.status?.collisionCount).toBe(1);
  expect(world.api.all(revisionKind)).toHaveLength(2);
  expect(images()).toEqual(["agent:1"]);
});
