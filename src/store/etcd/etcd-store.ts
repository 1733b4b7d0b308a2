// Owns the store that lies in etcd: several API servers may stand on the same one.
import type { Millis } from "../../lib/units.ts";
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { Random } from "../../world/random.ts";
import { checkWrites } from "../check-writes.ts";
import {
  type Change,
  type Committed,
  type Compacted,
  CompactedError,
  type Conflict,
  type Entry,
  type Guard,
  type Key,
  type LeaseId,
  NoSpaceError,
  type Page,
  type PageRequest,
  type Revision,
  type Store,
  type WatchShows,
  type Write,
} from "../store.ts";
import { EtcdConnection, type EtcdAccess } from "./etcd-connection.ts";
import { faultOf, isServiceError } from "./etcd-fault.ts";
import { entryOf, keyBytes, rangeOf } from "./etcd-forms.ts";
import { oldestOf, watchEtcd } from "./etcd-watch.ts";
import { LatestRevision } from "./latest-revision.ts";
import type { Compare, RequestOp, TxnResponse } from "./protocol.ts";

export interface EtcdStoreOptions extends EtcdAccess {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Rejects with `StoreUnavailableError` where no member answers. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options);
  try {
    await store.begin();
    return store;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

/** How etcd is asked for the newest state, and the first state that it has. */
const newestState: Revision = 0;
const firstState: Revision = 1;

class EtcdStore implements Store {
  private readonly connection: EtcdConnection;
  private readonly random: Random;
  private readonly log: Log;
  private readonly closing = new AbortController();
  private readonly newest: LatestRevision;
  private shown: Revision = 0;
  /** As far as this process knows: another one may have forgotten more. */
  private oldest: Revision = 0;

  constructor({ clock, random, log, ...access }: EtcdStoreOptions) {
    this.connection = new EtcdConnection(access, clock);
    this.random = random;
    this.log = log;
    this.newest = new LatestRevision(() => this.askRevision());
  }

  async begin(): Promise<void> {
    // etcd begins at 1, and where nothing was ever written nothing can be compacted.
    if ((await this.newest.get()) > 1) this.oldest = await oldestOf(this.connection);
  }

  revision(): Revision {
    return this.shown;
  }

  async latest(): Promise<Revision> {
    this.refuseIfClosed("read");
    return this.newest.get();
  }

  async get(key: Key, at?: Revision): Promise<Entry | "absent" | Compacted> {
    this.refuseIfClosed("read");
    const request = { key: keyBytes(key), revision: at ?? newestState };
    const found = await this.atRevision(at, () => this.connection.repeat("KV.Range", request));
    if ("is" in found) return found;
    this.saw(found.header.revision);
    const [entry] = found.kvs;
    return entry === undefined ? "absent" : entryOf(entry);
  }

  async list(prefix: Key, page: PageRequest = {}): Promise<Page | Compacted> {
    this.refuseIfClosed("list");
    const { at, limit = 0, after } = page;
    const request = { ...rangeOf(prefix, after), limit, revision: at ?? newestState };
    const found = await this.atRevision(at, () => this.connection.repeat("KV.Range", request));
    if ("is" in found) return found;
    this.saw(found.header.revision);
    return {
      is: "page",
      entries: found.kvs.map(entryOf),
      revision: at ?? found.header.revision,
      more: found.more,
      remaining: found.count - found.kvs.length,
    };
  }

  async commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Committed | Conflict> {
    this.refuseIfClosed("write");
    checkWrites(writes);
    const done = await this.transact(guards, writes);
    this.saw(done.header.revision);
    if (done.succeeded) return { is: "committed", revision: done.header.revision };
    for (const [at, guard] of guards.entries()) {
      const standing = done.responses[at]?.responseRange?.kvs[0];
      const holds = guard.is === "absent" ? standing === undefined : standing?.modRevision === guard.modified;
      if (!holds)
        return {
          is: "conflict",
          key: guard.key,
          actual: standing === undefined ? "absent" : entryOf(standing),
        };
    }
    throw new Error("etcd refused a transaction of which every condition holds");
  }

  async *watch(
    prefix: Key,
    after: Revision,
    signal: AbortSignal,
    shows: WatchShows = "with-previous",
  ): AsyncGenerator<readonly Change[], void> {
    if (signal.aborted || this.closing.signal.aborted) return;
    if (after + 1 < this.oldest) throw new CompactedError(this.oldest);
    const parts = {
      connection: this.connection,
      log: this.log,
      signal: AbortSignal.any([signal, this.closing.signal]),
      saw: (revision: Revision) => this.saw(revision),
      shows,
    };
    yield* watchEtcd(parts, prefix, after);
  }

  async compact(before: Revision): Promise<void> {
    this.refuseIfClosed("compact");
    if (before > this.shown && before > (await this.newest.get()))
      throw new RangeError(`cannot compact before revision ${before}: the newest is ${this.shown}`);
    if (before <= Math.max(1, this.oldest)) return;
    try {
      // What is deleted at the very revision that etcd is told to compact, it forgets to tell watches from there on.
      await this.connection.repeat("KV.Compact", { revision: before - 1 });
    } catch (thrown) {
      // Another API server, or an earlier call, was here before.
      if (!isServiceError(thrown) || faultOf(thrown).is !== "compacted") throw thrown;
    }
    this.oldest = Math.max(this.oldest, before);
  }

  async grant(timeToLive: Millis): Promise<LeaseId> {
    this.refuseIfClosed("grant a lease in");
    if (!(timeToLive > 0))
      throw new RangeError(`cannot grant a lease of ${timeToLive} ms: it must be positive`);
    for (;;) {
      // etcd would choose from 63 bits, which a number does not hold.
      const ID = Buffer.from(this.random.bytes(6)).readUIntBE(0, 6) || 1;
      try {
        await this.connection.repeat("Lease.LeaseGrant", { TTL: Math.ceil(timeToLive / 1000), ID });
        return ID;
      } catch (thrown) {
        if (!isServiceError(thrown) || faultOf(thrown).is !== "lease-taken") throw thrown;
      }
    }
  }

  async keepAlive(lease: LeaseId): Promise<"alive" | "absent"> {
    this.refuseIfClosed("keep a lease alive in");
    const stream = this.connection.stream("Lease.LeaseKeepAlive");
    try {
      stream.write({ ID: lease });
      for await (const { TTL } of stream as AsyncIterable<{ readonly TTL: number }>)
        return TTL > 0 ? "alive" : "absent";
      throw new Error(`cannot keep lease ${lease} alive: etcd gave no answer`);
    } finally {
      stream.on("error", () => undefined);
      stream.cancel();
    }
  }

  async revoke(lease: LeaseId): Promise<void> {
    this.refuseIfClosed("revoke a lease in");
    try {
      await this.connection.repeat("Lease.LeaseRevoke", { ID: lease });
    } catch (thrown) {
      if (!isServiceError(thrown) || faultOf(thrown).is !== "no-lease") throw thrown;
    }
  }

  close(): Promise<void> {
    this.closing.abort();
    this.connection.close();
    return Promise.resolve();
  }

  private async transact(guards: readonly Guard[], writes: readonly Write[]): Promise<TxnResponse> {
    try {
      return await this.connection.once("KV.Txn", {
        compare: guards.map(comparisonOf),
        success: writes.map(operationOf),
        failure: guards.map(({ key }) => ({ requestRange: { key: keyBytes(key) } })),
      });
    } catch (thrown) {
      const fault = isServiceError(thrown) ? faultOf(thrown) : undefined;
      if (fault?.is === "full")
        throw new NoSpaceError(
          "cannot write to the store: etcd's database has used up its quota; compact and defragment it, then disarm its NOSPACE alarm with etcdctl",
        );
      if (fault?.is !== "no-lease") throw thrown;
      const keys = writes.filter((write) => write.do === "put" && write.lease !== undefined);
      throw new Error(
        `cannot write key ${keys.map(({ key }) => key).join(", ")}: its lease is absent; grant a new one`,
        { cause: thrown },
      );
    }
  }

  /** A linearizable read of nothing: a majority of the members agrees on the revision. */
  private async askRevision(): Promise<Revision> {
    const { header } = await this.connection.repeat("KV.Range", { key: keyBytes("/"), countOnly: true });
    this.saw(header.revision);
    return header.revision;
  }

  private async atRevision<T>(at: Revision | undefined, ask: () => Promise<T>): Promise<T | Compacted> {
    // Before the first revision there was nothing to keep, and etcd has no number to ask for it by.
    const isForgotten = at !== undefined && at < Math.max(this.oldest, firstState);
    if (isForgotten) return { is: "compacted", oldest: Math.max(this.oldest, firstState) };
    try {
      return await ask();
    } catch (thrown) {
      const fault = isServiceError(thrown) ? faultOf(thrown) : undefined;
      if (fault?.is === "future")
        throw new RangeError(`cannot read at revision ${at}: the newest is ${this.shown}`, { cause: thrown });
      if (fault?.is !== "compacted") throw thrown;
      this.oldest = Math.max(this.oldest, await oldestOf(this.connection));
      return { is: "compacted", oldest: this.oldest };
    }
  }

  private saw(revision: Revision): void {
    if (revision > this.shown) this.shown = revision;
  }

  private refuseIfClosed(verb: string): void {
    if (this.closing.signal.aborted) throw new Error(`cannot ${verb} the store: it is closed`);
  }
}

function comparisonOf(guard: Guard): Compare {
  const key = keyBytes(guard.key);
  return guard.is === "absent"
    ? { result: "EQUAL", key, target: "CREATE", createRevision: 0 }
    : { result: "EQUAL", key, target: "MOD", modRevision: guard.modified };
}

function operationOf(write: Write): RequestOp {
  const key = keyBytes(write.key);
  if (write.do === "delete") return { requestDeleteRange: { key } };
  const { value, lease } = write;
  return { requestPut: { key, value, ...(lease === undefined ? {} : { lease }) } };
}
