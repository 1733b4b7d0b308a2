// Owns the doing of a scenario's deeds to a cluster.
import type { Millis } from "../../src/lib/units.ts";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../src/model/generated/types.ts";
import { daemonSet } from "../../src/model/kinds/daemon-set.ts";
import { node as nodeKind } from "../../src/model/kinds/node.ts";
import { pod as podKind } from "../../src/model/kinds/pod.ts";
import type { Answer } from "../../src/client/client.ts";
import type { Draft } from "../../src/model/meta.ts";
import { pause } from "../../src/world/clock.ts";
import type { Cluster } from "./cluster.ts";
import { fairWeather, type Link } from "./link.ts";
import type { Machine } from "./node.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Deed, SetShape } from "./scenario.ts";

const namespace = "default";
type On<D extends Deed["do"]> = Extract<Deed, { do: D }>;

export const maintenance = "simulation/maintenance";

function templateOf(set: string, shape: SetShape): NonNullable<DaemonSet["spec"]>["template"] {
  return {
    metadata: { labels: { app: set } },
    spec: {
      terminationGracePeriodSeconds: shape.graceSeconds,
      ...(shape.selective ? { nodeSelector: { pool: "a" } } : {}),
      ...(shape.tolerant ? { tolerations: [{ key: maintenance, operator: "Exists" }] } : {}),
      containers: [
        {
          name: "main",
          image: shape.image,
          command: ["agent"],
          readinessProbe: { exec: { command: ["ready"] }, periodSeconds: 5 },
        },
      ],
    },
  };
}

const strategyOf = ({ onDelete, maxUnavailable, maxSurge }: SetShape) =>
  onDelete
    ? { type: "OnDelete", rollingUpdate: null }
    : { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } };

const draftOf = (set: string, shape: SetShape): Draft<DaemonSet> => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: set, namespace },
  spec: {
    selector: { matchLabels: { app: set } },
    minReadySeconds: shape.minReadySeconds,
    template: templateOf(set, shape),
    // A null in a draft is as good as absence.
    updateStrategy: strategyOf(shape) as NonNullable<NonNullable<DaemonSet["spec"]>["updateStrategy"]>,
  },
});

export class Performer {
  private readonly cluster: Cluster;
  private over = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** From now on, nothing more goes wrong by a deed done earlier. */
  end(): void {
    this.over = true;
  }

  perform(deed: Deed): void {
    this.cluster.trace(`deed ${JSON.stringify(deed)}`);
    switch (deed.do) {
      case "weather":
        this.cluster.setWeather(deed.weather);
        return this.later(deed.lasts, () => this.cluster.setWeather(fairWeather));
      case "cut-watches":
        for (const link of this.cluster.links.values()) link.cutWatches();
        return;
      case "crash":
        return this.crash(deed);
      case "crash-after-write":
        return this.crashAfterWrite(deed);
      case "partition":
        return this.partition(deed);
      case "clock-jump": {
        const process = this.victim(deed.who, deed.node)?.process;
        if (process !== undefined) process.skew += deed.by;
        return;
      }
      case "mood":
      case "crash-containers":
      case "join":
      case "leave":
        return this.toMachine(deed);
      case "relabel":
      case "taint":
      case "cordon":
        return this.toNode(deed);
      case "apply":
      case "set-image":
      case "set-strategy":
      case "undo":
      case "delete-set":
      case "delete-pod":
        return this.asUser(deed);
    }
  }

  private later(delay: Millis, act: () => void): void {
    this.cluster.clock.after(delay, () => {
      if (!this.over) act();
    });
  }

  private machine(name: string): Machine | undefined {
    return this.cluster.machines.get(name);
  }

  private victim(
    who: On<"crash">["who"],
    node: string,
  ): { readonly process: SimulatedProcess; readonly link: Link | undefined } | undefined {
    if (who === "apiserver") return undefined;
    if (who === "kubelet") return this.machine(node)?.kubelet;
    const process = this.cluster.processOf(who);
    return process && { process, link: this.cluster.links.get(who) };
  }

