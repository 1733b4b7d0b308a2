// Owns the statements S.1 to S.12 as a judge sees them: what the kubelets do with static pods against what their folders hold.
import type { Millis } from "../../src/lib/units.ts";
import type { Node, Pod } from "../../src/model/generated/types.ts";
import type { ContainerStatus } from "../../src/runtime/runtime.ts";
import type { Cluster } from "./cluster.ts";
import type { Invariants, Violation } from "./invariants.ts";
import { definitionKey, type Definition } from "./manifests.ts";
import { podNameOf, podUidOf, type Machine, type RuntimeObserver } from "./node.ts";
import { isMirror, isReady, isStaticName, isTerminating, ownerOf } from "./views.ts";

/** What a kubelet does may rest on what it saw this long ago: it looks every 20 s, and what it orders may take its time. */
const hindsight: Millis = 45_000;
const hindsightMoody: Millis = 180_000;
const lookPeriod: Millis = 5000;

/** A static pod's name in its file, from its name in the cluster. */
const filedName = (machine: Machine, podName: string): string =>
  podName.slice(0, -machine.options.name.length - 1);

const keyOf = (machine: Machine, container: ContainerStatus): string =>
  definitionKey({ pod: filedName(machine, podNameOf(container)), image: container.image });

export class Statics implements RuntimeObserver {
  private cluster: Cluster | undefined;
  private invariants: Invariants | undefined;
  private lookedAt = 0;

  judge(cluster: Cluster, invariants: Invariants): void {
    this.cluster = cluster;
    this.invariants = invariants;
  }

  private get now(): number {
    return this.cluster?.clock.now() ?? 0;
  }

  private hindsightOf(machine: Machine): Millis {
    return machine.moodyUntil >= this.now - hindsightMoody ? hindsightMoody : hindsight;
  }

  started(machine: Machine, container: ContainerStatus): void {
    if (!isStaticName(podNameOf(container))) return;
    const { manifests } = machine;
    const key = keyOf(machine, container);
    if (manifests.givenSince.has(key)) return;
    const until = manifests.givenUntil.get(key) ?? 0;
    const within = this.hindsightOf(machine);
    if (until >= this.now - within || (until > 0 && manifests.wasTroubled(within))) return;
    this.broke("S.2", `${key} was started on ${machine.options.name}, and no file gives it`, container);
  }

  stops(machine: Machine, container: ContainerStatus): void {
    if (!isStaticName(podNameOf(container))) return;
    const key = keyOf(machine, container);
    const since = machine.manifests.givenSince.get(key);
    // By what it saw before, or was told, it may be right.
    if (since === undefined || since > this.now - this.hindsightOf(machine)) return;
    this.broke(
      this.statementOf(machine, container),
      `${key} was stopped on ${machine.options.name}, though its file has stood since ${this.now - since} ms`,
      container,
    );
  }

  /** Which statement it is that the container should have run on by. */
  private statementOf(machine: Machine, container: ContainerStatus): string {
    if (machine.manifests.wasTroubled(hindsight)) return "S.11";
    if (machine.startedAt > this.now - hindsight) return "S.10";
    const mirror = this.mirrors().find(({ metadata }) => metadata.name === podNameOf(container));
    const node: Node | undefined = this.cluster?.ledger.objects.get(
      `/registry/minions/${machine.options.name}`,
    );
    if (node?.spec?.taints?.some(({ effect }) => effect === "NoExecute") === true) return "S.9";
    return mirror === undefined ||
      isTerminating(mirror) ||
      mirror.spec?.containers[0]?.image !== container.image
      ? "S.7"
      : "S.3";
  }

  private mirrors(): Pod[] {
    return (this.cluster?.ledger.all<Pod>("pods") ?? []).filter(isMirror);
  }

  private broke(statement: string, words: string, container: ContainerStatus): void {
    this.invariants?.broke(statement, words, [podNameOf(container)]);
  }

