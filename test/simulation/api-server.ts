// Owns the API server of a simulated cluster: the real pipeline over the real store's logic, which recovers from the disk after each crash.
import { authorize } from "../../src/apiserver/authorization/authorize.ts";
import { createPipeline, type RunningPipeline } from "../../src/apiserver/pipeline.ts";
import { createSystemObjects } from "../../src/apiserver/registry/system-objects.ts";
import { inProcessTransport } from "../../src/client/in-process-transport.ts";
import type { Millis } from "../../src/lib/units.ts";
import { kinds } from "../../src/model/kinds/kinds.ts";
import type { ApiRequest, ApiResponse, Caller } from "../../src/model/wire.ts";
import type { Change, Store } from "../../src/store/store.ts";
import { VersionedStore } from "../../src/store/versioned-store.ts";
import { pause, type Clock } from "../../src/world/clock.ts";
import type { Disk } from "./disk.ts";
import type { Batch } from "./link.ts";
import type { SimulatedProcess } from "./process.ts";

export interface ApiServerParts {
  readonly disk: Disk;
  /** The world's own. */
  readonly clock: Clock;
  /** Told what a store holds that was opened just now. */
  readonly recovered: (store: Store) => Promise<void>;
  /** A planted fault: answers before the disk has synced. */
  readonly acknowledgesEarly: boolean;
  /** A planted fault: what its caches hear of the store's changes. */
  readonly tampered: (changes: readonly Change[]) => readonly Change[];
}

// So little history that those who were away for a while are told 410.
const limits = { ringMax: 40 };

export class ApiServerHost {
  /** How far its caches stay behind the store. */
  lag: Millis = 0;
  private running: { readonly process: SimulatedProcess; readonly pipeline: RunningPipeline } | undefined;
  private starting: SimulatedProcess | undefined;
  private readonly crashListeners = new Set<() => void>();
  private readonly parts: ApiServerParts;

  constructor(parts: ApiServerParts) {
    this.parts = parts;
  }

  async start(process: SimulatedProcess): Promise<void> {
    this.starting = process;
    const { disk, recovered, acknowledgesEarly } = this.parts;
    const { clock, random, log } = process;
    const own = new VersionedStore({ ...disk.open(process, acknowledgesEarly), clock, log });
    await recovered(own);
    const store = process.guard<Store>(own, {
      watch: (prefix, after, signal) =>
        this.lagging(process.stream((either) => own.watch(prefix, after, either), signal)),
    });
    const pipeline = await createPipeline({ store, kinds, clock, random, log, authorize, limits });
    await createSystemObjects(pipeline.registry);
    if (process.alive) this.running = { process, pipeline };
  }

  private async *lagging(changes: AsyncIterable<readonly Change[]>): AsyncGenerator<readonly Change[]> {
    for await (const some of changes) {
      if (this.lag > 0) await pause(this.parts.clock, this.lag);
      yield this.parts.tampered(some);
    }
  }

  get isUp(): boolean {
    return this.running !== undefined;
  }

  get process(): SimulatedProcess | undefined {
    return this.running?.process ?? this.starting;
  }

  crash(): void {
    this.process?.kill();
    this.running = undefined;
    this.starting = undefined;
    this.parts.disk.crashed();
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
