// Owns the doing of a scenario's deeds to a cluster.
import type { Millis } from "../../src/lib/units.ts";
import type { Cluster } from "./cluster.ts";
import type { Deed, FileDeed, On, UserDeed } from "./deeds.ts";
import { healFiles, performOnFiles } from "./file-deeds.ts";
import { fairWeather, type Link } from "./link.ts";
import type { Machine } from "./node.ts";
import type { SimulatedProcess } from "./process.ts";
import { maintenance, Person } from "./user-deeds.ts";

export class Performer {
  private readonly cluster: Cluster;
  private readonly person: Person;
  private over = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.person = new Person(cluster);
  }

  perform(deed: Deed): void {
    this.cluster.trace(`deed ${JSON.stringify(deed)}`);
    switch (deed.do) {
      case "weather":
      case "stale-reads":
      case "cut-watches":
      case "partition":
        return this.toNetwork(deed);
      case "crash":
        return this.crash(deed);
      case "crash-after-write":
        return this.crashAfterWrite(deed);
      case "clock-jump":
        return this.cluster.jump(deed.who === "kubelet" ? deed.node : deed.who, deed.by);
      case "disk-full":
      case "disk-slow":
      case "torn-write":
        return this.toDisk(deed);
      case "mood":
      case "crash-containers":
      case "reboot":
      case "join":
      case "leave":
        return this.toMachine(deed);
      case "relabel":
      case "taint":
      case "cordon":
        return this.toNode(deed);
      default:
        return isOfFiles(deed) ? this.toFiles(deed) : this.person.perform(deed);
    }
  }

  /** Nothing goes wrong any more, and what is broken is mended. */
  heal(): void {
    this.over = true;
    const { cluster } = this;
    cluster.setWeather(fairWeather);
    cluster.server.lag = 0;
    this.healDisk();
    if (!cluster.server.isUp && cluster.server.process === undefined) cluster.startApiServer();
    for (const component of ["controllers", "scheduler"] as const)
      if (cluster.processOf(component) === undefined) cluster.startComponent(component);
    for (const machine of cluster.machines.values()) {
      machine.mood = "well";
      healFiles(machine);
      if (machine.kubelet === undefined) cluster.startKubelet(machine);
    }
    for (const link of cluster.links.values()) {
      link.cutOff = false;
      link.killAfterWrite = undefined;
    }
  }

  private later(delay: Millis, act: () => void): void {
    this.cluster.clock.after(delay, () => {
      if (!this.over) act();
    });
  }

  private toNetwork(deed: On<"weather" | "stale-reads" | "cut-watches" | "partition">): void {
    const { cluster } = this;
    switch (deed.do) {
      case "weather":
        cluster.setWeather(deed.weather);
        return this.later(deed.lasts, () => cluster.setWeather(fairWeather));
      case "stale-reads":
        cluster.server.lag = deed.lag;
        cluster.setWeather({ ...fairWeather, stale: deed.ofThousand });
        return this.later(deed.lasts, () => {
          cluster.server.lag = 0;
          cluster.setWeather(fairWeather);
        });
      case "cut-watches":
        for (const link of cluster.links.values()) link.cutWatches();
        return;
      case "partition": {
        const link = this.machine(deed.node)?.kubelet?.link;
        if (link === undefined) return;
        link.cutOff = true;
        return this.later(deed.lasts, () => (link.cutOff = false));
      }
    }
  }

  private toDisk(deed: On<"disk-full" | "disk-slow" | "torn-write">): void {
    const { disk, server } = this.cluster;
    switch (deed.do) {
      case "disk-full":
        disk.isFull = true;
        return this.later(deed.lasts, () => this.healDisk());
      case "disk-slow":
        disk.syncMax = deed.syncMax;
        return this.later(deed.lasts, () => (disk.syncMax = usualSync));
      case "torn-write":
        disk.tearNext = () => {
          if (this.over) return;
          server.crash();
          this.later(deed.down, () => this.reviveServer());
        };
    }
  }

  /** Who makes room restarts the server, as its refusals say. */
  private healDisk(): void {
    const { disk, server } = this.cluster;
    disk.isFull = false;
    disk.syncMax = usualSync;
    disk.tearNext = undefined;
    if (!disk.hasRefused) return;
    server.crash();
    this.cluster.startApiServer();
  }

  private reviveServer(): void {
    if (this.cluster.server.process === undefined) this.cluster.startApiServer();
  }

  private machine(name: string): Machine | undefined {
    return this.cluster.machines.get(name);
  }

  private victim(
    who: On<"crash-after-write">["who"],
    node: string,
  ): { readonly process: SimulatedProcess; readonly link: Link | undefined } | undefined {
    if (who === "kubelet") return this.machine(node)?.kubelet;
    const process = this.cluster.processOf(who);
    return process && { process, link: this.cluster.links.get(who) };
  }

  private crash({ who, node, down }: On<"crash">): void {
    const { cluster } = this;
    if (who === "apiserver") {
      if (!cluster.server.isUp) return;
      cluster.server.crash();
      return this.later(down, () => this.reviveServer());
    }
    if (who === "kubelet") {
      const machine = this.machine(node);
      if (machine?.kubelet === undefined) return;
      machine.killKubelet();
      return this.later(down, () => this.revive(machine));
    }
    if (cluster.processOf(who) === undefined) return;
    cluster.killComponent(who);
    this.later(down, () => cluster.startComponent(who));
  }

  private revive(machine: Machine): void {
    if (machine.kubelet === undefined && this.machine(machine.options.name) === machine)
      this.cluster.startKubelet(machine);
  }

  private crashAfterWrite({ who, node, down }: On<"crash-after-write">): void {
    const link = this.victim(who, node)?.link;
    if (link !== undefined)
      link.killAfterWrite = () => {
        this.cluster.trace(`killed after a write: ${who} ${who === "kubelet" ? node : ""}`);
        if (!this.over) this.crash({ do: "crash", who, node, down });
      };
  }

  private toMachine(deed: On<"mood" | "crash-containers" | "reboot" | "join" | "leave">): void {
    const machine = this.machine(deed.node);
    if (deed.do === "join") {
      if (machine === undefined)
        this.cluster.addMachine({ name: deed.node, labels: deed.labels, taints: [] });
      return;
    }
    if (machine === undefined) return;
    switch (deed.do) {
      case "mood":
        machine.mood = deed.mood;
        return this.later(deed.lasts, () => (machine.mood = "well"));
      case "crash-containers":
        return void machine.crashContainers();
      case "reboot":
        machine.killKubelet();
        void machine.crashContainers();
        return this.later(deed.down, () => this.revive(machine));
      case "leave":
        this.cluster.removeMachine(deed.node);
        this.person.deleteNode(deed.node);
    }
  }

  private toNode(deed: On<"relabel" | "taint" | "cordon">): void {
    if (deed.do === "relabel")
      return this.person.patchNode(deed.node, () => ({ metadata: { labels: { pool: deed.pool } } }));
    if (deed.do === "cordon")
      return this.person.patchNode(deed.node, () => ({ spec: { unschedulable: deed.on } }));
    this.person.patchNode(deed.node, ({ metadata, spec }) => ({
      // With the version, so that a taint of the node controller's is not undone.
      metadata: { resourceVersion: metadata.resourceVersion },
      spec: {
        taints: [
          ...(spec?.taints ?? []).filter(({ key }) => key !== maintenance),
          ...(deed.effect === "none" ? [] : [{ key: maintenance, effect: deed.effect }]),
        ],
      },
    }));
  }

  private toFiles(deed: FileDeed): void {
    if (deed.do === "delete-mirror") return this.person.deleteMirror(deed.node);
    if (deed.do === "edit-mirror") return this.person.editMirror(deed);
    const machine = this.machine(deed.node);
    if (machine !== undefined) performOnFiles(machine, deed, (delay, act) => this.later(delay, act));
  }
}

const usualSync: Millis = 2;

const ofFiles: ReadonlySet<string> = new Set<FileDeed["do"]>([
  "put-manifest",
  "break-manifest",
  "remove-manifest",
  "copy-manifest",
  "lose-folder",
  "deafen-folder",
  "delete-mirror",
  "edit-mirror",
]);
const isOfFiles = (deed: FileDeed | UserDeed): deed is FileDeed => ofFiles.has(deed.do);
