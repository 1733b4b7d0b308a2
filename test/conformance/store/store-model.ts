// Owns the simplest thing that behaves as a store should: a list of commits, replayed for every question.
import { compareKeys } from "../../../src/store/key-order.ts";
import { entryOf } from "../../../src/store/version-index.ts";
import type { Change, Entry, Guard, Key, Revision, Write } from "../../../src/store/store.ts";

interface Commit {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/** Begins where the store under test stands, since a shared one is not at revision 0. */
export class StoreModel {
  revision: Revision;
  oldest: Revision;
  private readonly commits: Commit[] = [];

  constructor(start: Revision) {
    this.revision = start;
    this.oldest = start;
  }

  entries(at: Revision = this.revision): Map<Key, Entry> {
    const found = new Map<Key, Entry>();
    for (const { revision, changes } of this.commits)
      if (revision <= at)
        for (const change of changes)
          if (change.is === "put") found.set(change.entry.key, change.entry);
          else found.delete(change.key);
    return found;
  }

  list(prefix: Key, at: Revision): Entry[] {
    return [...this.entries(at).values()]
      .filter((entry) => entry.key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  firstBroken(guards: readonly Guard[]): Guard | undefined {
    const now = this.entries();
    return guards.find((guard) =>
      guard.is === "absent" ? now.has(guard.key) : now.get(guard.key)?.modified !== guard.modified,
    );
  }

  apply(writes: readonly Write[]): void {
    const now = this.entries();
    const revision = this.revision + 1;
    const changes = writes.flatMap((write): Change[] => {
      const previous = now.get(write.key);
      const before = previous === undefined ? {} : { previous };
      if (write.do === "delete")
        return previous === undefined ? [] : [{ is: "deleted", key: write.key, revision, ...before }];
      const facts = { created: previous?.created ?? revision, modified: revision, lease: write.lease };
      return [{ is: "put", entry: entryOf(write.key, write.value, facts), ...before }];
    });
    if (changes.length === 0) return;
    this.revision = revision;
    this.commits.push({ revision, changes });
  }

  changes(prefix: Key, after: Revision): Change[] {
    return this.commits
      .filter(({ revision }) => revision > after)
      .flatMap(({ changes }) => changes.filter((change) => keyOf(change).startsWith(prefix)));
  }
}

export const keyOf = (change: Change): Key => (change.is === "put" ? change.entry.key : change.key);
export const revisionOf = (change: Change): Revision =>
  change.is === "put" ? change.entry.modified : change.revision;
