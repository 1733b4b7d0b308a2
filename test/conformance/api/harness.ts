// Owns a pipeline to try: over the memory store, on virtual time, with a way to ask and to watch.
import { createPipeline, type PipelineParts, type RunningPipeline } from "../../../src/apiserver/pipeline.ts";
import { createSystemObjects } from "../../../src/apiserver/registry/system-objects.ts";
import type { KubeObject } from "../../../src/model/meta.ts";
import type { ApiRequest, ApiResponse, Caller, Method, WatchEvent } from "../../../src/model/wire.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/world/log.ts";
import { seededRandom } from "../../../src/world/random.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";
import { servedKinds } from "./served-kinds.ts";

export const admin: Caller = { name: "admin", groups: ["system:masters"] };

/** What tests look into without knowing its kind. */
export interface Shown extends KubeObject {
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly data?: Record<string, string>;
}

export interface Tried {
  readonly pipeline: RunningPipeline;
  readonly store: Store;
  readonly clock: VirtualClock;
  ask(method: Method, path: string, body?: unknown, more?: Partial<ApiRequest>): Promise<ApiResponse>;
  /** As `ask`, for what has to succeed. */
  must(method: Method, path: string, body?: unknown, more?: Partial<ApiRequest>): Promise<Shown>;
  watch(path: string, query?: Record<string, string>, more?: Partial<ApiRequest>): Watched;
  stop(): Promise<void>;
}

export interface Watched {
  /** Events until that many were told. */
  take(count: number): Promise<WatchEvent[]>;
  /** Whether the server ended the watch; events before the end are dropped. */
  ended(): Promise<true>;
  stop(): void;
}

export async function tryPipeline(parts: Partial<PipelineParts> = {}): Promise<Tried> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const store = parts.store ?? createMemoryStore({ clock });
  const pipeline = await createPipeline({
    store,
    kinds: servedKinds,
    clock,
    random: seededRandom(7),
    log: silentLog,
    authorize: () => "allow",
    ...parts,
  });
  await createSystemObjects(pipeline.registry);
  const ask: Tried["ask"] = (method, path, body, more) =>
    pipeline.answer({ method, path, ...(body === undefined ? {} : { body }), ...more }, admin);
  return {
    pipeline,
    store,
    clock,
    ask,
    must: async (...asked) => {
      const { status, body } = await ask(...asked);
      if (status >= 300) throw new Error(`${asked[0]} ${asked[1]} gave ${status}: ${JSON.stringify(body)}`);
      // Tests ask for objects here and look only at what they put in.
      return body as Shown;
    },
    watch: (path, query, more) =>
      watched(pipeline, { method: "GET", path, query: { watch: "1", ...query }, ...more }),
    stop: async () => {
      await pipeline.stop();
      if (parts.store === undefined) await store.close();
    },
  };
}

function watched(pipeline: RunningPipeline, request: ApiRequest): Watched {
  const stopping = new AbortController();
  const batches = pipeline.watch(request, admin, stopping.signal)[Symbol.asyncIterator]();
  // Begun at once: a watch exists from its first step on.
  let next = batches.next();
  let held: WatchEvent[] = [];
  return {
    async take(count) {
      while (held.length < count) {
        const { value, done } = await next;
        if (done === true) throw new Error(`the watch ended after ${held.length} of ${count} events`);
        held.push(...value);
        next = batches.next();
      }
      const taken = held.slice(0, count);
      held = held.slice(count);
      return taken;
    },
    async ended() {
      while ((await next).done !== true) next = batches.next();
      return true;
    },
    stop: () => stopping.abort(),
  };
}

/** `ADDED a@5` */
export const brief = ({ type, object }: WatchEvent): string =>
  type === "ERROR"
    ? `ERROR ${object.code ?? 0} ${object.reason ?? ""}`
    : `${type} ${object.metadata.name ?? ""}`.trimEnd();

export const namesIn = (list: unknown): string[] =>
  // The list that was asked for; every item has a name.
  (list as { items: KubeObject[] }).items.map((item) => item.metadata.name);

export const pods = "/api/v1/namespaces/default/pods";
export const daemonSets = "/apis/apps/v1/namespaces/default/daemonsets";
export const configMaps = "/api/v1/namespaces/default/configmaps";

export const podNamed = (name: string, more: { metadata?: object; spec?: object } = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...more.metadata },
  spec: { containers: [{ name: "main", image: "agent:1" }], ...more.spec },
});

export const daemonSetNamed = (name: string, image = "agent:1") => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
  },
});

export const configMapNamed = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});
