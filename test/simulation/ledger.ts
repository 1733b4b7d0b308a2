// Owns what the disk holds and held: every durable change in order, read beside the API server, not through it.
import type { KubeObject } from "../../src/model/meta.ts";
import type { Revision } from "../../src/store/store.ts";
import type { Disk, DurableWrite } from "./disk.ts";

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
  /** Bumped by each change: what is judged need not be judged again while it stands still. */
  version = 0;
  private readonly folders = new Map<string, Map<string, KubeObject>>();
  private readonly histories = new Map<string, LedgerChange[]>();
  private readonly listeners: ((change: LedgerChange) => void)[] = [];

  constructor(disk: Disk) {
    disk.onDurable((write) => this.take(write));
  }

  onChange(told: (change: LedgerChange) => void): void {
    this.listeners.push(told);
  }

  /** Those in a folder of the registry, such as `pods`, in the order of their making. */
  all<T extends KubeObject>(folder: string): T[] {
    // The folder names the kind: what lies in it is a T.
    return [...(this.folders.get(folder)?.values() ?? [])] as T[];
  }

  /** Every change in a folder, by revision. */
  history(folder: string): readonly LedgerChange[] {
    return this.histories.get(folder) ?? [];
  }

  private take({ key, revision, value }: DurableWrite): void {
    const previous = this.objects.get(key);
    const folder = this.folders.get(folderOf(key)) ?? new Map<string, KubeObject>();
    this.folders.set(folderOf(key), folder);
    let object: KubeObject | undefined;
    if (value === undefined) {
      this.objects.delete(key);
      folder.delete(key);
    } else {
      const parsed = JSON.parse(decoder.decode(value)) as KubeObject;
      object = { ...parsed, metadata: { ...parsed.metadata, resourceVersion: String(revision) } };
      this.objects.set(key, object);
      folder.set(key, object);
    }
    const entered = { revision, key, object, previous };
    const history = this.histories.get(folderOf(key));
    if (history === undefined) this.histories.set(folderOf(key), [entered]);
    else history.push(entered);
    this.version += 1;
    for (const told of this.listeners) told(entered);
  }
}
