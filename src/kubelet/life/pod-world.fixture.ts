// Owns a world that answers a pod's orders in any sequence and checks, at each, what must never happen.
import type { Instant } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { stepPod, startPod } from "./step-pod.ts";
import type { ContainerOrder, ContainerSignal } from "./step-container-types.ts";
import type { PodOrder, PodSignal, PodState, PodStep } from "./step-pod-types.ts";

interface WorldContainer {
  readonly name: string;
  state: "created" | "running" | "exited" | "removed";
}

/** An order that waits for its answer. `answer` applies it to the world and gives the signal it comes back as. */
interface Pending {
  readonly what: string;
  readonly answer: (well: boolean) => PodSignal | undefined;
}

export class PodWorld {
  now: Instant = 1_000_000;
  state: PodState;
  readonly pending: Pending[] = [];
  readonly orders: string[] = [];
  readonly containers = new Map<string, WorldContainer>();
  /** The earliest end that was asked for. */
  deadline: Instant | undefined;
  private sandbox: string | undefined;
  private readonly exits: PodSignal[] = [];
  private ids = 0;
  private timer: Instant | undefined;

  constructor(pod: Pod) {
    const [state, ...orders] = startPod(pod, this.now);
    this.state = state;
    this.take([state, ...orders]);
  }

  tell(signal: PodSignal): void {
    this.take(stepPod(this.state, signal, this.now));
  }

  end(because: "deleted" | "removed" | "failed", graceSeconds: number): void {
    const asked = this.now + graceSeconds * 1000;
    this.deadline = Math.min(this.deadline ?? asked, asked);
    const verdict = because === "failed" ? { verdict: { reason: "Evicted", message: "no room" } } : {};
    this.tell({ is: "end", because, graceSeconds, ...verdict });
  }

  /** Answers one of the waiting orders, well or badly. */
  answer(at: number, well: boolean): void {
    const [pending] = this.pending.splice(at % Math.max(1, this.pending.length), 1);
    const signal = pending?.answer(well);
    if (signal !== undefined) this.tell(signal);
  }

  /** A running container ends by itself; that is told some time later. */
  crash(at: number, exitCode: number): void {
    const running = Array.from(this.containers).filter(([, { state }]) => state === "running");
    const [id, container] = running[at % Math.max(1, running.length)] ?? [];
    if (id === undefined || container === undefined) return;
    container.state = "exited";
    this.pending.push({ what: `exit of ${id}`, answer: () => this.exited(id, container.name, exitCode) });
  }

  /** Init containers that run do their work. */
  finishInits(): void {
    const names = (this.state.pod.spec?.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy !== "Always")
      .map(({ name }) => name);
    for (const [id, container] of this.containers) {
      if (container.state !== "running" || !names.includes(container.name)) continue;
      container.state = "exited";
      this.pending.push({ what: `exit of ${id}`, answer: () => this.exited(id, container.name, 0) });
    }
  }

  loseSandbox(): void {
    if (this.sandbox !== undefined) this.tell({ is: "sandbox-lost", id: this.sandbox });
  }

  pass(time: number): void {
    this.now += time;
    if (this.timer === undefined || this.timer > this.now) return;
    this.timer = undefined;
    this.tell({ is: "due" });
  }

  running(): readonly string[] {
    return Array.from(this.containers.values(), ({ name, state }) =>
      state === "running" ? name : "",
    ).filter((name) => name !== "");
  }

  private take([state, ...orders]: PodStep): void {
    this.state = state;
    for (const order of orders) this.carryOut(order);
    if (state.is === "gone" || state.is === "reporting")
      this.demand(this.running().length === 0, "a container outlives its pod");
  }

  private demand(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(`${otherwise}; orders: ${this.orders.join(", ")}`);
  }

  private expectAnswer(what: string, answer: Pending["answer"]): void {
    this.pending.push({ what, answer });
  }

