// Owns the network between one process and the API server: messages take time, overtake each other, are lost, and watches break.
import type { Millis } from "../../src/lib/units.ts";
import type { ApiRequest, ApiResponse, Caller, Transport, WatchEvent } from "../../src/model/wire.ts";
import type { Clock } from "../../src/world/clock.ts";
import type { Random } from "../../src/world/random.ts";
import type { ApiServerHost } from "./api-server.ts";
import { never, type SimulatedProcess } from "./process.ts";

/** How bad a network is; chances are of a thousand. */
export interface Weather {
  readonly latencyMax: Millis;
  readonly lost: number;
  readonly conflicts: number;
  readonly errors: number;
  readonly watchCuts: number;
  /** Of any write that may conflict, where `conflicts` is of PUT alone. */
  readonly rejected: number;
  /** Lists that ask for any version there is, as client-go's first ones do. */
  readonly stale: number;
}
export const fairWeather: Weather = {
  latencyMax: 3,
  lost: 0,
  conflicts: 0,
  errors: 0,
  watchCuts: 0,
  rejected: 0,
  stale: 0,
};

export type Batch = readonly WatchEvent[];

/** What a planted fault may change of what passes. */
export interface Tampering {
  request?(who: string, request: ApiRequest): ApiRequest;
  response?(who: string, request: ApiRequest, response: ApiResponse): ApiResponse;
  batch?(who: string, request: ApiRequest, batch: Batch): Batch;
}

/** Who listens in, to judge. `sent` gives what `executed` is handed back. */
export interface LinkObserver {
  sent(who: string, request: ApiRequest): unknown;
  executed(who: string, request: ApiRequest, response: ApiResponse, atSending: unknown): void;
  listed(who: string, request: ApiRequest, response: ApiResponse): void;
  told(who: string, request: ApiRequest, batch: Batch): void;
  emitted(watch: object, request: ApiRequest, batch: Batch): void;
}

export interface LinkParts {
  readonly process: SimulatedProcess;
  readonly who: string;
  readonly caller: Caller;
  readonly server: ApiServerHost;
  /** The world's own, which no process can skew. */
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: LinkObserver;
  readonly tampering: Tampering;
  readonly trace: (line: string) => void;
}

const requestTimeout: Millis = 10_000;

const refusal = (code: number, reason: string, message: string): ApiResponse => ({
  status: code,
  body: Object.freeze({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    code,
    reason,
    message,
  }),
});

const conflict = refusal(
  409,
  "Conflict",
  "the object has been modified; please apply your changes to the latest version and try again",
);
const overloaded = refusal(500, "InternalError", "the simulated server is overloaded");

const collectionPath = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?[^/]+$/;

const isList = ({ method, path, query = {} }: ApiRequest): boolean =>
  method === "GET" &&
  collectionPath.test(path) &&
  query["resourceVersion"] === undefined &&
  query["continue"] === undefined;

const mayConflict = ({ method, path }: ApiRequest): boolean =>
  method === "PUT" || method === "PATCH" || (method === "POST" && path.endsWith("/binding"));

interface OpenWatch {
  readonly cut: (why: Error) => void;
}

export class Link implements Transport {
  weather: Weather = fairWeather;
  private partitioned = false;
  /** Killed as soon as its next write has been executed, before it hears of it. */
  killAfterWrite: (() => void) | undefined;
  private readonly parts: LinkParts;
  private readonly pending = new Set<(why: Error) => void>();
  private readonly watches = new Set<OpenWatch>();

  constructor(parts: LinkParts) {
    this.parts = parts;
    parts.process.killed.addEventListener("abort", () => this.reset());
    parts.server.onCrash(() => this.reset());
  }

  set cutOff(partitioned: boolean) {
    // What was sent meanwhile is lost: the connections are reset once packets pass again.
    if (this.partitioned && !partitioned) this.reset();
    this.partitioned = partitioned;
  }

  /** Every connection breaks. */
  reset(): void {
    for (const fail of this.pending) fail(new Error("connection reset by peer"));
    this.pending.clear();
    this.cutWatches();
  }

  cutWatches(): void {
    for (const { cut } of this.watches) cut(new Error("the watch's connection was cut"));
    this.watches.clear();
  }

  private chance(ofThousand: number): boolean {
    return ofThousand > 0 && this.parts.random.int(1000) < ofThousand;
  }

  private latency(): Millis {
    return 1 + this.parts.random.int(this.weather.latencyMax);
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    const { process, clock, who } = this.parts;
    if (!process.alive) return never;
    return new Promise((resolve, reject) => {
      let open = true;
      const fail = (why: Error) => {
        if (!open) return;
        open = false;
        done();
        if (process.alive) reject(why);
      };
      const abort = () => fail(new Error("aborted"));
      const done = () => {
        cancelTimeout();
        this.pending.delete(fail);
        request.signal?.removeEventListener("abort", abort);
      };
      const cancelTimeout = clock.after(requestTimeout, () => fail(new Error(`request of ${who} timed out`)));
      const finish = (response: ApiResponse, tampered = response) => {
        if (!open || !process.alive) return;
        open = false;
        done();
        this.parts.observer.listed(who, request, response);
        resolve(tampered);
      };
      this.pending.add(fail);
      request.signal?.addEventListener("abort", abort, { once: true });
      const atSending = this.parts.observer.sent(who, request);
      if (this.chance(this.weather.lost)) return;
      clock.after(this.latency(), () => {
        if (!open || this.partitioned) return;
        const asked =
          isList(request) && this.chance(this.weather.stale)
            ? { ...request, query: { ...request.query, resourceVersion: "0" } }
            : request;
        this.execute(asked, atSending, finish, fail);
      });
    });
  }

