// Owns the API server of a simulated cluster: the real pipeline over one store, which outlives its crashes.
import { authorize } from "../../src/apiserver/authorization/authorize.ts";
import { createPipeline, type RunningPipeline } from "../../src/apiserver/pipeline.ts";
import { createSystemObjects } from "../../src/apiserver/registry/system-objects.ts";
import { inProcessTransport } from "../../src/client/in-process-transport.ts";
import { kinds } from "../../src/model/kinds/kinds.ts";
import type { ApiRequest, ApiResponse, Caller } from "../../src/model/wire.ts";
import type { Store } from "../../src/store/store.ts";
import type { Batch } from "./link.ts";
import type { SimulatedProcess } from "./process.ts";

export class ApiServerHost {
  private running: { readonly process: SimulatedProcess; readonly pipeline: RunningPipeline } | undefined;
  private starting: SimulatedProcess | undefined;
  private readonly crashListeners = new Set<() => void>();
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async start(process: SimulatedProcess): Promise<void> {
    this.starting = process;
    const { clock, random, log } = process;
    const store = process.guard(this.store, {
      watch: (prefix, after, signal) =>
        process.stream((either) => this.store.watch(prefix, after, either), signal),
    });
    const pipeline = await createPipeline({ store, kinds, clock, random, log, authorize });
    await createSystemObjects(pipeline.registry);
    if (process.alive) this.running = { process, pipeline };
  }

  get isUp(): boolean {
    return this.running !== undefined;
  }

  crash(): void {
    (this.running?.process ?? this.starting)?.kill();
    this.running = undefined;
    for (const told of this.crashListeners) told();
  }

  onCrash(told: () => void): void {
    this.crashListeners.add(told);
  }

  answer(request: ApiRequest, caller: Caller): Promise<ApiResponse> | "down" {
    if (this.running === undefined) return "down";
    return inProcessTransport(this.running.pipeline, caller).request(request);
  }

  watch(request: ApiRequest, caller: Caller, signal: AbortSignal): AsyncIterable<Batch> | "down" {
    if (this.running === undefined) return "down";
    return inProcessTransport(this.running.pipeline, caller).watch(request, signal);
  }
}
