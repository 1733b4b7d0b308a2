// Owns a whole simulated cluster: one clock, one store, the real components as processes over a bad network.
import type { Millis } from "../../src/lib/units.ts";
import type { Caller } from "../../src/model/wire.ts";
import {
  controllerManagerCaller,
  runControllers,
  runScheduler,
  schedulerCaller,
} from "../../src/main/components.ts";
import type { World } from "../../src/main/world.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { MemoryFiles } from "../../src/kubelet/memory-files.fixture.ts";
import { seededRandom } from "../../src/world/random.ts";
import { settle, VirtualClock } from "../../src/world/virtual-clock.ts";
import { createClient } from "../../src/client/kube-client.ts";
import { createInformers } from "../../src/client/informer.ts";
import type { Client } from "../../src/client/client.ts";
import { ApiServerHost } from "./api-server.ts";
import { Ledger } from "./ledger.ts";
import { fairWeather, Link, type LinkObserver, type Tampering, type Weather } from "./link.ts";
import { Machine, noNetwork, type MachineOptions } from "./node.ts";
import { SimulatedProcess, seedOf } from "./process.ts";
import { Watcher } from "./watcher.ts";

/** What a planted fault may stand between. */
export interface Mutation extends Tampering {
  runtime?(runtime: Runtime): Runtime;
  /** Whether a kubelet that starts forgets what ran before it. */
  process?(process: SimulatedProcess): SimulatedProcess;
}

export interface ClusterOptions {
  readonly seed: number;
  readonly mutation?: Mutation;
  readonly observer: LinkObserver;
}

export type Component = "controllers" | "scheduler";
const admin: Caller = {
  name: "kubernetes-admin",
  groups: ["system:masters", "system:authenticated"],
  agent: "kubectl",
};

export class Cluster {
  readonly clock = new VirtualClock();
  readonly store = createMemoryStore({ clock: this.clock });
  readonly ledger = new Ledger(this.store);
  readonly server = new ApiServerHost(this.store);
  readonly machines = new Map<string, Machine>();
  readonly links = new Map<string, Link>();
  readonly lines: string[] = [];
  /** What ended a component that should have gone on. */
  readonly broken: string[] = [];
  readonly watcher: Watcher;
  readonly user: Client;
  private readonly options: ClusterOptions;
  private readonly components = new Map<Component, SimulatedProcess>();
  private weather: Weather = fairWeather;
  private incarnations = 0;
  private addresses = 0;

  constructor(options: ClusterOptions) {
    this.options = options;
    // A person tries again until it works: no faults on that way, or the scenario would depend on luck.
    const person = this.process("user");
    this.user = createClient(this.link("user", person, admin));
    const watching = this.process("watcher");
    const link = this.link("watcher", watching, admin);
    const { clock, random, log } = watching;
    this.watcher = new Watcher(createInformers({ transport: link, clock, random, log }), this.ledger);
    this.ledger.onChange(({ revision, key, object }) =>
      this.trace(`store ${revision} ${key}${object === undefined ? " deleted" : ""}`),
    );
  }

  readonly trace = (line: string): void => {
    this.lines.push(`${this.clock.now() - Date.UTC(2026, 0, 1)} ${line}`);
  };

  private process(name: string): SimulatedProcess {
    const { seed } = this.options;
    return new SimulatedProcess({ name, clock: this.clock, seed, trace: this.trace });
  }

  private link(who: string, process: SimulatedProcess, caller: Caller): Link {
    const { seed, observer, mutation = {} } = this.options;
    const { server, clock, trace } = this;
    const random = seededRandom(seedOf(seed, `link of ${process.name}`));
    const link = new Link({
      process,
      who,
      caller,
      server,
      clock,
      random,
      observer,
      tampering: mutation,
      trace,
    });
    if (who !== "user") link.weather = this.weather;
    this.links.set(who, link);
    return link;
  }

  setWeather(weather: Weather): void {
    this.weather = weather;
    for (const [who, link] of this.links) if (who !== "user") link.weather = weather;
  }

  startApiServer(): void {
    this.server
      .start(this.process(`apiserver#${this.incarnations++}`))
      .catch((thrown: unknown) => this.broken.push(`the API server did not start: ${String(thrown)}`));
  }

  startComponent(component: Component): void {
    const process = this.process(`${component}#${this.incarnations++}`);
    this.components.set(component, process);
    const caller = component === "controllers" ? controllerManagerCaller : schedulerCaller;
    const transport = this.link(component, process, caller);
    const { clock, random, log } = process;
    const { signal } = new AbortController();
    const world: World = {
      clock,
      random,
      log,
      files: new MemoryFiles(),
      network: noNetwork,
      processes: process.guard<World["processes"]>({} as World["processes"]),
    };
    const running =
      component === "controllers"
        ? runControllers(world, { transport, signal, ca: "simulated" })
        : runScheduler(world, { transport, signal });
    running.then(
      () => this.broken.push(`${component} ended of itself`),
      (thrown: unknown) => this.broken.push(`${component} ended: ${String(thrown)}`),
    );
  }

  processOf(component: Component): SimulatedProcess | undefined {
    return this.components.get(component);
  }

  killComponent(component: Component): void {
    this.components.get(component)?.kill();
    this.components.delete(component);
  }

  addMachine(options: Omit<MachineOptions, "ip">): void {
    const ip = `10.0.0.${++this.addresses}`;
    const machine = new Machine({ ...options, ip }, { clock: this.clock, seed: this.options.seed });
    this.machines.set(options.name, machine);
    this.startKubelet(machine);
  }

  startKubelet(machine: Machine): void {
    const { name } = machine.options;
    const process = this.process(machine.nextProcessName);
    const caller = {
      name: `system:node:${name}`,
      groups: ["system:nodes", "system:authenticated"],
      agent: "kubelet",
    };
    const link = this.link(`kubelet-${name}`, process, caller);
    machine.startKubelet(process, link, (runtime) => this.options.mutation?.runtime?.(runtime) ?? runtime);
  }

  /** The machine is gone with all that ran on it. */
  removeMachine(name: string): void {
    this.machines.get(name)?.killKubelet();
    this.machines.delete(name);
    this.links.delete(`kubelet-${name}`);
  }

  /** Fires timers one by one up to the time, telling of each step once all it brought has settled. */
  async run(time: Millis, afterStep: () => Promise<void> | void): Promise<void> {
    const end = this.clock.now() + time;
    await settle();
    await afterStep();
    while (this.clock.fireNext(end)) {
      await settle();
      await afterStep();
    }
    this.clock.advance(end - this.clock.now());
  }
}
