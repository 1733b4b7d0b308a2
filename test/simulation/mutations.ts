// Owns the workings of the planted faults: what passes between components and their machines, changed.
import type { ApiRequest, ApiResponse, WatchEvent } from "../../src/model/wire.ts";
import type { Pod } from "../../src/model/generated/types.ts";
import { cloneJson } from "../../src/lib/json.ts";
import type { ContainerId, ContainerStatus, Runtime } from "../../src/runtime/runtime.ts";
import type { Mutation } from "./cluster.ts";
import { manifestFolder } from "./manifests.ts";
import { otherwise, podNameOf } from "./node.ts";
import { isMirror } from "./views.ts";

export const isPodDeletion = ({ method, path }: ApiRequest): boolean =>
  method === "DELETE" && /\/pods\/[^/]+$/.test(path);

/** A mutation of a request's body, which is not ours to change in place. */
export function withBody(request: ApiRequest, change: (body: never) => void): ApiRequest {
  // The caller knows the kind by the path, and says so in the type of what `change` takes.
  const body = cloneJson(request.body) as never;
  change(body);
  return { ...request, body };
}

function everyNth(nth: number): () => boolean {
  let seen = 0;
  return () => ++seen % nth === 0;
}

const copies: Readonly<Record<"pods" | "sets", string>> = {
  pods: "/api/v1/pods",
  sets: "/apis/apps/v1/daemonsets",
};

/** The controllers are told of the objects otherwise than they are. */
export function toldOtherwise(of: keyof typeof copies, change: (object: never) => void): Mutation {
  const changed = (object: unknown): unknown => {
    // `of` names the kind, and the caller says so in the type of what `change` takes.
    const copy = cloneJson(object) as never;
    change(copy);
    return copy;
  };
  return {
    response(who, { method, path }, response): ApiResponse {
      if (who !== "controllers" || method !== "GET" || path !== copies[of]) return response;
      const list = response.body as { items?: readonly unknown[] };
      return { ...response, body: { ...list, items: list.items?.map(changed) } };
    },
    batch: (who, { path }, batch) =>
      who !== "controllers" || path !== copies[of]
        ? batch
        : batch.map((event) =>
            event.type === "ADDED" || event.type === "MODIFIED"
              ? ({ ...event, object: changed(event.object) } as WatchEvent)
              : event,
          ),
  };
}

export function lostEvents(): Mutation {
  const isLost = everyNth(40);
  return {
    batch: (_who, _request, batch) => batch.filter((event) => event.type === "BOOKMARK" || !isLost()),
  };
}

export function staleEvents(): Mutation {
  const isStale = everyNth(30);
  const before = new Map<string, WatchEvent>();
  return {
    batch: (who, { path }, batch) =>
      batch.flatMap((event) => {
        if (event.type !== "MODIFIED") return [event];
        const key = `${who} ${path} ${event.object.metadata.uid}`;
        const old = before.get(key);
        before.set(key, event);
        return old !== undefined && isStale() ? [event, old] : [event];
      }),
  };
}

const isPodCreation = (who: string, { method, path }: ApiRequest): boolean =>
  who === "controllers" && method === "POST" && path.endsWith("/pods");

const timedOut = {
  apiVersion: "v1",
  kind: "Status",
  status: "Failure",
  reason: "Timeout",
  code: 504,
  message: "lost",
};

/** Each creation of a pod looks as if it had failed, though it was done. */
export const creationsLookFailed = (): Mutation => ({
  response: (who, request, response) =>
    isPodCreation(who, request) ? { status: 504, body: timedOut } : response,
});

/** A derived name would make the other fault harmless. */
export function randomNames(): Mutation {
  let drawn = 0;
  return {
    ...creationsLookFailed(),
    request: (who, request) =>
      isPodCreation(who, request)
        ? withBody(request, (pod: Pod) =>
            Object.assign(pod.metadata, { name: `${pod.metadata.name}x${drawn++}` }),
          )
        : request,
  };
}

export function hasty(runtime: Runtime): Runtime {
  const stopping = new Set<ContainerId>();
  const told = (status: ContainerStatus): ContainerStatus =>
    stopping.has(status.id) ? { ...status, state: "exited", exitCode: 0 } : status;
  return otherwise(runtime, {
    async stopContainer(id, grace) {
      stopping.add(id);
      void runtime.stopContainer(id, grace);
    },
    stopPodSandbox: async () => undefined,
    removePodSandbox: async () => undefined,
    removeContainer: async () => undefined,
    async containerStatus(id) {
      const status = await runtime.containerStatus(id);
      return status === "absent" ? status : told(status);
    },
    listContainers: async () => (await runtime.listContainers()).map(told),
  });
}

/** Nothing of before is found again, and new sandboxes do not collide with the old ones. */
export function forgetful(): Mutation {
  let attempt = 1000;
  return { runtime: (runtime) => forgetting(runtime, () => attempt++) };
}

