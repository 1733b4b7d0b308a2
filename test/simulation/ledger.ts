// Owns what the store holds and held: every committed change in order, read beside the API server, not through it.
import type { KubeObject } from "../../src/model/meta.ts";
import type { Change, Revision, Store } from "../../src/store/store.ts";

export interface LedgerChange {
  readonly revision: Revision;
  readonly key: string;
  /** Absent where the change deleted it. */
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
}

/** `/registry/pods/NAMESPACE/NAME` is of `pods`; daemonsets and the like have their own folder too. */
export const folderOf = (key: string): string => key.split("/")[2] ?? "";

const decoder = new TextDecoder();

export class Ledger {
  readonly objects = new Map<string, KubeObject>();
  readonly changes: LedgerChange[] = [];
  /** Bumped by each change: what is judged need not be judged again while it stands still. */
  version = 0;
  private readonly folders = new Map<string, Map<string, KubeObject>>();
  private readonly listeners: ((change: LedgerChange) => void)[] = [];

  constructor(store: Store) {
    void this.follow(store);
  }

  onChange(told: (change: LedgerChange) => void): void {
    this.listeners.push(told);
  }

  /** Those in a folder of the registry, such as `pods`, in the order of their making. */
  all<T extends KubeObject>(folder: string): T[] {
    // The folder names the kind: what lies in it is a T.
    return [...(this.folders.get(folder)?.values() ?? [])] as T[];
  }

  private async follow(store: Store): Promise<void> {
    for await (const changes of store.watch("", 0, new AbortController().signal))
      for (const change of changes) this.take(change);
  }

  private take(change: Change): void {
    const key = change.is === "put" ? change.entry.key : change.key;
    const revision = change.is === "put" ? change.entry.modified : change.revision;
    const previous = this.objects.get(key);
    const folder = this.folders.get(folderOf(key)) ?? new Map<string, KubeObject>();
    this.folders.set(folderOf(key), folder);
    let object: KubeObject | undefined;
    if (change.is === "put") {
      const parsed = JSON.parse(decoder.decode(change.entry.value)) as KubeObject;
      object = { ...parsed, metadata: { ...parsed.metadata, resourceVersion: String(revision) } };
      this.objects.set(key, object);
      folder.set(key, object);
    } else {
      this.objects.delete(key);
      folder.delete(key);
    }
    const entered = { revision, key, object, previous };
    this.changes.push(entered);
    this.version += 1;
    for (const told of this.listeners) told(entered);
  }
}