  private carryOut(order: PodOrder): void {
    if (order.do === "write-status" || order.do === "event") return;
    if (order.do === "wait-until") {
      this.timer = order.at;
      return;
    }
    this.orders.push(order.do === "for-container" ? `${order.order.do} ${order.container}` : order.do);
    switch (order.do) {
      case "prepare":
        return this.expectAnswer("prepare", (well) =>
          well ? { is: "prepared" } : { is: "prepare-failed", message: "no" },
        );
      case "run-sandbox":
        return this.expectAnswer("run-sandbox", (well) => {
          if (!well) return { is: "sandbox-failed", message: "no" };
          this.demand(this.sandbox === undefined, "two sandboxes at once");
          this.sandbox = `s${this.ids++}`;
          return { is: "sandbox-made", sandbox: { id: this.sandbox, ips: [] } };
        });
      case "stop-sandbox":
        this.demand(this.running().length === 0, "a sandbox is stopped over running containers");
        return this.expectAnswer("stop-sandbox", () => ({ is: "sandbox-stopped" }));
      case "remove-sandbox":
        return this.expectAnswer("remove-sandbox", () => this.removeAll({ is: "sandbox-removed" }));
      case "clear":
        return this.expectAnswer("clear", () => this.removeAll({ is: "cleared" }));
      case "report-gone":
        return this.expectAnswer("report-gone", () => ({ is: "reported" }));
      case "for-container":
        return this.carryOutFor(order.container, order.order);
    }
  }

  private removeAll(signal: PodSignal): PodSignal {
    this.demand(this.running().length === 0, "a sandbox is removed over running containers");
    for (const container of this.containers.values()) container.state = "removed";
    this.sandbox = undefined;
    return signal;
  }

  private carryOutFor(name: string, order: ContainerOrder): void {
    const reply = (what: string, answer: (well: boolean) => ContainerSignal | undefined) =>
      this.expectAnswer(what, (well) => {
        const signal = answer(well);
        return signal === undefined ? undefined : { is: "container", name, signal };
      });
    const failed = (step: "pull" | "create"): ContainerSignal => ({
      is: "failed",
      step,
      reason: "CreateContainerError",
      message: "no",
    });
    switch (order.do) {
      case "pull-image":
        return reply("pull", (well) => (well ? { is: "image-ready", imageRef: "i" } : failed("pull")));
      case "create-container":
        return reply("create", (well) => {
          if (!well) return failed("create");
          const id = `c${this.ids++}`;
          this.demand(this.sandbox !== undefined, "a container is made in no sandbox");
          this.containers.set(id, { name, state: "created" });
          return { is: "created", id };
        });
      case "start-container":
        return reply("start", (well) => this.start(order.id, name, well));
      case "stop-container":
        this.checkGrace(order.grace);
        return this.expectAnswer("stop", () => this.exited(order.id, name, 137));
      case "remove-container":
        this.demand(this.containers.get(order.id)?.state !== "running", "a running container is removed");
        return undefined;
      case "run-hook":
        return reply("hook", (well) => ({
          is: "hooked",
          id: order.id,
          hook: order.hook,
          error: well ? undefined : "no",
        }));
      case "probe":
        return reply("probe", (success) => ({
          is: "probed",
          id: order.id,
          probe: order.probe,
          success,
          message: "",
        }));
      case "event":
        return undefined;
    }
  }

  private start(id: string, name: string, well: boolean): ContainerSignal {
    if (!well) return { is: "failed", step: "start", reason: "RunContainerError", message: "no" };
    this.demand(!this.running().includes(name), `container ${name} runs twice`);
    const container = this.containers.get(id);
    this.demand(container?.state === "created", `container ${name} is started in no fit state`);
    if (container !== undefined) container.state = "running";
    return { is: "started", id, at: this.now };
  }

  private exited(id: string, name: string, exitCode: number): PodSignal | undefined {
    const container = this.containers.get(id);
    if (container === undefined) return undefined;
    if (container.state === "running") container.state = "exited";
    const exit = { id, exitCode, reason: "Error", finishedAt: this.now };
    const signal: PodSignal = { is: "container", name, signal: { is: "exited", exit } };
    this.exits.push(signal);
    return signal;
  }

  /** An exit told before is told once more: events and listings overlap. */
  echo(at: number): void {
    const signal = this.exits[at % Math.max(1, this.exits.length)];
    if (signal !== undefined) this.tell(signal);
  }

  /** Never killed before the time it was given, nor left much longer: two seconds follow a preStop hook in any case. */
  private checkGrace(grace: number): void {
    if (this.deadline === undefined || this.state.is === "discarding") return;
    const left = Math.max(0, this.deadline - this.now);
    this.demand(grace <= Math.max(left, 2000), `grace ${grace} where ${left} is left`);
  }
}
