// Owns the judgement that a component deletes only what it was told of: never what came after it under the same name (V.3).
import { kinds } from "../../src/model/kinds/kinds.ts";
import type { KubeObject } from "../../src/model/meta.ts";
import type { ApiRequest, ApiResponse } from "../../src/model/wire.ts";
import type { Cluster } from "./cluster.ts";
import type { Invariants } from "./invariants.ts";
import type { Batch, LinkObserver } from "./link.ts";

const objectPath = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/([^/]+)\/)?([^/]+)\/([^/]+)$/;
const collectionPath = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)$/;

const bookKey = (...[who, group, resource, namespace, name]: readonly string[]): string =>
  `${who} ${group}/${resource} ${namespace}/${name}`;

/** Who deletes by a name alone, since nothing else can come after: leases and the like are not judged. */
const judged = new Set(["pods", "controllerrevisions"]);

interface Deleted {
  readonly kind?: string;
  readonly metadata?: { readonly uid?: string };
  readonly details?: { readonly uid?: string };
}

export class Deletions implements Partial<LinkObserver> {
  /** By who was told and of what, all UIDs ever told: an answer of its own counts, too. */
  private readonly known = new Map<string, Set<string>>();
  private invariants: Invariants | undefined;

  judge(_cluster: Cluster, invariants: Invariants): void {
    this.invariants = invariants;
  }

  /** What it knew under that name when it sent the deletion. */
  sent(who: string, { method, path }: ApiRequest): ReadonlySet<string> | undefined {
    const [, group = "", namespace = "", resource = "", name = ""] = objectPath.exec(path) ?? [];
    if (method !== "DELETE" || !judged.has(resource)) return undefined;
    return new Set(this.known.get(bookKey(who, group, resource, namespace, name)));
  }

  executed(who: string, request: ApiRequest, response: ApiResponse, atSending: unknown): void {
    if (who === "user" || response.status >= 300) return;
    const body = response.body as Deleted;
    if (request.method !== "DELETE") {
      if (request.method !== "GET" && body.metadata?.uid !== undefined)
        this.keep(
          who,
          { group: groupOf(request.path), resource: resourceOf(request.path) },
          body as KubeObject,
        );
      return;
    }
    if (!(atSending instanceof Set)) return;
    const uid = body.metadata?.uid ?? body.details?.uid;
    if (uid === undefined || atSending.has(uid)) return;
    this.invariants?.broke(
      "V.3",
      `${who} deleted ${request.path}, and what went, ${uid}, is none that it had been told of`,
      [request.path.split("/").at(-1) ?? ""],
    );
  }

  listed(who: string, request: ApiRequest, response: ApiResponse): void {
    const [, group = "", resource = ""] = collectionPath.exec(request.path) ?? [];
    if (request.method !== "GET" || response.status >= 300) return;
    const body = response.body as { readonly items?: readonly KubeObject[] } & KubeObject;
    for (const item of body.items ?? []) this.keep(who, { group, resource }, item);
    const [, ofGroup = "", , one = ""] = objectPath.exec(request.path) ?? [];
    if (body.items === undefined && one !== "") this.keep(who, { group: ofGroup, resource: one }, body);
  }

  told(who: string, request: ApiRequest, batch: Batch): void {
    const [, group = "", resource = ""] = collectionPath.exec(request.path) ?? [];
    for (const event of batch)
      if (event.type === "ADDED" || event.type === "MODIFIED")
        this.keep(who, { group, resource }, event.object);
  }

  private keep(
    who: string,
    { group, resource }: { readonly group: string; readonly resource: string },
    { metadata }: KubeObject,
  ): void {
    if (!judged.has(resource)) return;
    const key = bookKey(who, group, resource, metadata.namespace ?? "", metadata.name);
    const uids = this.known.get(key) ?? new Set();
    this.known.set(key, uids.add(metadata.uid));
  }
}

const groupOf = (path: string): string => /^\/apis\/([^/]+)/.exec(path)?.[1] ?? "";
const resourceOf = (path: string): string => {
  const parts = path.split("/");
  return parts.findLast((part) => kinds.some((kind) => kind.resource === part)) ?? "";
};
