// Owns the proof that simulated containers follow the clock and the seed, and nothing else.
import { expect, test } from "vitest";
import { seededRandom } from "../../world/random.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { plainContainer, plainSandbox } from "../plain-configs.fixture.ts";
import type { RuntimeEvent } from "../runtime.ts";
import { createSimulatedRuntime, type SimulatedBehaviour, type SimulatedImage } from "./simulated-runtime.ts";

const pod = (uid: string) => plainSandbox(uid, "/logs");
const container = { ...plainContainer, image: "agent:1" };

function make(behaviour: SimulatedBehaviour = {}, image: SimulatedImage = {}) {
  const clock = new VirtualClock(0);
  const runtime = createSimulatedRuntime({
    clock,
    random: seededRandom(7),
    behaviour: () => behaviour,
    image: () => image,
    address: ({ pod }) => `10.0.0.${pod.uid.length}`,
  });
  return { clock, runtime };
}

async function created(behaviour: SimulatedBehaviour = {}) {
  const made = make(behaviour);
  const id = await made.runtime.createContainer(await made.runtime.runPodSandbox(pod("a")), container);
  return { ...made, id };
}

test("the same seed gives the same ids", async () => {
  expect((await created()).id).toBe((await created()).id);
});

test("it runs for its time and ends with its code", async () => {
  const { runtime, clock, id } = await created({ runsFor: 5000, exitCode: 3 });
  await runtime.startContainer(id);
  await clock.advanceAsync(4999);
  expect(await runtime.containerStatus(id)).toMatchObject({ state: "running", startedAt: 0 });
  await clock.advanceAsync(1);
  expect(await runtime.containerStatus(id)).toMatchObject({
    state: "exited",
    exitCode: 3,
    finishedAt: 5000,
    reason: "Error",
  });
});

test("a slow start is no start until it is over, and a stop ends it", async () => {
  const { runtime, clock, id } = await created({ startTakes: 1000 });
  const started = runtime.startContainer(id);
  const refused = expect(started).rejects.toMatchObject({ reason: "RunContainerError" });
  await clock.advanceAsync(500);
  expect(await runtime.containerStatus(id)).toMatchObject({ state: "created" });
  await runtime.stopContainer(id, 0);
  await clock.advanceAsync(500);
  await refused;
  expect(await runtime.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 137 });
});

test.each([
  { stopTakes: 2000, grace: 5000, at: 2000, exitCode: 143 },
  { stopTakes: Number.POSITIVE_INFINITY, grace: 5000, at: 5000, exitCode: 137 },
  { stopTakes: 0, grace: 5000, at: 0, exitCode: 143 },
])("a stop that takes $stopTakes within $grace", async ({ stopTakes, grace, at, exitCode }) => {
  const { runtime, clock, id } = await created({ stopTakes });
  await runtime.startContainer(id);
  const stopped = runtime.stopContainer(id, grace);
  await clock.advanceAsync(10_000);
  await stopped;
  expect(await runtime.containerStatus(id)).toMatchObject({ state: "exited", exitCode, finishedAt: at });
});

test("its end from elsewhere ends a stop that waits", async () => {
  const { runtime, clock, id } = await created({ stopTakes: Number.POSITIVE_INFINITY });
  await runtime.startContainer(id);
  const stopped = runtime.stopContainer(id, 5000);
  await clock.advanceAsync(1000);
  runtime.endContainer(id, 9);
  await stopped;
  expect(await runtime.containerStatus(id)).toMatchObject({ exitCode: 9, finishedAt: 1000 });
  expect(clock.nextDue()).toBeUndefined();
});

test("a slow pull, and one that is refused", async () => {
  const { runtime, clock } = make({}, { pullTakes: 3000 });
  const pulled = runtime.pullImage("agent:1");
  await clock.advanceAsync(2999);
  expect(await runtime.imageStatus("agent:1")).toBe("absent");
  await clock.advanceAsync(1);
  await pulled;
  expect(await runtime.listImages()).toMatchObject([{ tags: ["agent:1"] }]);
  await runtime.removeImage("agent:1");
  expect(await runtime.listImages()).toEqual([]);
  await expect(make({}, { refuses: "no such image" }).runtime.pullImage("x")).rejects.toMatchObject({
    reason: "ErrImagePull",
    message: 'cannot pull image "x": no such image',
  });
});

test("a sandbox has its address while it is ready", async () => {
  const { runtime } = make();
  const id = await runtime.runPodSandbox(pod("abc"));
  expect(await runtime.listPodSandboxes()).toMatchObject([{ ips: ["10.0.0.3"] }]);
  await runtime.stopPodSandbox(id);
  expect(await runtime.listPodSandboxes()).toMatchObject([{ ips: [] }]);
});

test("each listener hears all from its beginning on, until it stops", async () => {
  const { runtime } = make();
  const stop = new AbortController();
  const heard: RuntimeEvent["is"][] = [];
  const stream = runtime.events(stop.signal);
  await runtime.runPodSandbox(pod("a"));
  const reading = (async () => {
    for await (const { is } of stream) {
      heard.push(is);
      if (heard.length === 2) stop.abort();
    }
  })();
  await runtime.runPodSandbox(pod("b"));
  await runtime.runPodSandbox(pod("c"));
  await reading;
  expect(heard).toEqual(["created", "created"]);
});