  private crash({ who, node, down }: On<"crash">): void {
    const { cluster } = this;
    if (who === "apiserver") {
      if (!cluster.server.isUp) return;
      cluster.server.crash();
      return this.later(down, () => cluster.startApiServer());
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

  private partition({ node, lasts }: On<"partition">): void {
    const link = this.machine(node)?.kubelet?.link;
    if (link === undefined) return;
    link.cutOff = true;
    this.later(lasts, () => (link.cutOff = false));
  }

  private toMachine(deed: On<"mood" | "crash-containers" | "join" | "leave">): void {
    const machine = this.machine(deed.node);
    if (deed.do === "join") {
      if (machine === undefined)
        this.cluster.addMachine({ name: deed.node, labels: deed.labels, taints: [] });
      return;
    }
    if (machine === undefined) return;
    if (deed.do === "mood") {
      machine.mood = deed.mood;
      this.later(deed.lasts, () => (machine.mood = "well"));
    } else if (deed.do === "crash-containers") void machine.crashContainers();
    else {
      this.cluster.removeMachine(deed.node);
      this.insist(() => this.cluster.user.of(nodeKind).delete({ name: deed.node }));
    }
  }

  private toNode(deed: On<"relabel" | "taint" | "cordon">): void {
    if (deed.do === "relabel")
      return this.patchNode(deed.node, () => ({ metadata: { labels: { pool: deed.pool } } }));
    if (deed.do === "cordon") return this.patchNode(deed.node, () => ({ spec: { unschedulable: deed.on } }));
    this.patchNode(deed.node, ({ metadata, spec }) => ({
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

  private patchNode(name: string, patchOf: (node: Node) => unknown): void {
    const nodes = this.cluster.user.of(nodeKind);
    this.insist(async () => {
      const got = await nodes.get({ name });
      return got.is === "ok" ? nodes.patch({ name }, "merge", patchOf(got.object)) : got;
    });
  }

  private asUser(
    deed: On<"apply" | "set-image" | "set-strategy" | "undo" | "delete-set" | "delete-pod">,
  ): void {
    const sets = this.cluster.user.of(daemonSet);
    if (deed.do === "delete-pod") return this.deletePod(deed.node);
    const ref = { name: deed.set, namespace };
    const patch = (spec: unknown) => sets.patch(ref, "strategic", { spec });
    switch (deed.do) {
      case "apply":
        return this.insist(async () => {
          const created = await sets.create(draftOf(deed.set, deed.shape));
          if (created.is !== "exists") return created;
          const { minReadySeconds } = deed.shape;
          return patch({ minReadySeconds, template: templateOf(deed.set, deed.shape) });
        });
      case "set-image":
        return this.insist(() =>
          patch({ template: { spec: { containers: [{ name: "main", image: deed.image }] } } }),
        );
      case "set-strategy":
        return this.insist(() => patch({ updateStrategy: strategyOf(deed.shape) }));
      case "undo":
        return this.insist(() => this.undo(deed.set));
      case "delete-set":
        return this.insist(() => sets.delete(ref, { propagation: deed.propagation }));
    }
  }

  /** As kubectl does: the template of the revision before the newest is put back. */
  private async undo(set: string): Promise<Answer<DaemonSet>> {
    const sets = this.cluster.user.of(daemonSet);
    const got = await sets.get({ name: set, namespace });
    if (got.is !== "ok") return got;
    const owned = this.cluster.ledger
      .all<ControllerRevision>("controllerrevisions")
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === got.object.metadata.uid))
      .sort((one, other) => one.revision - other.revision);
    const before = owned.at(-2);
    return before === undefined ? got : sets.patch({ name: set, namespace }, "strategic", before.data);
  }

  private deletePod(node: string): void {
    const found = this.cluster.ledger.all<Pod>("pods").find(({ spec }) => spec?.nodeName === node);
    if (found === undefined) return;
    const { name, uid } = found.metadata;
    this.insist(() => this.cluster.user.of(podKind).delete({ name, namespace }, { uid }));
  }

  /** A person tries until the server has answered, and again on a conflict. */
  private insist(act: () => Promise<Answer<unknown>>): void {
    const attempt = async (): Promise<void> => {
      for (let failures = 0; failures < 100; failures++) {
        const answer = await act().catch(() => undefined);
        const retry = answer === undefined || (answer.is === "refused" && (answer.status.code ?? 0) >= 500);
        if (!retry && answer.is !== "conflict") {
          this.cluster.trace(`user ${answer.is}`);
          return;
        }
        await pause(this.cluster.clock, 1000);
      }
    };
    void attempt();
  }
}
