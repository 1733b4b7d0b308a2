// Owns the mirrors of this node's static pods in the API: made, made anew when someone removes them, gone with the pod.
import type { Client, Informer } from "../../client/client.ts";
import { createWorkQueue } from "../../client/work-queue.ts";
import type { Node, Pod } from "../../model/generated/types.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { PodSet } from "../pod-set.ts";
import type { DesiredChange } from "../sources/desired-pods.ts";
import { isMirror } from "../../model/pod/mirror.ts";
import { planMirror } from "./plan-mirror.ts";

export interface MirrorPodsOptions {
  readonly client: Client;
  /** Of the pods on this node. */
  readonly informer: Informer<Pod>;
  readonly pods: PodSet;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: () => Node | undefined;
  /** Whether the node's own sources have told all they have: until then no mirror is one too many. */
  readonly isComplete: () => boolean;
  readonly signal: AbortSignal;
}

const keyOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export class MirrorPods {
  private readonly options: MirrorPodsOptions;
  private readonly queue: ReturnType<typeof createWorkQueue>;
  /** By key. */
  private readonly wanted = new Map<string, Pod>();
  private readonly keys = new Map<string, string>();

  constructor(options: MirrorPodsOptions) {
    this.options = options;
    this.queue = createWorkQueue({ clock: options.clock, log: options.log });
  }

  /** A source tells. */
  change(change: DesiredChange): void {
    if (change.is === "wanted") {
      if (change.source === "api") return;
      const { uid } = change.pod.metadata;
      this.wanted.set(keyOf(change.pod), change.pod);
      this.keys.set(uid, keyOf(change.pod));
      return this.queue.add(keyOf(change.pod));
    }
    const key = this.keys.get(change.uid);
    if (key === undefined) return;
    this.keys.delete(change.uid);
    if (this.wanted.get(key)?.metadata.uid === change.uid) this.wanted.delete(key);
    this.queue.add(key);
  }

  /** The pod is at work now, or the node has come to stand in the API, or the sources have told all. */
  look(pod?: Pod): void {
    if (pod !== undefined) {
      if (this.wanted.has(keyOf(pod))) this.queue.add(keyOf(pod));
      return;
    }
    for (const key of this.wanted.keys()) this.queue.add(key);
    for (const found of this.options.informer.list()) if (isMirror(found)) this.queue.add(keyOf(found));
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { informer, signal } = this.options;
    const end = informer.onChange(({ object }) => {
      if (isMirror(object) || this.wanted.has(keyOf(object))) this.queue.add(keyOf(object));
    });
    try {
      await this.queue.run(4, (key) => this.work(key), signal);
    } finally {
      end();
    }
  }

  private async work(key: string): Promise<void> {
    const { client, informer, pods, log, isComplete } = this.options;
    const node = this.options.node();
    if (node === undefined) return;
    const pod = this.wanted.get(key);
    if (pod === undefined && !isComplete()) return;
    await informer.synced;
    const found = informer.get(key);
    const mirror = found !== undefined && isMirror(found) ? found : undefined;
    // Of one that is not at work yet nothing is known.
    const isOver = pod === undefined || pods.numbered(pod.metadata.uid)?.isOver !== false;
    const named = { name: node.metadata.name, uid: node.metadata.uid };
    const action = planMirror(pod, mirror, named, isOver);
    switch (action.do) {
      case "nothing":
        return this.queue.forget(key);
      case "show":
        this.queue.forget(key);
        if (mirror !== undefined && pod !== undefined) pods.numbered(pod.metadata.uid)?.shownAs(mirror);
        return;
      case "delete": {
        const [namespace = "", name = ""] = key.split("/");
        log.info("removing a mirror pod", { pod: key, because: action.because });
        const answer = await client
          .of(podKind)
          .delete({ name, namespace }, { uid: action.uid, graceSeconds: 0 });
        if (answer.is === "refused") throw new Error(answer.status.message ?? "the deletion is refused");
        // The informer tells of the deletion; then the mirror is made anew where it is wanted.
        return;
      }
      case "create": {
        const answer = await client.of(podKind).create(action.draft);
        // One that the informer doesn't know yet: it will tell.
        if (answer.is === "exists" && found === undefined) return;
        if (answer.is !== "ok")
          throw new Error(
            `cannot show static pod ${key} in the API: ${answer.status.message ?? answer.is}; trying again`,
          );
      }
    }
  }
}
