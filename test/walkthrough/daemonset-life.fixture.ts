// Owns what the walkthroughs of a DaemonSet's life share: manifests, and what a person reads off the cluster.
import { Cluster, eventually } from "./harness.ts";

export interface Agent {
  /** Fields of the DaemonSet's spec, as YAML in flow form without the braces. */
  readonly spec?: string;
  /** Fields of the pod's spec, likewise. */
  readonly pod?: string;
  /** Fields of the container, likewise. */
  readonly container?: string;
  readonly selector?: string;
  readonly labels?: string;
  readonly script?: string;
}

/** A DaemonSet whose pods sleep and end at once when asked to. */
export function agent(name: string, more: Agent = {}): string {
  const labels = more.labels ?? `app: ${name}`;
  const script = more.script ?? "exec sleep 1000000";
  const then = (fields: string | undefined) => (fields === undefined ? "" : `, ${fields}`);
  return `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: ${name} }
spec: {
  selector: ${more.selector ?? `{ matchLabels: { ${labels} } }`}${then(more.spec)},
  template: {
    metadata: { labels: { ${labels} } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: agent, image: "host", command: ["/bin/sh", "-c", ${JSON.stringify(script)}]${then(more.container)} }]${then(more.pod)} } } }
`;
}

export interface SeenPod {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ready: boolean;
  readonly leaving: boolean;
  readonly phase: string;
  readonly hash: string | undefined;
  readonly owners: readonly string[];
  /** Message of the PodScheduled condition. */
  readonly said: string;
  readonly image: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

function seen(item: unknown): SeenPod {
  // What kubectl prints of a pod has the fields that the API says.
  const { metadata, spec, status } = item as {
    metadata: {
      name: string;
      uid: string;
      deletionTimestamp?: string;
      labels?: Record<string, string>;
      ownerReferences?: { kind: string; name: string }[];
    };
    spec: { nodeName?: string; containers: { image: string }[] };
    status: { phase?: string; conditions?: Condition[] };
  };
  const condition = (wanted: string) => status.conditions?.find(({ type }) => type === wanted);
  return {
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName ?? "",
    ready: condition("Ready")?.status === "True",
    leaving: metadata.deletionTimestamp !== undefined,
    phase: status.phase ?? "",
    hash: metadata.labels?.["controller-revision-hash"],
    owners: (metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind}/${name}`),
    said: condition("PodScheduled")?.message ?? "",
    image: spec.containers[0]?.image ?? "",
  };
}

/** A cluster as a person with a stock kubectl sees it. */
export class Life extends Cluster {
  apply(manifest: string): string {
    return this.ok("apply -f -", manifest);
  }

  pods(selector: string): SeenPod[] {
    const answer: unknown = JSON.parse(this.ok(`get pods -l ${selector} -o json`));
    return (answer as { items: unknown[] }).items
      .map(seen)
      .sort((a, b) => (a.node + a.name < b.node + b.name ? -1 : 1));
  }

  json(args: string): Record<string, unknown> {
    return JSON.parse(this.ok(`${args} -o json`)) as Record<string, unknown>;
  }

  /** The reasons and messages of the events about one object. */
  events(kind: string, name: string): string[] {
    const all = this.json("get events")["items"] as {
      involvedObject: { kind: string; name: string };
      type: string;
      reason: string;
      message: string;
    }[];
    return all
      .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name.startsWith(name))
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }

  /** Waits until exactly these nodes have one Ready pod each of the selector and no other pod is left. */
  steady(selector: string, ...nodes: string[]): Promise<SeenPod[]> {
    return eventually(`one Ready pod of ${selector} on each of ${nodes.join(" ")}`, () => {
      const pods = this.pods(selector);
      const told = pods.map(({ node, ready, leaving }) => `${node}${ready && !leaving ? "" : "?"}`);
      if (told.join(" ") !== nodes.join(" ")) throw new Error(`saw ${told.join(" ")}`);
      return pods;
    });
  }

  gone(selector: string): Promise<unknown> {
    return eventually(`no pod of ${selector}`, () => this.pods(selector).length === 0);
  }

  /** Whether the status counts are these: desired, current, ready, updated, available. */
  counts(name: string, counts: string): Promise<unknown> {
    return eventually(`counts ${counts} of ${name}`, () => {
      const [, ...columns] = this.ok(`get ds ${name} --no-headers`).split(/\s+/);
      const found = columns.slice(0, 5).join(" ");
      if (found !== counts) throw new Error(`saw ${found}`);
      return true;
    });
  }
}

export const workers = ["worker-1", "worker-2", "worker-3"] as const;
