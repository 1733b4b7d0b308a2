// Owns what people do to a simulated cluster: with kubectl's calls, again and again until the server has answered.
import type { Answer } from "../../src/client/client.ts";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../src/model/generated/types.ts";
import { daemonSet } from "../../src/model/kinds/daemon-set.ts";
import { node as nodeKind } from "../../src/model/kinds/node.ts";
import { pod as podKind } from "../../src/model/kinds/pod.ts";
import type { Draft } from "../../src/model/meta.ts";
import type { ApiRequest } from "../../src/model/wire.ts";
import { pause } from "../../src/world/clock.ts";
import type { Cluster } from "./cluster.ts";
import type { On, SetShape, UserDeed } from "./deeds.ts";
import { isMirror, nodeOf } from "./views.ts";

const namespace = "default";

export const maintenance = "simulation/maintenance";
/** On every pod of every set: what `broad` selects. */
const tier = { tier: "daemon" };

function templateOf(set: string, shape: SetShape): NonNullable<DaemonSet["spec"]>["template"] {
  const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 5 });
  return {
    metadata: { labels: { app: set, ...tier } },
    spec: {
      terminationGracePeriodSeconds: shape.graceSeconds,
      ...(shape.selective ? { nodeSelector: { pool: "a" } } : {}),
      ...(shape.tolerant ? { tolerations: [{ key: maintenance, operator: "Exists" }] } : {}),
      containers: [
        {
          name: "main",
          image: shape.image,
          command: ["agent"],
          readinessProbe: probe("ready"),
          ...(shape.alive ? { livenessProbe: probe("alive") } : {}),
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
    selector: { matchLabels: set === "broad" ? tier : { app: set } },
    minReadySeconds: shape.minReadySeconds,
    template: templateOf(set, shape),
    // A null in a draft is as good as absence.
    updateStrategy: strategyOf(shape) as NonNullable<NonNullable<DaemonSet["spec"]>["updateStrategy"]>,
  },
});

const sets = "/apis/apps/v1/namespaces/default/daemonsets";
const nonsense: readonly Pick<ApiRequest, "method" | "path" | "body" | "query">[] = [
  { method: "POST", path: sets, body: {} },
  {
    method: "POST",
    path: sets,
    body: { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "A_b" } },
  },
  {
    method: "POST",
    path: sets,
    body: {
      ...draftOf("misfit", {
        image: "x",
        maxUnavailable: 0,
        maxSurge: 0,
        onDelete: false,
        minReadySeconds: 0,
        selective: false,
        tolerant: false,
        graceSeconds: 1,
        alive: false,
      }),
    },
  },
  { method: "PATCH", path: `${sets}/agent`, body: { spec: { selector: { matchLabels: { app: "x" } } } } },
  { method: "PATCH", path: `${sets}/agent`, body: { spec: { minReadySeconds: -1 } } },
  { method: "PUT", path: `${sets}/agent`, body: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } } },
  { method: "POST", path: "/api/v1/namespaces/default/pods", body: { kind: "Pod", apiVersion: "v1" } },
  { method: "DELETE", path: "/api/v1/namespaces/default/pods/Not A Name" },
  { method: "GET", path: "/api/v1/pods", query: { resourceVersion: "yesterday" } },
  { method: "GET", path: "/apis/apps/v1/demonsets" },
];

