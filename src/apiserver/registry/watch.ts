// Owns the opening of a watch: where it begins, what it tells first, when it ends.
import { minutes, seconds } from "../../lib/units.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Revision } from "../../store/store.ts";
import { bookmarkEmission, errorEmission, objectEmission, type Emission } from "../cache/emission.ts";
import type { KindCache } from "../cache/kind-cache.ts";
import type { Selection } from "../cache/selection.ts";
import { Watcher } from "../cache/watcher.ts";
import type { WatchOptions } from "../pipeline-options.ts";
import { expired, type Refusal } from "../status.ts";
import { groupVersion } from "./decode.ts";
import { settle } from "./read.ts";
import type { Registry } from "./registry.ts";

export interface WatchAsked {
  readonly kind: Descriptor;
  readonly selection: Selection;
  readonly options: WatchOptions;
}

const initialEventsEnd = { "k8s.io/initial-events-end": "true" };

export async function openWatch(
  registry: Registry,
  asked: WatchAsked,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Emission[]> | Refusal> {
  const { begin } = asked.options;
  const stale = begin.is === "after" ? undefined : await settle(registry, begin);
  if (stale !== undefined) return stale;
  // From here on nothing waits: what is told first and what is told later meet at one revision.
  const cache = registry.feed.cacheOf(asked.kind);
  if (begin.is === "after" && begin.revision < cache.floor) {
    // As upstream: the watch is opened, and its one event is the error.
    const gone = expired(`too old resource version: ${begin.revision} (${cache.floor})`);
    return only(errorEmission(gone.status));
  }
  const watcher = watcherOf(registry, cache, asked);
  watcher.onEnd(cache.watch(asked.selection.interest, watcher));
  scheduleEnd(registry, watcher, asked.options);
  const stop = () => watcher.end();
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  watcher.onEnd(() => signal.removeEventListener("abort", stop));
  return watcher.batches();
}

async function* only(emission: Emission): AsyncGenerator<readonly Emission[]> {
  yield [emission];
}

function watcherOf({ feed, limits }: Registry, cache: KindCache, asked: WatchAsked): Watcher {
  const { selection, options } = asked;
  const names = { apiVersion: groupVersion(asked.kind), kind: asked.kind.kind };
  const initial = firstTold(cache, asked, () => bookmarkEmission(names, feed.revision, initialEventsEnd));
  return new Watcher({
    matches: selection.matches,
    // A client may know a version that has not yet come to the caches: what leads up to it is not told again.
    after: options.begin.is === "after" ? Math.max(options.begin.revision, feed.revision) : feed.revision,
    initial: initial[Symbol.iterator](),
    bookmark: options.bookmarks ? () => bookmarkEmission(names, feed.revision) : undefined,
    backlogMax: limits.backlogMax,
    pace: feed.pace,
  });
}

function firstTold(
  cache: KindCache,
  { selection, options }: WatchAsked,
  mark: () => Emission,
): Iterable<Emission> {
  if (options.begin.is === "after") return resumed(cache, selection, options.begin.revision);
  if (options.initial === "skip") return [];
  // Taken now: the cache moves on while the client reads.
  const present = [...cache.select(selection)];
  const last = options.initial === "tell-and-mark" && options.bookmarks ? [mark()] : [];
  return (function* () {
    for (const held of present) yield objectEmission("ADDED", held);
    yield* last;
  })();
}

function resumed(cache: KindCache, selection: Selection, after: Revision): Emission[] {
  return cache
    .changesAfter(after)
    .map((change) => change.emissionFor(selection.matches))
    .filter((emission) => emission !== undefined);
}

function scheduleEnd({ clock, deadlines, random }: Registry, watcher: Watcher, options: WatchOptions): void {
  // Spread, so that the watches opened together at a start do not all end together.
  const timeout = options.timeout ?? minutes(30) + seconds(random.int(1800));
  const now = clock.now();
  watcher.schedule(deadlines, now, now + timeout);
}