  private execute(
    request: ApiRequest,
    atSending: unknown,
    finish: (response: ApiResponse, tampered?: ApiResponse) => void,
    fail: (why: Error) => void,
  ): void {
    const { server, caller, clock, who, tampering, observer, trace } = this.parts;
    const answer = (response: ApiResponse, tampered?: ApiResponse) => {
      if (this.chance(this.weather.lost)) return;
      clock.after(this.latency(), () => this.partitioned || finish(response, tampered));
    };
    if (request.method === "PUT" && this.chance(this.weather.conflicts)) return answer(conflict);
    if (mayConflict(request) && this.chance(this.weather.rejected)) return answer(conflict);
    if (this.chance(this.weather.errors)) return answer(overloaded);
    const sent = tampering.request?.(who, request) ?? request;
    const executing = server.answer(sent, caller);
    if (executing === "down") {
      clock.after(1, () => fail(new Error("connection refused")));
      return;
    }
    executing.then(
      (response) => {
        trace(`${who} ${request.method} ${request.path} ${response.status}`);
        observer.executed(who, request, response, atSending);
        if (request.method !== "GET" && this.killAfterWrite !== undefined) {
          const kill = this.killAfterWrite;
          this.killAfterWrite = undefined;
          return kill();
        }
        answer(response, tampering.response?.(who, request, response));
      },
      (thrown: unknown) => fail(thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
  }

  async *watch(request: ApiRequest, signal: AbortSignal): AsyncGenerator<Batch, void> {
    const { process } = this.parts;
    if (!process.alive) await never;
    const flow = new Flow();
    const serverSide = new AbortController();
    const cut = (why: Error) => {
      serverSide.abort();
      flow.end(why);
    };
    const open: OpenWatch = { cut };
    const abort = () => {
      serverSide.abort();
      flow.end();
    };
    this.watches.add(open);
    signal.addEventListener("abort", abort, { once: true });
    this.parts.clock.after(this.latency(), () => this.openAtServer(request, serverSide.signal, flow));
    try {
      for (;;) {
        const next = await flow.next();
        if (!process.alive) await never;
        if (next === "end") return;
        if (next instanceof Error) throw next;
        this.parts.observer.told(this.parts.who, request, next.sent);
        if (next.carried.length > 0) yield next.carried;
      }
    } finally {
      this.watches.delete(open);
      signal.removeEventListener("abort", abort);
      serverSide.abort();
    }
  }

  private openAtServer(request: ApiRequest, signal: AbortSignal, flow: Flow): void {
    const { server, caller, clock } = this.parts;
    if (signal.aborted) return;
    if (this.partitioned) {
      clock.after(requestTimeout, () => flow.end(new Error("connection timed out")));
      return;
    }
    const batches = server.watch(request, caller, signal);
    if (batches === "down") flow.end(new Error("connection refused"));
    else void this.carry(request, batches, signal, flow);
  }

  /** In order, each batch some time after the one before. */
  private async carry(
    request: ApiRequest,
    batches: AsyncIterable<Batch>,
    signal: AbortSignal,
    flow: Flow,
  ): Promise<void> {
    const { clock, who, tampering, observer } = this.parts;
    let free = clock.now();
    try {
      for await (const batch of batches) {
        observer.emitted(signal, request, batch);
        if (this.chance(this.weather.watchCuts)) return flow.end(new Error("the watch's connection was cut"));
        free = Math.max(free, clock.now() + this.latency());
        const carried = tampering.batch?.(who, request, batch) ?? batch;
        clock.after(free - clock.now(), () => {
          if (!this.partitioned) flow.give({ sent: batch, carried });
        });
      }
      clock.after(free - clock.now(), () => flow.end());
    } catch (thrown) {
      flow.end(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

interface Delivery {
  readonly sent: Batch;
  /** What a planted fault made of it. */
  readonly carried: Batch;
}

/** What came in and was not read yet. */
class Flow {
  private readonly waiting: Delivery[] = [];
  private ending: Error | "end" | undefined;
  private wake: (() => void) | undefined;

  give(batch: Delivery): void {
    if (this.ending !== undefined) return;
    this.waiting.push(batch);
    this.wake?.();
  }

  end(how: Error | "end" = "end"): void {
    this.ending ??= how;
    this.wake?.();
  }

  async next(): Promise<Delivery | Error | "end"> {
    for (;;) {
      const batch = this.waiting.shift();
      if (batch !== undefined) return batch;
      if (this.ending !== undefined) return this.ending;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
