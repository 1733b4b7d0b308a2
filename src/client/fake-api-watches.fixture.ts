// Owns the fake API server's watches: history, resumption, selectors that objects enter and leave, and cuts.
import type { Status } from "../model/generated/types.ts";
import type { KubeObject } from "../model/meta.ts";
import type { ApiRequest, ApiResponse, WatchEvent } from "../model/wire.ts";
import { matches, refusal, type Route } from "./fake-api-rules.fixture.ts";

interface Told {
  readonly collection: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

interface Opening {
  readonly request: ApiRequest;
  readonly route: Route | undefined;
  readonly signal: AbortSignal;
  readonly instead: ApiResponse | "drop" | undefined;
  readonly present: readonly KubeObject[];
  readonly revision: number;
}

export interface FakeWatches {
  open(opening: Opening): AsyncIterable<readonly WatchEvent[]>;
  tell(told: Told): void;
  cut(how: "end" | "fail"): void;
  bookmark(revision: number): void;
  compact(revision: number): void;
}

class Watcher {
  ready: WatchEvent[] = [];
  over: "end" | "fail" | undefined;
  wake: () => void = () => undefined;
  readonly route: Route;
  readonly request: ApiRequest;

  constructor(route: Route, request: ApiRequest) {
    this.route = route;
    this.request = request;
  }

  offer({ collection, type, object, previous }: Told): void {
    const { kind, namespace } = this.route;
    if (collection !== `${kind.group}/${kind.resource}`) return;
    const sees = (seen: KubeObject | undefined) =>
      seen !== undefined && matches(seen, namespace, this.request.query);
    const [was, is] = [sees(previous), type !== "DELETED" && sees(object)];
    if (!was && !is) return;
    this.ready.push({ type: is ? (was ? "MODIFIED" : "ADDED") : "DELETED", object });
    this.wake();
  }
}

export const createFakeWatches = (): FakeWatches => new Watches();

class Watches implements FakeWatches {
  private readonly watchers = new Set<Watcher>();
  private history: Told[] = [];
  private compacted = 0;

  open({
    request,
    route,
    signal,
    instead,
    present,
    revision,
  }: Opening): AsyncIterable<readonly WatchEvent[]> {
    if (instead === "drop") return failing();
    if (instead !== undefined) return refusing(instead.body as Status);
    if (route === undefined) return refusing(refusal(404, "NotFound", request.path).body as Status);
    if (request.query?.["watch"] !== "true")
      return refusing(refusal(400, "BadRequest", "the query does not ask for a watch").body as Status);
    const from = Number(request.query?.["resourceVersion"] ?? 0);
    if (from !== 0 && from < this.compacted)
      return refusing(
        refusal(410, "Expired", `too old resource version: ${from} (${this.compacted})`).body as Status,
      );
    const watcher = new Watcher(route, request);
    if (from === 0) watcher.ready.push(...present.map((object) => ({ type: "ADDED", object }) as const));
    else
      for (const told of this.history)
        if (Number(told.object.metadata.resourceVersion) > from) watcher.offer(told);
    // Registered now, so that nothing told before the first read is missed.
    this.watchers.add(watcher);
    if (revision < from) watcher.over = "end";
    return this.follow(watcher, signal);
  }

  tell(told: Told): void {
    this.history.push(told);
    for (const watcher of this.watchers) watcher.offer(told);
  }

  cut(how: "end" | "fail"): void {
    for (const watcher of this.watchers) {
      watcher.over = how;
      watcher.wake();
    }
    this.watchers.clear();
  }

  bookmark(revision: number): void {
    for (const watcher of this.watchers) {
      if (watcher.request.query?.["allowWatchBookmarks"] !== "true") continue;
      const { kind } = watcher.route;
      watcher.ready.push({ type: "BOOKMARK", object: bookmarkOf(kind.kind, revision) });
      watcher.wake();
    }
  }

  compact(revision: number): void {
    this.history = [];
    this.compacted = revision;
  }

  private async *follow(watcher: Watcher, signal: AbortSignal): AsyncIterable<readonly WatchEvent[]> {
    const stop = () => watcher.wake();
    signal.addEventListener("abort", stop);
    try {
      for (;;) {
        if (signal.aborted) return;
        if (watcher.ready.length > 0) yield watcher.ready.splice(0);
        else if (watcher.over === "fail") throw new Error("connection reset");
        else if (watcher.over === "end") return;
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
      }
    } finally {
      this.watchers.delete(watcher);
      signal.removeEventListener("abort", stop);
    }
  }
}

// A bookmark carries nothing but its kind and version.
const bookmarkOf = (kind: string, revision: number): KubeObject =>
  ({ kind, apiVersion: "v1", metadata: { resourceVersion: String(revision) } }) as KubeObject;

async function* refusing(status: Status): AsyncIterable<readonly WatchEvent[]> {
  await Promise.resolve();
  yield [{ type: "ERROR", object: status }];
}

async function* failing(): AsyncIterable<readonly WatchEvent[]> {
  await Promise.resolve();
  yield* [];
  throw new Error("connection reset");
}