export class Person {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  perform(deed: UserDeed): void {
    const kind = this.cluster.user.of(daemonSet);
    if (deed.do === "delete-pod") return this.deletePod(deed.node);
    if (deed.do === "label-pod") return this.labelPod(deed);
    if (deed.do === "nonsense") return this.talkNonsense(deed);
    const ref = { name: deed.set, namespace };
    const patch = (spec: unknown) => kind.patch(ref, "strategic", { spec });
    switch (deed.do) {
      case "apply":
        return this.insist(async () => {
          const created = await kind.create(draftOf(deed.set, deed.shape));
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
        return this.insist(() => kind.delete(ref, { propagation: deed.propagation }));
    }
  }

  /** A person who has not come to it gives up when the machine is back. */
  deleteNode(name: string): void {
    this.insist(
      () => this.cluster.user.of(nodeKind).delete({ name }),
      () => this.cluster.machines.has(name),
    );
  }

  patchNode(name: string, patchOf: (node: Node) => unknown): void {
    const nodes = this.cluster.user.of(nodeKind);
    this.insist(async () => {
      const got = await nodes.get({ name });
      return got.is === "ok" ? nodes.patch({ name }, "merge", patchOf(got.object)) : got;
    });
  }

  /** The first mirror on the node. */
  deleteMirror(node: string): void {
    const found = this.podsOn(node).find(isMirror);
    if (found === undefined) return;
    const { name } = found.metadata;
    this.insist(() => this.cluster.user.of(podKind).delete({ name, namespace }));
  }

  editMirror({ node, what }: On<"edit-mirror">): void {
    const found = this.podsOn(node).find(isMirror);
    if (found === undefined) return;
    const patch =
      what === "label"
        ? { metadata: { labels: { app: "agent", ...tier } } }
        : what === "hash"
          ? { metadata: { annotations: { "kubernetes.io/config.hash": "0" } } }
          : { spec: { containers: [{ name: "main", image: "edited:1" }] } };
    const { name } = found.metadata;
    this.insist(() => this.cluster.user.of(podKind).patch({ name, namespace }, "strategic", patch));
  }

  /** As kubectl does: the template of the revision before the newest is put back. */
  private async undo(set: string): Promise<Answer<DaemonSet>> {
    const kind = this.cluster.user.of(daemonSet);
    const got = await kind.get({ name: set, namespace });
    if (got.is !== "ok") return got;
    const owned = this.cluster.ledger
      .all<ControllerRevision>("controllerrevisions")
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === got.object.metadata.uid))
      .sort((one, other) => one.revision - other.revision);
    const before = owned.at(-2);
    return before === undefined ? got : kind.patch({ name: set, namespace }, "strategic", before.data);
  }

  private podsOn(node: string): Pod[] {
    return this.cluster.ledger.all<Pod>("pods").filter((pod) => nodeOf(pod) === node);
  }

  private deletePod(node: string): void {
    const found = this.podsOn(node).find((pod) => pod.spec?.nodeName === node && !isMirror(pod));
    if (found === undefined) return;
    const { name, uid } = found.metadata;
    this.insist(() => this.cluster.user.of(podKind).delete({ name, namespace }, { uid }));
  }

  private labelPod({ node, app }: On<"label-pod">): void {
    const found = this.podsOn(node).find((pod) => !isMirror(pod));
    if (found === undefined) return;
    const { name } = found.metadata;
    const labels = app === null ? { app, tier: null } : { app };
    this.insist(() =>
      this.cluster.user.of(podKind).patch({ name, namespace }, "merge", { metadata: { labels } }),
    );
  }

  /** Statement V.4: it is refused, and not for a fault of the server's. */
  private talkNonsense({ which }: On<"nonsense">): void {
    const said = nonsense[which % nonsense.length];
    if (said === undefined) return;
    const { cluster } = this;
    const contentType =
      said.method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    cluster.user.transport.request({ ...said, contentType }).then(
      ({ status }) => {
        cluster.trace(`user nonsense ${which % nonsense.length} ${status}`);
        // 503 where the caches lag: nothing was read, so nothing could be judged.
        if ((status >= 400 && status < 500) || status === 503) return;
        cluster.broken.push(`bad input was answered ${status}: ${JSON.stringify(said)}`);
      },
      () => undefined,
    );
  }

  /** A person tries until the server has answered, and again on a conflict. */
  private insist(act: () => Promise<Answer<unknown>>, isMoot = () => false): void {
    const attempt = async (): Promise<void> => {
      for (let failures = 0; failures < 100 && !isMoot(); failures++) {
        const answer = await act().catch(() => undefined);
        const retry = answer === undefined || (answer.is === "refused" && (answer.status.code ?? 0) >= 500);
        if (!retry && answer.is !== "conflict") {
          this.cluster.trace(
            `user ${answer.is}${answer.is === "refused" ? ` ${answer.status.message ?? ""}` : ""}`,
          );
          return;
        }
        await pause(this.cluster.clock, 1000);
      }
    };
    void attempt();
  }
}
