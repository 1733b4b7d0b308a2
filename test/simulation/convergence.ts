// Owns what must be so in the end, once nothing goes wrong any more and time has passed.
import type { DaemonSet, Node, Pod } from "../../src/model/generated/types.ts";
import type { Cluster } from "./cluster.ts";
import type { Violation } from "./invariants.ts";
import { podNameOf, podUidOf } from "./node.ts";
import {
  eligibility,
  hashLabel,
  isMirror,
  isReady,
  isStaticName,
  isTerminating,
  nodeOf,
  ownerOf,
  selects,
} from "./views.ts";

type Say = (statement: string, words: string, ...about: string[]) => void;

/** Everything that is not yet as it should be. */
export async function unfinished(cluster: Cluster): Promise<Violation[]> {
  const found: Violation[] = [];
  const say: Say = (statement, words, ...about) => found.push({ statement, words, about });
  const { ledger } = cluster;
  const nodes = ledger.all<Node>("minions");
  const pods = ledger.all<Pod>("pods").filter((pod) => !isMirror(pod));
  const sets = ledger.all<DaemonSet>("daemonsets");
  for (const { metadata, ...node } of nodes)
    if (!isReady({ metadata, ...node })) say("K.4", `node ${metadata.name} is not Ready`, metadata.name);
  for (const name of cluster.machines.keys())
    if (!nodes.some(({ metadata }) => metadata.name === name))
      say("K.4", `machine ${name} has no node`, name);
  for (const set of sets) checkSet(set, nodes, pods, say);
  checkOwners(pods, sets, say);
  await checkRuntimes(cluster, pods, say);
  for (const words of cluster.watcher.differences()) say("V.2", words, /\/(\S+)/.exec(words)?.[1] ?? "");
  return found;
}

function checkOwners(pods: readonly Pod[], sets: readonly DaemonSet[], say: Say): void {
  for (const pod of pods) {
    const { name } = pod.metadata;
    const owner = ownerOf(pod);
    const fitting = sets.filter((set) => selects(set, pod));
    if (owner === undefined) {
      if (fitting.length > 0)
        say("D.10", `pod ${name} has no controller, and ${fitting[0]?.metadata.name} selects it`, name);
    } else if (!sets.some(({ metadata }) => metadata.uid === owner))
      say("D.17", `pod ${name} is left of a DaemonSet that is gone`, name);
    else if (!fitting.some(({ metadata }) => metadata.uid === owner))
      say("D.10", `pod ${name} is kept by a DaemonSet that does not select it`, name);
  }
}

function checkSet(set: DaemonSet, nodes: readonly Node[], pods: readonly Pod[], say: Say): void {
  const { name, uid, generation } = set.metadata;
  if (isTerminating(set)) return say("D.17", `DaemonSet ${name} is still being deleted`, name);
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0 };
  const owned = pods.filter((pod) => ownerOf(pod) === uid);
  for (const node of nodes) {
    const here = owned.filter((pod) => nodeOf(pod) === node.metadata.name);
    const verdict = eligibility(set, node);
    if (verdict === "eligible") counts.desired += 1;
    if (verdict === "eligible" && here.length > 0) counts.current += 1;
    if (verdict !== "eligible" && here.length > 0) counts.misscheduled += 1;
    if (verdict === "eligible" && here.some(isReady)) counts.ready += 1;
    const least = verdict === "eligible" ? 1 : 0;
    const most = verdict === "ineligible" ? 0 : 1;
    const names = here.map(({ metadata }) => metadata.name);
    if (here.length < least || here.length > most)
      say(
        "D.1",
        `${name} has ${here.length} pods on ${node.metadata.name}, which is ${verdict}`,
        node.metadata.name,
        ...names,
      );
    for (const pod of here)
      if (isTerminating(pod) || !isReady(pod) || pod.spec?.nodeName === undefined)
        say(
          "D.6",
          `pod ${pod.metadata.name} of ${name} on ${node.metadata.name} is not ready`,
          pod.metadata.name,
        );
  }
  for (const pod of owned)
    if (!nodes.some(({ metadata }) => metadata.name === nodeOf(pod)))
      say(
        "D.18",
        `pod ${pod.metadata.name} of ${name} is on ${nodeOf(pod)}, which is gone`,
        pod.metadata.name,
      );
  checkStatus(set, counts, say);
  if (set.spec?.updateStrategy?.type === "OnDelete" || generation !== set.status?.observedGeneration) return;
  // A pod that is only kept, by a taint that came after it, has no place to be replaced in: a rollout leaves it (D.2).
  const placed = owned.filter((pod) =>
    nodes.some((node) => nodeOf(pod) === node.metadata.name && eligibility(set, node) === "eligible"),
  );
  if (new Set(placed.map(({ metadata }) => metadata.labels?.[hashLabel])).size > 1)
    say("D.14", `${name} is rolled out in part`, name);
  const image = set.spec?.template.spec?.containers[0]?.image;
  for (const pod of placed)
    if (pod.spec?.containers[0]?.image !== image)
      say(
        "D.14",
        `pod ${pod.metadata.name} of ${name} still runs ${pod.spec?.containers[0]?.image}, not ${image}`,
        pod.metadata.name,
      );
}

function checkStatus(
  set: DaemonSet,
  counts: { desired: number; current: number; misscheduled: number; ready: number },
  say: Say,
): void {
  const { name, generation } = set.metadata;
  const { status } = set;
  if (status?.observedGeneration !== generation)
    return say("D.11", `${name} observed generation ${status?.observedGeneration} of ${generation}`, name);
  const told = {
    desired: status?.desiredNumberScheduled ?? 0,
    current: status?.currentNumberScheduled ?? 0,
    misscheduled: status?.numberMisscheduled ?? 0,
    ready: status?.numberReady ?? 0,
  };
  if (JSON.stringify(told) !== JSON.stringify(counts))
    say(
      "D.11",
      `the status of ${name} says ${JSON.stringify(told)} where it is ${JSON.stringify(counts)}`,
      name,
    );
  if (status?.numberAvailable !== counts.ready && counts.ready > 0)
    say("D.12", `${name} counts ${status?.numberAvailable ?? 0} available of ${counts.ready} ready`, name);
}

async function checkRuntimes(cluster: Cluster, pods: readonly Pod[], say: Say): Promise<void> {
  for (const [name, machine] of cluster.machines) {
    const running = (await machine.running()).filter((one) => !isStaticName(podNameOf(one)));
    const uids = running.map(podUidOf);
    for (const container of running) {
      const pod = pods.find(({ metadata }) => metadata.uid === podUidOf(container));
      const podName = podNameOf(container);
      if (pod?.spec?.nodeName !== name)
        say("K.2", `a container of ${podName} runs on ${name}, where no such pod is wanted`, podName);
    }
    for (const uid of new Set(uids))
      if (uids.filter((other) => other === uid).length > 1)
        say("K.2", `a pod's container runs twice on ${name}`, uid);
    for (const pod of pods)
      if (pod.spec?.nodeName === name && !uids.includes(pod.metadata.uid))
        say("K.2", `nothing of pod ${pod.metadata.name} runs on ${name}`, pod.metadata.name);
  }
}
