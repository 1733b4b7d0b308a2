// Owns the store on three real etcd members that are killed, frozen and cut off in the middle of writes (V.1, V.2).
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEtcdStore } from "../../../src/store/etcd/etcd-store.ts";
import { StoreUnavailableError, type Store } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { EtcdMember, etcdOrSkip } from "../../conformance/store/etcd-server.ts";
import { watching } from "../../conformance/store/watching.ts";
import { freePort, freePorts } from "../../ports.ts";
import { Link } from "./link.ts";

/** Clients that write without end, and what each write came to. */
class Writers {
  readonly done = new Map<string, number>();
  readonly notDone = new Set<string>();
  readonly unknown = new Set<string>();
  private readonly store: Store;
  private readonly running: Promise<void>[];
  private isOver = false;
  private heard: (() => void)[] = [];

  constructor(store: Store, count: number) {
    this.store = store;
    this.running = Array.from({ length: count }, (_, writer) => this.write(writer));
  }

  get failures(): number {
    return this.notDone.size + this.unknown.size;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.heard.push(resolve));
  }

  /** So many more writes are acknowledged. */
  async more(count: number): Promise<void> {
    const goal = this.done.size + count;
    await this.until(() => this.done.size >= goal);
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
  }

  private async write(writer: number): Promise<void> {
    for (let round = 0; !this.isOver; round++) {
      const key = `/crash/${writer}/${round}`;
      try {
        const value = Buffer.from(key);
        const answer = await this.store.commit([{ key, is: "absent" }], [{ do: "put", key, value }]);
        if (answer.is === "conflict") throw new Error(`${key} was written twice`);
        this.done.set(key, answer.revision);
      } catch (thrown) {
        if (!(thrown instanceof StoreUnavailableError)) throw thrown;
        (thrown.outcome === "unknown" ? this.unknown : this.notDone).add(key);
      }
      for (const wake of this.heard.splice(0)) wake();
    }
  }
}

async function startCluster(): Promise<EtcdMember[]> {
  const names = ["one", "two", "three"];
  const ports = await freePorts(names.length);
  const cluster = names.map((name, at) => `${name}=http://127.0.0.1:${ports[at]}`).join(",");
  const members: EtcdMember[] = [];
  for (const [at, name] of names.entries()) {
    const options = { name, clientPort: await freePort(), peerPort: ports[at] ?? 0, cluster };
    members.push(new EtcdMember(options));
  }
  await Promise.all(members.map((member) => member.start()));
  return members;
}

async function leaderOf(members: readonly EtcdMember[]): Promise<EtcdMember> {
  for (;;)
    for (const member of members) {
      const answer = await fetch(`${member.endpoint}/metrics`).catch(() => undefined);
      if (answer !== undefined && /^etcd_server_is_leader 1$/m.test(await answer.text())) return member;
    }
}

describe.skipIf(!etcdOrSkip())("the store on three etcd members", () => {
  let members: EtcdMember[] = [];
  let links: Link[] = [];
  let store: Store;
  beforeAll(async () => {
    members = await startCluster();
    links = await Promise.all(members.map(({ options }) => Link.to(options.clientPort)));
    store = await openEtcdStore({
      endpoints: links.map(({ port }) => `http://127.0.0.1:${port}`),
      clock: realClock,
      random: realRandom,
      log: silentLog,
    });
  });
  afterAll(async () => {
    await store?.close();
    await Promise.all(links.map((link) => link.close()));
    await Promise.all(members.map((member) => member.dispose()));
  });

  it("loses no acknowledged write, and tells every change once, whatever happens to the members", async () => {
    const start = await store.latest();
    const seen = watching(store, "/crash/", start);
    const writers = new Writers(store, 8);
    await writers.more(200);

    const killed = await leaderOf(members);
    await killed.kill();
    await writers.more(200);
    await killed.start();
    await writers.more(50);

    for (const link of links) {
      link.cut();
      await writers.more(100);
      link.mend();
      await writers.more(20);
    }

    const frozen = await leaderOf(members);
    frozen.signal("SIGSTOP");
    await writers.more(100);
    frozen.signal("SIGCONT");
    await writers.more(20);

    // The leader is alone and answers, but has no majority.
    const leader = await leaderOf(members);
    const followers = members.filter((member) => member !== leader);
    const before = writers.failures;
    for (const follower of followers) follower.signal("SIGSTOP");
    await writers.until(() => writers.failures > before);
    for (const follower of followers) follower.signal("SIGCONT");
    await writers.more(100);
    await writers.end();

    const page = await store.list("/crash/");
    if (page.is !== "page") throw new Error("compacted");
    const stored = new Map(page.entries.map(({ key, created }) => [key, created]));
    for (const [key, revision] of writers.done) expect([key, stored.get(key)]).toEqual([key, revision]);
    for (const key of writers.notDone) expect([key, stored.has(key)]).toEqual([key, false]);
    for (const key of stored.keys()) expect(writers.done.has(key) || writers.unknown.has(key)).toBe(true);

    const changes = await seen.until(page.entries.length);
    const told = changes.map((change) => (change.is === "put" ? change.entry.key : `deleted ${change.key}`));
    const inOrder = page.entries.toSorted((a, b) => a.created - b.created).map(({ key }) => key);
    expect(told).toEqual(inOrder);
    expect(await seen.stop()).toBe("ended");
  });
});
