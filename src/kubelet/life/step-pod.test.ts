// Owns tests of a pod's life: the order of containers, ends of every kind, and what holds for any sequence of signals.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Container, Pod, PodSpec } from "../../model/generated/types.ts";
import { PodWorld } from "./pod-world.fixture.ts";

const podOf = (spec: Partial<PodSpec>): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" },
  spec: {
    containers: [{ name: "main" }],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    ...spec,
  },
});

/** Answers everything well until nothing waits for an answer. */
function settle(world: PodWorld): PodWorld {
  for (let rounds = 0; world.pending.length > 0; rounds++) {
    if (rounds > 500) throw new Error(`never at rest: ${world.orders.slice(-20).join(", ")}`);
    world.answer(0, true);
  }
  return world;
}
const settled = (spec: Partial<PodSpec>): PodWorld => settle(new PodWorld(podOf(spec)));
const indexOf = (world: PodWorld, order: string) => world.orders.indexOf(order);

describe("the order of containers (K.1)", () => {
  it("runs init containers one after the other, then all main ones", () => {
    const world = settled({
      initContainers: [{ name: "one" }, { name: "two" }],
      containers: [{ name: "main" }, { name: "other" }],
    });
    expect(world.running()).toEqual(["one"]);
    world.crash(0, 0);
    settle(world);
    expect(world.running()).toEqual(["two"]);
    world.crash(0, 0);
    settle(world);
    expect(world.running()).toEqual(["main", "other"]);
  });

  it("goes past a sidecar once it has started, and its startup probe has passed", () => {
    const sidecar: Container = {
      name: "side",
      restartPolicy: "Always",
      startupProbe: { exec: { command: ["ready"] }, initialDelaySeconds: 5, periodSeconds: 1 },
    };
    const world = settled({ initContainers: [sidecar] });
    expect(world.running()).toEqual(["side"]);
    world.pass(5000);
    settle(world);
    expect(world.running()).toEqual(["side", "main"]);
  });

  it("fails a pod that never restarts when an init container fails", () => {
    const world = settled({ restartPolicy: "Never", initContainers: [{ name: "one" }] });
    world.crash(0, 3);
    settle(world);
    expect([world.state.is, world.running()]).toEqual(["ended", []]);
    expect(world.orders).not.toContain("create-container main");
  });

  it("ends sidecars after the main containers, in the reverse of their order", () => {
    const world = settled({
      initContainers: [
        { name: "first", restartPolicy: "Always" },
        { name: "second", restartPolicy: "Always" },
      ],
    });
    world.end("deleted", 30);
    settle(world);
    expect(world.state.is).toBe("gone");
    const stops = world.orders.filter((order) => order.startsWith("stop-container"));
    expect(stops).toEqual(["stop-container main", "stop-container second", "stop-container first"]);
  });

  it("stops the sidecars of a pod whose main containers are done", () => {
    const world = settled({
      restartPolicy: "OnFailure",
      initContainers: [{ name: "side", restartPolicy: "Always" }],
    });
    world.crash(1, 0);
    settle(world);
    expect([world.state.is, world.running()]).toEqual(["ended", []]);
    expect(world.orders.at(-1)).toBe("stop-sandbox");
  });
});

describe("the end of a pod", () => {
  it.each([
    { because: "deleted", last: "report-gone", is: "gone" },
    { because: "removed", last: "clear", is: "gone" },
    { because: "failed", last: "stop-sandbox", is: "ended" },
  ] as const)("$because ends $is, with $last at last", ({ because, last, is }) => {
    const world = settled({});
    world.end(because, 30);
    settle(world);
    expect([world.orders.at(-1), world.state.is]).toEqual([last, is]);
  });

  it.each([0, 1, 2, 3, 4, 5])("leaves nothing behind when it comes after %i answers", (answers) => {
    const world = new PodWorld(podOf({ initContainers: [{ name: "one", restartPolicy: "Always" }] }));
    for (let count = 0; count < answers; count++) world.answer(0, true);
    world.end("deleted", 5);
    settle(world);
    expect([world.state.is, world.running()]).toEqual(["gone", []]);
  });

  it("runs preStop first and takes its time off the grace period", () => {
    const world = settled({
      containers: [{ name: "main", lifecycle: { preStop: { exec: { command: ["bye"] } } } }],
    });
    world.end("deleted", 30);
    expect(indexOf(world, "stop-container main")).toBe(-1);
    expect(world.pending.map(({ what }) => what)).toEqual(["hook"]);
    settle(world);
    expect(indexOf(world, "stop-container main")).toBeGreaterThan(indexOf(world, "run-hook main"));
  });

  it("is hastened by a second deletion with less grace", () => {
    const world = settled({});
    world.end("deleted", 30);
    world.end("deleted", 1);
    expect(world.orders.filter((order) => order === "stop-container main")).toHaveLength(2);
  });

  it("comes by itself when the active deadline passes", () => {
    const world = settled({ activeDeadlineSeconds: 60 });
    world.pass(60_000);
    settle(world);
    expect([world.state.is, world.state.verdict?.reason]).toEqual(["ended", "DeadlineExceeded"]);
  });
});

