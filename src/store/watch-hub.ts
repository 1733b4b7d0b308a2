// Owns who watches what: each watcher is a place in the history and a way to wake it, so a slow one costs nothing.
import type { Key, Revision } from "./store.ts";
import type { Version } from "./version-index.ts";

export interface Watcher {
  readonly prefix: Key;
  /** All up to this revision is delivered, or does not concern it. */
  position: Revision;
  wake: (() => void) | undefined;
}

export class WatchHub {
  private readonly watchers = new Set<Watcher>();

  join(prefix: Key, position: Revision): Watcher {
    const watcher: Watcher = { prefix, position, wake: undefined };
    this.watchers.add(watcher);
    return watcher;
  }

  leave(watcher: Watcher): void {
    this.watchers.delete(watcher);
  }

  /** Tells of what became durable between the two revisions. */
  publish(made: readonly Version[], before: Revision, now: Revision): void {
    for (const watcher of this.watchers) {
      // One that waits for a later revision has nothing to do with these.
      if (watcher.position >= now) continue;
      if (
        made.some((version) => version.modified > watcher.position && version.key.startsWith(watcher.prefix))
      )
        watcher.wake?.();
      // A watcher of a quiet prefix moves along, so that compaction never overtakes one that missed nothing.
      else if (watcher.position >= before) watcher.position = now;
    }
  }

  wakeAll(): void {
    for (const watcher of this.watchers) watcher.wake?.();
  }

  /** Resolves when there may be news for the watcher, or the signal aborts. */
  news(watcher: Watcher, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        watcher.wake = undefined;
        signal.removeEventListener("abort", wake);
        resolve();
      };
      watcher.wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
