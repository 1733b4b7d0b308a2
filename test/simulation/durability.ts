// Owns statement V.1 as a judge sees it: acknowledged is durable, a restart finds all of it, and a read shows what was acknowledged before.
import type { ApiRequest, ApiResponse } from "../../src/model/wire.ts";
import type { Store } from "../../src/store/store.ts";
import type { Cluster } from "./cluster.ts";
import type { Invariants } from "./invariants.ts";
import type { LinkObserver } from "./link.ts";

interface Body {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
  readonly items?: unknown;
}

const isDryRun = ({ query, body }: ApiRequest): boolean =>
  query?.["dryRun"] !== undefined || (body as { dryRun?: unknown } | undefined)?.dryRun !== undefined;

export class Durability implements Partial<LinkObserver> {
  private cluster: Cluster | undefined;
  private invariants: Invariants | undefined;

  judge(cluster: Cluster, invariants: Invariants): void {
    this.cluster = cluster;
    this.invariants = invariants;
  }

  /** The newest revision that anyone may have heard of. */
  sent(): number {
    return this.cluster?.disk.durable ?? 0;
  }

  executed(who: string, request: ApiRequest, response: ApiResponse, durableBefore: unknown): void {
    if (response.status >= 300 || isDryRun(request)) return;
    const { metadata, items } = response.body as Body;
    const revision = Number(metadata?.resourceVersion ?? "");
    if (metadata?.resourceVersion === undefined || !Number.isFinite(revision)) return;
    if (request.method !== "GET") return this.acknowledged(who, request, revision);
    if (items === undefined || request.query?.["resourceVersion"] !== undefined) return;
    // A page further on shows what the first one began with.
    if (request.query?.["continue"] !== undefined || revision >= Number(durableBefore)) return;
    this.invariants?.broke(
      "V.1",
      `${who} was answered a list of ${request.path} as of revision ${revision}, older than what was acknowledged before it asked, ${Number(durableBefore)}`,
      [request.path],
    );
  }

  private acknowledged(who: string, request: ApiRequest, revision: number): void {
    const durable = this.cluster?.disk.durable ?? 0;
    if (revision <= durable) return;
    this.invariants?.broke(
      "V.1",
      `${request.method} ${request.path} of ${who} was acknowledged at revision ${revision}, and only ${durable} is durable`,
      [request.path],
    );
  }

  /** A store that was opened after a crash holds what was durable, and nothing besides. */
  async recovered(store: Store): Promise<void> {
    const found = await store.list("");
    if (found.is !== "page" || this.cluster === undefined) return;
    const { objects } = this.cluster.ledger;
    const held = new Map(found.entries.map(({ key, modified }) => [key, String(modified)]));
    for (const [key, { metadata }] of objects)
      if (held.get(key) !== metadata.resourceVersion)
        this.invariants?.broke(
          "V.1",
          `after a restart the store has ${key} at ${held.get(key) ?? "no revision"}, where ${metadata.resourceVersion} was durable`,
          [metadata.name],
        );
    for (const key of held.keys())
      if (!objects.has(key))
        this.invariants?.broke("V.1", `after a restart the store has ${key}, which was deleted`, [key]);
  }
}
