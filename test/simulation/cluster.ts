// Owns a whole simulated cluster: one clock, one store, the real components as processes over a bad network.
import { setMaxListeners } from "node:events";
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
import type { Change, Store } from "../../src/store/store.ts";
import { MemoryFiles } from "../../src/kubelet/memory-files.fixture.ts";
import type { Files } from "../../src/world/files.ts";
import { seededRandom } from "../../src/world/random.ts";
import { settle, VirtualClock } from "../../src/world/virtual-clock.ts";
import { createClient } from "../../src/client/kube-client.ts";
import { createInformers } from "../../src/client/informer.ts";
import type { Client } from "../../src/client/client.ts";
import { ApiServerHost } from "./api-server.ts";
import { Disk } from "./disk.ts";
import { Ledger } from "./ledger.ts";
import { fairWeather, Link, type LinkObserver, type Tampering, type Weather } from "./link.ts";
import { Machine, noNetwork, type MachineOptions, type RuntimeObserver } from "./node.ts";
import { SimulatedProcess, seedOf } from "./process.ts";
import { Watcher } from "./watcher.ts";

/** What a planted fault may stand between. */
export interface Mutation extends Tampering {
  /** Of the node's kubelet, which may have been started before. */
  runtime?(runtime: Runtime, node: string): Runtime;
  files?(files: Files, node: string): Files;
  /** The store answers before its disk has synced. */
  readonly acknowledgesEarly?: boolean;
  /** What the store's watch tells the API server. */
  storeChanges?(changes: readonly Change[]): readonly Change[];
}

export interface ClusterOptions {
  readonly seed: number;
  readonly mutation?: Mutation;
  readonly observer: LinkObserver;
  readonly machines: RuntimeObserver;
  /** Told what a store holds that was opened just now. */
  readonly recovered: (store: Store) => Promise<void>;
}

export type Component = "controllers" | "scheduler";
const admin: Caller = {
  name: "kubernetes-admin",
  groups: ["system:masters", "system:authenticated"],
  agent: "kubectl",
};

/** Whose clock a process goes by: a component's or a machine's. */
const hostOf = (process: string): string => process.replace(/^kubelet-/, "").replace(/#.*$/, "");

export class Cluster {
  readonly clock = new VirtualClock();
  readonly disk: Disk;
  readonly ledger: Ledger;
  readonly server: ApiServerHost;
  readonly machines = new Map<string, Machine>();
  readonly links = new Map<string, Link>();
  readonly lines: string[] = [];
  /** What ended a component that should have gone on. */
  readonly broken: string[] = [];
  readonly watcher: Watcher;
  readonly user: Client;
  private readonly options: ClusterOptions;
  private readonly components = new Map<Component, SimulatedProcess>();
  private readonly skews = new Map<string, Millis>();
  private weather: Weather = fairWeather;
  private incarnations = 0;
  private addresses = 0;

  constructor(options: ClusterOptions) {
    this.options = options;
    const { clock, trace } = this;
    const random = seededRandom(seedOf(options.seed, "disk"));
    this.disk = new Disk({ clock, random, trace });
    this.ledger = new Ledger(this.disk);
    this.server = new ApiServerHost({
      disk: this.disk,
      clock,
      recovered: options.recovered,
      acknowledgesEarly: options.mutation?.acknowledgesEarly ?? false,
      tampered: (changes) => options.mutation?.storeChanges?.(changes) ?? changes,
    });
    // A person tries again until it works: no faults on that way, or the scenario would depend on luck.
    const person = this.process("user");
    this.user = createClient(this.link("user", person, admin));
    this.watcher = this.watchBeside();
    this.ledger.onChange(({ revision, key, object }) =>
      trace(`store ${revision} ${key}${object === undefined ? " deleted" : ""}`),
    );
  }

  private watchBeside(): Watcher {
    const process = this.process("watcher");
    const transport = this.link("watcher", process, admin);
    const { clock, random, log } = process;
    return new Watcher(createInformers({ transport, clock, random, log }), this.ledger);
  }

  readonly trace = (line: string): void => {
    this.lines.push(`${this.clock.now() - Date.UTC(2026, 0, 1)} ${line}`);
  };

  private process(name: string): SimulatedProcess {
    const { seed } = this.options;
    const skew = this.skews.get(hostOf(name)) ?? 0;
    return new SimulatedProcess({ name, clock: this.clock, seed, trace: this.trace, skew });
  }

  /** A host's clock jumps, and stays there over restarts of what runs on it. */
  jump(host: string, by: Millis): void {
    this.skews.set(host, (this.skews.get(host) ?? 0) + by);
    const component = host === "controllers" || host === "scheduler" ? host : undefined;
    const machine = this.machines.get(host);
    machine?.disturbed(11 * 60_000);
    const process =
      host === "apiserver"
        ? this.server.process
        : component === undefined
          ? machine?.kubelet?.process
          : this.components.get(component);
    if (process !== undefined) process.skew += by;
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
    this.server.start(this.process(`apiserver#${this.incarnations++}`)).catch((thrown: unknown) => {
      // On a full disk it may not even start: whoever makes room starts it again.
      if (this.disk.hasRefused) this.server.crash();
      else this.broken.push(`the API server did not start: ${String(thrown)}`);
    });
  }

  startComponent(component: Component): void {
    const process = this.process(`${component}#${this.incarnations++}`);
    this.components.set(component, process);
    const caller = component === "controllers" ? controllerManagerCaller : schedulerCaller;
    const transport = this.link(component, process, caller);
    const { clock, random, log } = process;
    const { signal } = new AbortController();
    // Each of its controllers listens.
    setMaxListeners(0, signal);
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
    const { mutation, machines } = this.options;
    machine.startKubelet(
      process,
      link,
      {
        runtime: (runtime) => mutation?.runtime?.(runtime, name) ?? runtime,
        files: (files) => mutation?.files?.(files, name) ?? files,
      },
      machines,
    );
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
