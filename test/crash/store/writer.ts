// Owns the process that the crash tests kill: it writes with many clients and says on stdout what was acknowledged.
import { writeSync } from "node:fs";
import { openEmbeddedStore } from "../../../src/store/embedded/embedded-store.ts";
import { NoSpaceError, type Store, type Write } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realClock } from "../../../src/world/real-clock.ts";

// Synchronous: what is said has left the process, whatever befalls it next.
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(" ")}\n`);

const keptPerClient = 3;
const [folder = "", clients = "0", manner = "plain"] = process.argv.slice(2);

/** Patiently: again for as long as the disk is full. */
async function committed(store: Store, writes: readonly Write[]): ReturnType<Store["commit"]> {
  for (;;) {
    try {
      return await store.commit([], writes);
    } catch (thrown) {
      if (manner !== "patient" || !(thrown instanceof NoSpaceError)) throw thrown;
      say("full");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Writes two keys as one commit again and again, and deletes what is older than the last few. */
async function client(store: Store, name: string, begin: number): Promise<never> {
  for (let count = begin; ; count++) {
    const value = Buffer.from(`${name} ${count} ${"x".repeat((count * 37) % 3000)}`);
    const writes: Write[] = [
      { do: "put", key: `/pair/${name}/left`, value },
      { do: "put", key: `/pair/${name}/right`, value },
      { do: "put", key: `/kept/${name}/${count}`, value },
      { do: "delete", key: `/kept/${name}/${count - keptPerClient}` },
    ];
    const answer = await committed(store, writes);
    if (answer.is !== "committed") throw new Error("a conflict without a guard");
    say("ack", name, count, answer.revision);
  }
}

async function compactNowAndThen(store: Store): Promise<never> {
  for (let last = store.revision(); ;) {
    for await (const changes of store.watch("/pair/0/left", last, new AbortController().signal)) {
      if (changes.length === 0 || store.revision() < last + 150) continue;
      last = store.revision();
      await store.compact(last - 50);
      say("compacted", last - 50);
      break;
    }
  }
}

const opened = await openEmbeddedStore({ folder, clock: realClock, log: silentLog });
if (opened.is !== "open") {
  say(opened.is, opened.is === "locked" ? opened.by.pid : 0);
  process.exit(3);
}
const { store } = opened;
say("open", store.revision());
const begin = store.revision() + 1;
const work = Array.from({ length: Number(clients) }, (_, name) => client(store, String(name), begin));
if (manner === "compacting") work.push(compactNowAndThen(store));
if (work.length > 0) await Promise.all(work);
// Without clients it only holds the store until it is killed.
else setInterval(() => undefined, 60_000);
