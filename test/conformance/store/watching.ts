// Owns a consumer of a watch that remembers all it was told and lets a test wait for it.
import type { Change, Key, Revision, Store } from "../../../src/store/store.ts";

export interface Watching {
  readonly arrays: (readonly Change[])[];
  changes(): Change[];
  /** Resolves when at least so many changes came. Rejects when the watch ends first. */
  until(count: number): Promise<Change[]>;
  /** Why the watch ended. */
  readonly end: Promise<"ended" | Error>;
  stop(): Promise<"ended" | Error>;
}

export function watching(store: Store, prefix: Key, after: Revision): Watching {
  const arrays: (readonly Change[])[] = [];
  const abort = new AbortController();
  let heard = (): void => undefined;
  let ended: "ended" | Error | undefined;
  const consume = async (): Promise<"ended" | Error> => {
    try {
      for await (const array of store.watch(prefix, after, abort.signal)) {
        arrays.push(array);
        heard();
      }
      ended = "ended";
    } catch (thrown) {
      ended = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    heard();
    return ended;
  };
  const end = consume();
  const changes = (): Change[] => arrays.flat();
  return {
    arrays,
    changes,
    async until(count) {
      while (changes().length < count) {
        if (ended !== undefined)
          throw new Error(`the watch ended (${String(ended)}) before ${count} changes`);
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
      return changes();
    },
    end,
    stop() {
      abort.abort();
      return end;
    },
  };
}