  /** Judged whenever a container was started: two of one name never run at once (S.12). */
  judgeRunning(machine: Machine, running: readonly ContainerStatus[]): void {
    const seen = new Map<string, ContainerStatus>();
    for (const container of running) {
      const name = podNameOf(container);
      if (!isStaticName(name)) continue;
      const other = seen.get(name);
      seen.set(name, container);
      if (other !== undefined)
        this.broke(
          podUidOf(other) === podUidOf(container) ? "S.10" : "S.12",
          `${name} runs twice on ${machine.options.name}: ${other.image} and ${container.image}`,
          container,
        );
    }
  }

  /** On machines that were left in peace, what the folder holds runs, whatever becomes of the API (S.3, S.6). */
  async afterStep(): Promise<void> {
    if (this.cluster === undefined || this.now - this.lookedAt < lookPeriod) return;
    this.lookedAt = this.now;
    for (const machine of this.cluster.machines.values()) {
      if (!machine.isCalm) continue;
      const running = await machine.running();
      for (const { statement, words, about } of differences(machine, running))
        this.invariants?.broke(
          this.cluster.server.isUp ? statement : "S.6",
          `${words}, though the machine was left in peace`,
          about,
        );
    }
  }

  /** What is not as it should be in the end. */
  async unfinished(): Promise<Violation[]> {
    const found: Violation[] = [];
    if (this.cluster === undefined) return found;
    for (const machine of this.cluster.machines.values()) {
      found.push(...differences(machine, await machine.running()), ...this.mirrorFaults(machine));
    }
    return found;
  }

  private mirrorFaults(machine: Machine): Violation[] {
    const { name } = machine.options;
    const found: Violation[] = [];
    const say = (words: string, about: string) => found.push({ statement: "S.7", words, about: [about] });
    const given = machine.manifests.given();
    const node = this.cluster?.ledger.objects.get(`/registry/minions/${name}`);
    const mirrors = this.mirrors().filter(({ spec }) => spec?.nodeName === name);
    for (const definition of given.values()) {
      const podName = `${definition.pod}-${name}`;
      const mirror = mirrors.find(({ metadata }) => metadata.name === podName);
      if (mirror === undefined) say(`static pod ${podName} has no mirror`, podName);
      else for (const words of faultsOf(mirror, definition, node?.metadata.uid)) say(words, podName);
    }
    for (const { metadata } of mirrors)
      if (!given.has(filedName(machine, metadata.name)))
        say(`mirror ${metadata.name} is left of a static pod that is gone`, metadata.name);
    return found;
  }
}

function faultsOf(mirror: Pod, { image }: Definition, nodeUid: string | undefined): string[] {
  const { metadata, spec } = mirror;
  const found: string[] = [];
  const say = (words: string) => found.push(`mirror ${metadata.name} ${words}`);
  if (isTerminating(mirror)) say("is being deleted");
  else if (!isReady(mirror)) say("is not ready");
  if (spec?.containers[0]?.image !== image)
    say(`shows ${spec?.containers[0]?.image} where the file has ${image}`);
  if (ownerOf(mirror) !== nodeUid) say("is not owned by its node");
  if (metadata.labels?.["app"] !== undefined) say("still has the label that someone gave it");
  return found;
}

function differences(machine: Machine, running: readonly ContainerStatus[]): Violation[] {
  const found: Violation[] = [];
  const { name } = machine.options;
  const say = (words: string, about: string) => found.push({ statement: "S.3", words, about: [about] });
  const given = machine.manifests.given();
  const statics = running.filter((container) => isStaticName(podNameOf(container)));
  for (const { pod, image } of given.values()) {
    const here = statics.filter((container) => podNameOf(container) === `${pod}-${name}`);
    if (here.length !== 1 || here[0]?.image !== image)
      say(
        `static pod ${pod} of ${image} runs on ${name} as ${JSON.stringify(here.map((one) => one.image))}`,
        `${pod}-${name}`,
      );
  }
  for (const container of statics)
    if (!given.has(filedName(machine, podNameOf(container))))
      say(`${podNameOf(container)} runs on ${name}, and no file gives it`, podNameOf(container));
  return found;
}