function forgetting(runtime: Runtime, nextAttempt: () => number): Runtime {
  const own = new Set<string>();
  return otherwise(runtime, {
    async runPodSandbox(config) {
      const id = await runtime.runPodSandbox({ ...config, pod: { ...config.pod, attempt: nextAttempt() } });
      own.add(id);
      return id;
    },
    listPodSandboxes: async () => (await runtime.listPodSandboxes()).filter(({ id }) => own.has(id)),
    listContainers: async () =>
      (await runtime.listContainers()).filter(({ sandboxId }) => own.has(sandboxId)),
  });
}

export const onPath = (pattern: RegExp, change: (body: never) => void): Mutation => ({
  request: (who, request) =>
    who !== "user" && request.method !== "GET" && pattern.test(request.path)
      ? withBody(request, change)
      : request,
});

/** Whoever deletes does so by the name alone. */
export const byNameAlone: Mutation = {
  request: (who, request) =>
    who !== "user" && request.method === "DELETE" && request.body !== undefined
      ? withBody(request, (body: { preconditions?: unknown }) => delete body.preconditions)
      : request,
};

/** Once another set selects them too, pods look like orphans to the controllers, and whoever adopts one takes it from its owner. */
export function takesFromOthers(): Mutation {
  let overlaps = false;
  const told = toldOtherwise("pods", (pod: Pod) => {
    if (overlaps) delete pod.metadata.ownerReferences;
  });
  return {
    ...told,
    batch(who, request, batch) {
      for (const event of batch)
        if (request.path === copies.sets && event.type === "ADDED")
          overlaps ||= event.object.metadata.name === "broad";
      return told.batch?.(who, request, batch) ?? batch;
    },
    request: (who, request) =>
      who === "controllers" && request.method === "PATCH" && request.path.includes("/pods/")
        ? withBody(request, (body: { metadata?: { ownerReferences?: unknown[] } }) =>
            body.metadata?.ownerReferences?.push({ $patch: "replace" }),
          )
        : request,
  };
}

/** A pod that runs is taken for one that serves. */
export const anyPodServes = (): Mutation =>
  toldOtherwise("pods", (pod: Pod) => {
    for (const condition of pod.status?.conditions ?? [])
      if (condition.type === "Ready")
        Object.assign(condition, { status: "True", lastTransitionTime: "2025-01-01T00:00:00Z" });
  });

/** What becomes of a mirror is done to the containers. */
export function mirrorsMatter(): Mutation {
  const runtimes = new Map<string, Runtime>();
  const stop = async (runtime: Runtime, podName: string): Promise<void> => {
    for (const container of await runtime.listContainers())
      if (container.state === "running" && podNameOf(container) === podName)
        await runtime.stopContainer(container.id, 0);
  };
  return {
    runtime: (runtime, node) => {
      runtimes.set(`kubelet-${node}`, runtime);
      return runtime;
    },
    batch: (who, _request, batch) => {
      const runtime = runtimes.get(who);
      for (const event of batch)
        if (runtime !== undefined && event.type === "DELETED" && isMirror(event.object))
          void stop(runtime, event.object.metadata.name);
      return batch;
    },
  };
}

/** A folder that cannot be read is taken for an empty one. */
export const emptyWhereUnreadable: Mutation = {
  files: (files) => {
    const facts = { is: "folder", size: 0, modified: 0, inode: 0 } as const;
    return otherwise(files, {
      facts: async (path) => (path === manifestFolder ? facts : files.facts(path).catch(() => undefined)),
      list: async (path) =>
        path === manifestFolder ? ((await files.list(path).catch(() => [])) ?? []) : files.list(path),
    });
  },
};

/** The kubelet that comes after another sees the sandboxes and not what runs in them. */
export function startsTwice(): Mutation {
  const seen = new Set<string>();
  return {
    runtime: (runtime, node) => {
      if (!seen.has(node)) {
        seen.add(node);
        return runtime;
      }
      const before = runtime.listContainers().then((all) => new Set(all.map(({ id }) => id)));
      return otherwise(runtime, {
        listContainers: async () => {
          const hidden = await before;
          return (await runtime.listContainers()).filter(({ id }) => !hidden.has(id));
        },
      });
    },
  };
}

export function forgetsRestarts(): Mutation {
  const forgets = everyNth(3);
  return {
    request: (who, request) =>
      who.startsWith("kubelet") && request.method === "PUT" && request.path.endsWith("/status") && forgets()
        ? withBody(request, (pod: Pod) => {
            for (const status of pod.status?.containerStatuses ?? [])
              Object.assign(status, { restartCount: 0 });
          })
        : request,
  };
}

export function skippedChanges(): Mutation {
  const isSkipped = everyNth(60);
  return { storeChanges: (changes) => changes.filter(() => !isSkipped()) };
}
