// Owns the eviction of pods from nodes with NoExecute taints that they don't tolerate, or no longer.
import { createWorkQueue } from "../../client/work-queue.ts";
import { deepEqual } from "../../lib/json.ts";
import type { Instant } from "../../lib/units.ts";
import type { Node, Pod, Taint } from "../../model/generated/types.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { parseTime } from "../../model/time.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { evictingTaints, planEviction } from "./plan-eviction.ts";
import { podsByNode } from "./pods-by-node.ts";

export function startTaintEvictionController(ports: ControllerPorts): Running {
  const { informers, clock, log } = ports;
  const queue = createWorkQueue({ clock, log });
  const nodes = informers.of(nodeKind);
  const pods = informers.of(podKind, { indexes: podsByNode });
  const since = new TaintTimes(clock.now());

  nodes.onChange((change) => {
    const { name } = change.object.metadata;
    const taints = change.is === "removed" ? [] : evictingTaints(change.object);
    const before = change.is === "changed" ? evictingTaints(change.previous) : [];
    since.keep(name, taints, clock.now());
    if (taints.length > 0 && !deepEqual(taints, before)) queue.add(name);
  });
  pods.onChange((change) => {
    const nodeName = change.object.spec?.nodeName;
    if (change.is === "removed" || nodeName === undefined) return;
    const node = nodes.get(nodeName);
    if (node !== undefined && evictingTaints(node).length > 0) queue.add(nodeName);
  });

  return runController(
    {
      name: "taint-eviction",
      queue,
      informers: [nodes, pods],
      async sync(name) {
        const node = nodes.get(name);
        if (node === undefined) return;
        const next = await evictFrom(ports, node, pods.byIndex("node", name), since);
        if (next < Infinity) queue.addAfter(name, next - clock.now());
      },
    },
    ports,
  );
}

/** Evicts whose time has come; returns when the next one's does. */
async function evictFrom(
  ports: ControllerPorts,
  node: Node,
  pods: Iterable<Pod>,
  since: TaintTimes,
): Promise<Instant> {
  const taints = evictingTaints(node);
  if (taints.length === 0) return Infinity;
  const now = ports.clock.now();
  const leaving: Pod[] = [];
  let next: Instant = Infinity;
  for (const pod of pods) {
    const stay = planEviction(pod, taints, (taint) => since.of(node.metadata.name, pod, taint));
    if (stay.is === "leaves" && stay.at <= now) leaving.push(pod);
    else if (stay.is === "leaves") next = Math.min(next, stay.at);
  }
  for (const pod of leaving) await evict(ports, pod);
  return next;
}

async function evict({ client, recorder, log }: ControllerPorts, pod: Pod): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const answer = await client.of(podKind).delete({ name, namespace }, { uid });
  if (unlessRefused(answer, `evict pod ${namespace}/${name}`).is !== "ok") return;
  log.info("pod evicted by a taint", { pod: `${namespace}/${name}`, node: pod.spec?.nodeName });
  recorder.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${namespace}/${name}`);
}

/**
 * From when a taint counts for a pod: when it was set, or first seen where that is not written; but not from before we started,
 * for we may have missed that it was lifted in between, nor from before the pod was there.
 */
class TaintTimes {
  private readonly started: Instant;
  private readonly seen = new Map<string, Map<string, Instant>>();

  constructor(started: Instant) {
    this.started = started;
  }

  keep(node: string, taints: readonly Taint[], now: Instant): void {
    const before = this.seen.get(node);
    if (taints.length === 0) this.seen.delete(node);
    else this.seen.set(node, new Map(taints.map((taint) => [idOf(taint), before?.get(idOf(taint)) ?? now])));
  }

  of(node: string, pod: Pod, taint: Taint): Instant {
    const written = taint.timeAdded === undefined ? undefined : parseTime(taint.timeAdded);
    const taken = written ?? this.seen.get(node)?.get(idOf(taint)) ?? this.started;
    return Math.max(taken, this.started, parseTime(pod.metadata.creationTimestamp) ?? 0);
  }
}

const idOf = (taint: Taint): string => JSON.stringify([taint.key, taint.value ?? ""]);
