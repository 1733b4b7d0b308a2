// Owns the planted faults: what a bug in a component would look like from outside, one each, so that the judge can be judged.
import type { ApiRequest, ApiResponse, WatchEvent } from "../../src/model/wire.ts";
import type { DaemonSet, Pod } from "../../src/model/generated/types.ts";
import { cloneJson } from "../../src/lib/json.ts";
import type { ContainerId, ContainerStatus, Runtime } from "../../src/runtime/runtime.ts";
import type { Mutation } from "./cluster.ts";
import { otherwise } from "./node.ts";

export interface Mutant {
  readonly name: string;
  /** Statements of which at least one must be found broken. */
  readonly breaks: readonly string[];
  /** Each run gets its own. */
  readonly make: () => Mutation;
}

const isPodDeletion = ({ method, path }: ApiRequest): boolean =>
  method === "DELETE" && /\/pods\/[^/]+$/.test(path);

/** A mutation of a request's body, which is not ours to change in place. */
function withBody(request: ApiRequest, change: (body: never) => void): ApiRequest {
  // The caller knows the kind by the path, and says so in the type of what `change` takes.
  const body = cloneJson(request.body) as never;
  change(body);
  return { ...request, body };
}

function everyNth(nth: number): () => boolean {
  let seen = 0;
  return () => ++seen % nth === 0;
}

function withBudgetOf(maxUnavailable: string, object: unknown): unknown {
  const set = cloneJson(object) as DaemonSet & { spec: { updateStrategy: object } };
  set.spec.updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge: 0 } };
  return set;
}

const setsPath = "/apis/apps/v1/daemonsets";

const budgetMiscounted: Mutation = {
  response(who, { method, path }, response): ApiResponse {
    if (who !== "controllers" || method !== "GET" || path !== setsPath) return response;
    const list = response.body as { items?: readonly unknown[] };
    return { ...response, body: { ...list, items: list.items?.map((set) => withBudgetOf("100%", set)) } };
  },
  batch: (who, { path }, batch) =>
    who !== "controllers" || path !== setsPath
      ? batch
      : batch.map((event) =>
          event.type === "ADDED" || event.type === "MODIFIED"
            ? ({ ...event, object: withBudgetOf("100%", event.object) } as WatchEvent)
            : event,
        ),
};

function lostEvents(): Mutation {
  const isLost = everyNth(40);
  return {
    batch: (_who, _request, batch) => batch.filter((event) => event.type === "BOOKMARK" || !isLost()),
  };
}

function staleEvents(): Mutation {
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

function randomNames(): Mutation {
  let drawn = 0;
  return {
    request: (who, request) =>
      who === "controllers" && request.method === "POST" && request.path.endsWith("/pods")
        ? withBody(request, (pod: Pod) =>
            Object.assign(pod.metadata, { name: `${pod.metadata.name}x${drawn++}` }),
          )
        : request,
  };
}

function hasty(runtime: Runtime): Runtime {
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
function forgetful(): Mutation {
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

const onPath = (pattern: RegExp, change: (body: never) => void): Mutation => ({
  request: (who, request) =>
    who !== "user" && request.method !== "GET" && pattern.test(request.path)
      ? withBody(request, change)
      : request,
});

export const mutants: readonly Mutant[] = [
  {
    name: "deletions of running pods without grace",
    breaks: ["K.2", "D.7"],
    make: () => ({
      request: (who, request) =>
        who === "controllers" && isPodDeletion(request)
          ? withBody(request, (body: object) => Object.assign(body, { gracePeriodSeconds: 0 }))
          : request,
    }),
  },
  {
    name: "deletions answered and not done",
    breaks: ["D.14", "D.17", "D.1", "D.7", "D.6", "D.11"],
    make: () => ({
      request: (who, request) =>
        who === "controllers" && isPodDeletion(request)
          ? withBody(request, (body: object) => Object.assign(body, { dryRun: ["All"] }))
          : request,
    }),
  },
  { name: "a budget counted wrongly", breaks: ["D.14"], make: () => budgetMiscounted },
  {
    name: "a watch that loses events",
    breaks: ["V.2", "D.1", "D.6", "D.7", "D.11", "K.2"],
    make: lostEvents,
  },
  {
    name: "a watch that repeats what is past",
    breaks: ["V.2", "D.1", "D.6", "D.7", "D.11", "K.2"],
    make: staleEvents,
  },
  { name: "names drawn rather than derived", breaks: ["D.7"], make: randomNames },
  {
    name: "a kubelet that reports pods gone before their containers ended",
    breaks: ["K.2", "D.7"],
    make: () => ({ runtime: hasty }),
  },
  {
    name: "a kubelet that does not adopt what runs",
    breaks: ["K.2", "D.7"],
    make: forgetful,
  },
  {
    name: "a status that counts one too many",
    breaks: ["D.11"],
    make: () =>
      onPath(/\/daemonsets\/[^/]+\/status$/, (set: DaemonSet & { status: { numberReady: number } }) => {
        set.status.numberReady += 1;
      }),
  },
  {
    name: "a status that claims what it has not observed",
    breaks: ["D.11"],
    make: () =>
      onPath(
        /\/daemonsets\/[^/]+\/status$/,
        (set: DaemonSet & { status: { observedGeneration?: number } }) => {
          set.status.observedGeneration = 1;
        },
      ),
  },
  {
    name: "a scheduler that binds to one node only",
    breaks: ["D.1", "D.7", "D.6", "D.11"],
    make: () =>
      onPath(/\/binding$/, (binding: { target: { name: string } }) => {
        binding.target.name = "node-1";
      }),
  },
];
