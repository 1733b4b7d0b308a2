// Owns `everynode why`: reads a cluster as any client may, plans as the controller would, and prints each node's answer.
import { daemonSetNamed, whyJson, whyLines, type WhyAnswer } from "../cli/why.ts";
import { RefusedError, type Client } from "../client/client.ts";
import { createClient } from "../client/kube-client.ts";
import type { Observed } from "../controllers/daemonset/plan-action.ts";
import { planWhy, whyText, type NodeAnswer, type OccupancyOn } from "../controllers/daemonset/plan-why.ts";
import type { DaemonSet, Node, Pod } from "../model/generated/types.ts";
import { controllerRevision as revisionKind } from "../model/kinds/controller-revision.ts";
import { daemonSet as setKind } from "../model/kinds/daemon-set.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { controllerOf } from "../model/owner.ts";
import { occupancyOf } from "../model/placement.ts";
import { wordsOf, type LogLevel } from "../world/log.ts";
import { reachCluster, usualKubeconfig } from "./cluster-access.ts";
import { Refusal } from "./refusal.ts";
import { realWorld } from "./world.ts";

export interface WhyCommand {
  readonly namespace?: string;
  readonly node?: string;
  readonly kubeconfig?: string;
  readonly output?: "json";
  readonly logLevel: LogLevel;
}

export async function runWhy(target: string, options: WhyCommand): Promise<void> {
  const name = daemonSetNamed(target);
  if (name === undefined)
    throw new Refusal(`cannot explain ${target}: only a DaemonSet can be explained; name it as ds/NAME`, 2);
  const world = realWorld(options.logLevel);
  const kubeconfig = options.kubeconfig ?? usualKubeconfig();
  const { transport, access } = await reachCluster(world, kubeconfig, "everynode");
  const namespace = options.namespace ?? access.namespace ?? "default";
  const client = createClient(transport);
  try {
    const answer = await explain(client, { name, namespace, node: options.node }, world.clock.now());
    console.log(options.output === "json" ? whyJson(answer) : whyLines(answer).join("\n"));
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown;
    throw new Refusal(`cannot explain ${namespace}/${name}: ${wordsOf(thrown)}`);
  } finally {
    await transport.close();
  }
}

interface Question {
  readonly name: string;
  readonly namespace: string;
  readonly node: string | undefined;
}

async function explain(client: Client, { name, namespace, node }: Question, now: number): Promise<WhyAnswer> {
  const cannot = (why: string) => new Refusal(`cannot explain ${namespace}/${name}: ${why}`);
  const found = await client.of(setKind).get({ name, namespace });
  if (found.is === "absent")
    throw cannot("there is no such DaemonSet; `kubectl get ds -A` lists those that are");
  if (found.is !== "ok") throw new RefusedError(found.status);
  const set = found.object;
  if (set.metadata.deletionTimestamp !== undefined) throw cannot("it is being deleted; its pods end with it");
  const observed = await observe(client, set, now);
  if (node !== undefined && !observed.nodes.some(({ metadata }) => metadata.name === node))
    throw new Refusal(`cannot explain ${namespace}/${name} on ${node}: there is no such node`);
  const asked = (answers: readonly NodeAnswer[]) =>
    answers.filter((answer) => node === undefined || answer.node === node);
  let answers = asked(planWhy(observed));
  if (answers.length === 0 && observed.nodes.length > 0)
    throw cannot("its latest template has no revision yet; the DaemonSet controller has not looked at it");
  const waiting = answers.filter(({ why }) => why.is === "unscheduled").map((answer) => answer.node);
  if (waiting.length > 0) answers = asked(planWhy(observed, await occupancies(client, waiting)));
  return {
    daemonSet: { name, namespace },
    nodes: answers.map(({ node: on, wanted, why }) => ({
      node: on,
      wanted,
      is: why.is,
      pod: "pod" in why ? why.pod.metadata.name : undefined,
      message: whyText(why),
    })),
  };
}

interface Seen extends Observed {
  readonly nodes: readonly Node[];
}

/** What the controller would look at. Pods still to be adopted are left out: they are nobody's yet. */
async function observe(client: Client, set: DaemonSet, now: number): Promise<Seen> {
  const { namespace = "", uid } = set.metadata;
  const [nodes, pods, revisions] = await Promise.all([
    client.of(nodeKind).list(),
    client.of(podKind).list({ namespace }),
    client.of(revisionKind).list({ namespace }),
  ]);
  const isOwn = (object: Parameters<typeof controllerOf>[0]) => controllerOf(object)?.uid === uid;
  return {
    set,
    nodes: nodes.items,
    pods: pods.items.filter(isOwn),
    revisions: revisions.items.filter(isOwn),
    now,
    backOffs: new Map(),
    nameTaken: () => false,
  };
}

// Above this, one list of all pods costs less than one for each node.
const nodesAskedMax = 20;

/** What is taken on the nodes where pods wait for room; nothing where this user may not see it. */
async function occupancies(client: Client, nodes: readonly string[]): Promise<OccupancyOn> {
  const pods = client.of(podKind);
  const byNode = new Map<string, Pod[]>(nodes.map((name) => [name, []]));
  try {
    const lists =
      nodes.length > nodesAskedMax
        ? [await pods.list()]
        : await Promise.all(nodes.map((name) => pods.list({ fieldSelector: `spec.nodeName=${name}` })));
    for (const { items } of lists) for (const pod of items) byNode.get(pod.spec?.nodeName ?? "")?.push(pod);
  } catch (thrown) {
    if (thrown instanceof RefusedError) return () => undefined;
    throw thrown;
  }
  const taken = new Map([...byNode].map(([name, there]) => [name, occupancyOf(there)]));
  return (name) => taken.get(name);
}
