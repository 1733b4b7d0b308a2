// Owns statement V.2 at the server's end of each watch: every change that it asks for, once, in order, and none left out.
import { kinds } from "../../src/model/kinds/kinds.ts";
import type { KubeObject } from "../../src/model/meta.ts";
import type { Pod } from "../../src/model/generated/types.ts";
import type { ApiRequest } from "../../src/model/wire.ts";
import type { Cluster } from "./cluster.ts";
import type { Invariants } from "./invariants.ts";
import type { LedgerChange } from "./ledger.ts";
import type { Batch, LinkObserver } from "./link.ts";

interface Followed {
  last: number;
  readonly folder: string | undefined;
  readonly matches: (object: KubeObject) => boolean;
}

const watchPath = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/([^/]+)\/)?([^/]+)$/;

/** The folder stays unknown where the judge can't tell what is selected. */
function followedBy({ path, query = {} }: ApiRequest): Followed {
  const [, group = "", namespace, resource] = watchPath.exec(path) ?? [];
  const kind = kinds.find((one) => one.group === group && one.resource === resource);
  const [field, value] = (query["fieldSelector"] ?? "").split("=");
  const isKnown =
    (query["labelSelector"] ?? "") === "" && ["", "spec.nodeName", "metadata.name"].includes(field ?? "");
  return {
    last: Number(query["resourceVersion"] ?? 0),
    folder: isKnown && Number(query["resourceVersion"] ?? 0) > 0 ? kind?.storeFolder : undefined,
    matches: (object) => {
      if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
      if (field === "metadata.name") return object.metadata.name === value;
      // Only pods are selected by their node.
      return field !== "spec.nodeName" || (object as Pod).spec?.nodeName === value;
    },
  };
}

export class WatchOrder implements Partial<LinkObserver> {
  private readonly watches = new WeakMap<object, Followed>();
  private cluster: Cluster | undefined;
  private invariants: Invariants | undefined;

  judge(cluster: Cluster, invariants: Invariants): void {
    this.cluster = cluster;
    this.invariants = invariants;
  }

  emitted(watch: object, request: ApiRequest, batch: Batch): void {
    const followed = this.watches.get(watch) ?? followedBy(request);
    this.watches.set(watch, followed);
    for (const event of batch) {
      if (event.type === "ERROR") continue;
      const version = Number(event.object.metadata.resourceVersion);
      const isMark = event.type === "BOOKMARK";
      const name = event.object.metadata.name ?? "";
      if (isMark ? version < followed.last : version <= followed.last)
        this.broke(`a watch of ${request.path} told of ${version} after ${followed.last}`, name);
      const skipped = this.between(followed, isMark ? version + 1 : version);
      if (skipped !== undefined)
        this.broke(
          `a watch of ${request.path} told of ${version} after ${followed.last}, and not of ${skipped.revision}`,
          skipped.key,
        );
      followed.last = Math.max(followed.last, version);
    }
  }

  /** A change that should have been told of, after what was told last and before the revision. */
  private between({ last, folder, matches }: Followed, before: number): LedgerChange | undefined {
    const history = folder === undefined ? [] : (this.cluster?.ledger.history(folder) ?? []);
    for (let at = history.length - 1; at >= 0; at--) {
      const change = history[at];
      if (change === undefined || change.revision <= last) return undefined;
      if (change.revision >= before) continue;
      if ([change.object, change.previous].some((object) => object !== undefined && matches(object)))
        return change;
    }
    return undefined;
  }

  private broke(words: string, about: string): void {
    this.invariants?.broke("V.2", words, [about]);
  }
}