describe("a lost sandbox", () => {
  it("is made anew, init containers first", () => {
    const world = settled({ initContainers: [{ name: "one" }] });
    world.crash(0, 0);
    settle(world);
    world.loseSandbox();
    settle(world);
    expect([world.state.is, world.running()]).toEqual(["running", ["one"]]);
    expect(world.orders.filter((order) => order === "run-sandbox")).toHaveLength(2);
  });

  it("ends a pod that never restarts", () => {
    const world = settled({ restartPolicy: "Never" });
    world.loseSandbox();
    settle(world);
    expect([world.state.is, world.running()]).toEqual(["ended", []]);
  });
});

const probe = fc.constantFrom<Container["livenessProbe"]>(
  { exec: { command: ["x"] }, periodSeconds: 1, failureThreshold: 1 },
  { exec: { command: ["x"] }, periodSeconds: 5, initialDelaySeconds: 3 },
);
const hooks = fc.constantFrom<Container["lifecycle"]>(
  {},
  { preStop: { exec: { command: ["x"] } } },
  { postStart: { exec: { command: ["x"] } }, preStop: { sleep: { seconds: 4 } } },
);
const containerOf = (name: string, sidecar: fc.Arbitrary<boolean>): fc.Arbitrary<Container> =>
  fc
    .record({
      lifecycle: hooks,
      livenessProbe: fc.option(probe, { nil: undefined }),
      readinessProbe: fc.option(probe, { nil: undefined }),
      startupProbe: fc.option(probe, { nil: undefined }),
      sidecar,
    })
    .map(({ sidecar, ...rest }) => ({ name, ...rest, ...(sidecar ? { restartPolicy: "Always" } : {}) }));
const spec = fc.record({
  restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  terminationGracePeriodSeconds: fc.constantFrom(0, 1, 30),
  activeDeadlineSeconds: fc.option(fc.constantFrom(5, 100), { nil: undefined }),
  initContainers: fc
    .tuple(containerOf("i0", fc.boolean()), containerOf("i1", fc.boolean()))
    .chain((all) => fc.subarray(all)),
  containers: fc
    .tuple(containerOf("m0", fc.constant(false)), containerOf("m1", fc.constant(false)))
    .chain((all) => fc.subarray(all, { minLength: 1 })),
});

type Happening =
  | { is: "answer"; at: number; well: boolean }
  | { is: "crash"; at: number; code: number }
  | { is: "pass"; time: number }
  | { is: "lose" }
  | { is: "echo"; at: number }
  | { is: "end"; because: "deleted" | "removed" | "failed"; grace: number };
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      is: fc.constant("answer" as const),
      at: fc.nat(5),
      well: fc.integer({ min: 0, max: 9 }).map((n) => n > 1),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ is: fc.constant("crash" as const), at: fc.nat(3), code: fc.constantFrom(0, 1) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      is: fc.constant("pass" as const),
      time: fc.constantFrom(100, 2000, 15_000, 700_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ is: "lose" as const }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constant("echo" as const), at: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("end" as const),
      because: fc.constantFrom("deleted" as const, "removed" as const, "failed" as const),
      grace: fc.constantFrom(0, 2, 30),
    }),
  },
);

// Long by design: short sequences end before a container has even started.
const happenings = fc.array(happening, { minLength: 60, maxLength: 200, size: "max" });

function happen(world: PodWorld, what: Happening): void {
  switch (what.is) {
    case "answer":
      return world.answer(what.at, what.well);
    case "crash":
      return world.crash(what.at, what.code);
    case "pass":
      return world.pass(what.time);
    case "echo":
      return world.echo(what.at);
    case "lose":
      return world.loseSandbox();
    case "end":
      return world.end(what.because, what.grace);
  }
}

describe("any sequence of signals", () => {
  it("lets no container outlive its pod or run twice, honours the grace period, and comes to an end", () => {
    fc.assert(
      fc.property(spec, happenings, (spec, happenings) => {
        const world = new PodWorld(podOf(spec));
        for (const what of happenings) happen(world, what);
        world.end("deleted", 1);
        for (let rounds = 0; rounds < 300 && world.state.is !== "gone"; rounds++) {
          world.answer(0, true);
          world.pass(200);
        }
        expect([world.state.is, world.running()]).toEqual(["gone", []]);
      }),
      { numRuns: 300 },
    );
  });

  it("a pod left alone with all well runs all its main containers", () => {
    fc.assert(
      fc.property(spec, happenings, (spec, happenings) => {
        const world = new PodWorld(
          podOf({ ...spec, restartPolicy: "Always", activeDeadlineSeconds: undefined }),
        );
        for (const what of happenings) if (what.is !== "end") happen(world, what);
        // Init containers that run succeed; sidecars and main ones stay.
        for (let rounds = 0; rounds < 400; rounds++) {
          world.answer(0, true);
          if (rounds % 5 === 0) world.pass(60_000);
          world.finishInits();
        }
        for (const { name } of spec.containers) expect(world.running()).toContain(name);
      }),
      { numRuns: 60 },
    );
  });
});
