// Owns tests of probes: when they are asked, what thresholds make of the answers (K.1).
import { describe, expect, it } from "vitest";
import type { Container } from "../../model/generated/types.ts";
import { containerDue, stepContainer } from "./step-container.ts";
import type { ContainerContext, ContainerOrder, ContainerState } from "./step-container-types.ts";
import type { ProbeName } from "./step-probe.ts";

const start = 1_000_000;

/** A container with these probes, just started. */
class Probed {
  state: ContainerState = { is: "starting", id: "c1", attempts: 1, failures: 0 };
  now = start;
  asked: ProbeName[] = [];
  orders: ContainerOrder[] = [];
  private readonly context: Omit<ContainerContext, "now">;

  constructor(probes: Partial<Container>) {
    const metadata = { name: "a", uid: "u", resourceVersion: "", creationTimestamp: "" };
    const pod = { apiVersion: "v1", kind: "Pod", metadata };
    this.context = { spec: { name: "main", ...probes }, policy: "Always", graceSeconds: 30, pod };
    this.step({ is: "started", id: "c1", at: start });
  }

  step(signal: Parameters<typeof stepContainer>[1]): void {
    const [state, ...orders] = stepContainer(this.state, signal, { ...this.context, now: this.now });
    this.state = state;
    this.orders = orders;
    for (const order of orders) if (order.do === "probe") this.asked.push(order.probe);
  }

  /** Goes to when it is due next, and answers what is asked then. */
  round(success: boolean): void {
    const due = containerDue(this.state);
    if (due !== undefined) {
      this.now = Math.max(this.now, due);
      this.step({ is: "due" });
    }
    for (const probe of this.asked.splice(0))
      this.step({ is: "probed", id: "c1", probe, success, message: "m" });
  }

  get health(): string {
    return this.state.is === "running"
      ? `started ${this.state.started}, ready ${this.state.ready}`
      : this.state.is;
  }
}
const probe = { exec: { command: ["x"] } };

describe("readiness", () => {
  it("holds the container back until it succeeds, and again when it has failed thrice", () => {
    const container = new Probed({
      readinessProbe: { ...probe, initialDelaySeconds: 5, periodSeconds: 2, successThreshold: 2 },
    });
    expect([container.health, containerDue(container.state)]).toEqual([
      "started true, ready false",
      start + 5000,
    ]);
    container.round(true);
    expect([container.health, containerDue(container.state)]).toEqual([
      "started true, ready false",
      start + 7000,
    ]);
    container.round(true);
    expect(container.health).toBe("started true, ready true");
    container.round(false);
    container.round(false);
    expect(container.health).toBe("started true, ready true");
    container.round(false);
    expect(container.health).toBe("started true, ready false");
  });
});

describe("liveness", () => {
  it("stops the container after three failures in a row, within its own grace period", () => {
    const container = new Probed({ livenessProbe: { ...probe, terminationGracePeriodSeconds: 7 } });
    expect(container.health).toBe("started true, ready true");
    for (const success of [false, false, true, false, false]) container.round(success);
    expect(container.health).toBe("started true, ready true");
    container.round(false);
    expect(container.health).toBe("stopping");
    expect(container.orders).toContainEqual({ do: "stop-container", id: "c1", grace: 7000 });
    expect(container.orders).toContainEqual(
      expect.objectContaining({
        reason: "Killing",
        message: "Container main failed liveness probe, will be restarted",
      }),
    );
  });
});

describe("startup", () => {
  it("holds back the others until it has passed, and is asked no more", () => {
    const container = new Probed({
      startupProbe: { ...probe, periodSeconds: 1 },
      livenessProbe: probe,
      readinessProbe: probe,
    });
    expect(container.asked).toEqual(["startup"]);
    container.round(false);
    expect(container.health).toBe("started false, ready false");
    container.now = containerDue(container.state) ?? 0;
    container.step({ is: "due" });
    expect(container.asked.splice(0)).toEqual(["startup"]);
    container.step({ is: "probed", id: "c1", probe: "startup", success: true, message: "" });
    expect([container.health, container.asked]).toEqual([
      "started true, ready false",
      ["liveness", "readiness"],
    ]);
  });

  it("stops a container that never starts", () => {
    const container = new Probed({ startupProbe: { ...probe, failureThreshold: 1 } });
    container.round(false);
    expect(container.health).toBe("stopping");
  });
});

it("asks nothing twice while an answer is out, and ignores answers about another container", () => {
  const container = new Probed({ livenessProbe: probe });
  container.asked = [];
  container.now += 60_000;
  container.step({ is: "due" });
  expect([container.asked, containerDue(container.state)]).toEqual([[], undefined]);
  const before = container.state;
  container.step({ is: "probed", id: "other", probe: "liveness", success: false, message: "" });
  expect(container.state).toBe(before);
});
