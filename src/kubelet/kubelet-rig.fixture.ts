// Owns a kubelet on a virtual clock, with an API server, a runtime and files in memory, for tests of the whole room.
import type { Client, Informers } from "../client/client.ts";
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import type { Millis } from "../lib/units.ts";
import type { Container, Pod, PodSpec } from "../model/generated/types.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import type { Exchange, Network } from "../world/http.ts";
import { silentLog } from "../world/log.ts";
import { seededRandom } from "../world/random.ts";
import { settle, VirtualClock } from "../world/virtual-clock.ts";
import { FakeRuntime } from "./fake-runtime.fixture.ts";
import { createKubelet, createMachine, type Kubelet, type KubeletConfig } from "./kubelet.ts";
import { MemoryFiles } from "./memory-files.fixture.ts";
import type { PodSource } from "./sources/source.ts";

export const nodeName = "worker-1";

export class Rig {
  readonly clock = new VirtualClock();
  readonly api: FakeApi = createFakeApi(this.clock);
  readonly runtime = new FakeRuntime(this.clock);
  readonly files = new MemoryFiles();
  readonly events: string[] = [];
  readonly client: Client = createClient(this.api.transport);
  kubelet: Kubelet;
  /** How servers answer gRPC probes. */
  grpc: (port: number, service: string) => "serving" | { error: string } = () => "serving";
  private informers: Informers;
  private handle: ((exchange: Exchange) => void) | undefined;
  private readonly config: Partial<KubeletConfig>;
  private readonly sources: readonly PodSource[];
  private readonly inCluster: boolean;

  constructor(
    setup: { config?: Partial<KubeletConfig>; sources?: readonly PodSource[]; inCluster?: boolean } = {},
  ) {
    this.config = setup.config ?? {};
    this.sources = setup.sources ?? [];
    this.inCluster = setup.inCluster ?? true;
    this.informers = this.makeInformers();
    this.kubelet = this.makeKubelet();
  }

  async start(): Promise<this> {
    await this.kubelet.start();
    await this.run(50);
    return this;
  }

  /** Another kubelet on what the first left. */
  async restart(whileDown: () => void = () => undefined): Promise<void> {
    await this.halt();
    whileDown();
    this.informers = this.makeInformers();
    this.kubelet = this.makeKubelet();
    await this.start();
  }

  async halt(): Promise<void> {
    const stopping = this.kubelet.stop();
    this.informers.stop();
    await stopping;
  }

  /** Lets time pass and everything settle that the time brings. */
  async run(time: Millis): Promise<void> {
    await this.clock.advanceAsync(time);
    for (let round = 0; round < 5; round++) await settle();
  }

  put(pod: Pod | { readonly name: string; readonly spec: PodSpec }): Pod {
    if ("metadata" in pod) return this.api.put(podKind, pod);
    return this.api.put(podKind, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: pod.name, namespace: "default" },
      spec: { nodeName, ...pod.spec },
    });
  }

  pod(name: string): Pod | undefined {
    return this.api.get(podKind, `default/${name}`);
  }

  /** Deletes as a person would, with a grace period. */
  async delete(name: string, graceSeconds?: number): Promise<void> {
    await this.client
      .of(podKind)
      .delete({ name, namespace: "default" }, graceSeconds === undefined ? {} : { graceSeconds });
    await this.run(0);
  }

  /** Asks the node's server; a peer is given as its common name. */
  async ask(target: string, peer?: string): Promise<{ status: number; body: string }> {
    let status = 0;
    let body = "";
    await new Promise<void>((resolve) => {
      const text = (chunk: string | Uint8Array) => Buffer.from(chunk).toString("utf8");
      this.handle?.({
        method: "GET",
        target,
        headers: {},
        ...(peer === undefined ? {} : { peer: { commonName: peer, organizations: [] } }),
        remoteAddress: "127.0.0.1",
        signal: new AbortController().signal,
        body: async () => new Uint8Array(),
        respond: (code, _headers, content) => {
          status = code;
          body = text(content);
          resolve();
        },
        stream: (code) => {
          status = code;
          return {
            write: (chunk) => {
              body += text(chunk);
              return true;
            },
            drained: async () => undefined,
            pending: 0,
            end: resolve,
          };
        },
      });
    });
    return { status, body };
  }

  private makeInformers(): Informers {
    return createInformers({
      transport: this.api.transport,
      clock: this.clock,
      random: seededRandom(1),
      log: silentLog,
    });
  }

  private makeKubelet(): Kubelet {
    const network: Network = {
      serve: async ({ handle, host }) => {
        this.handle = handle;
        return { host, port: 10250, close: async () => undefined };
      },
      client: () => ({
        request: async ({ url }) => {
          this.runtime.calls.push(`GET ${url}`);
          throw new Error("connection refused");
        },
        close: async () => undefined,
      }),
    };
    return createKubelet({
      nodeName,
      ...(this.inCluster ? { client: this.client, informers: this.informers } : {}),
      runtime: this.runtime,
      clock: this.clock,
      random: seededRandom(7),
      log: silentLog,
      files: this.files,
      network,
      ...(this.config.eviction === undefined ? {} : { machine: createMachine(this.files) }),
      dial: async () => "open",
      grpcHealth: async ({ port }, service) => this.grpc(port, service),
      recorder: {
        event: (about, type, reason, message) =>
          this.events.push(`${type} ${reason} ${about.metadata.name}: ${message}`),
        flush: async () => undefined,
      },
      config: {
        rootDir: "/root",
        podLogsDir: "/logs",
        nodeIp: "127.0.0.1",
        port: 0,
        capacity: { cpu: "2", memory: "4Gi" },
        ...this.config,
      },
      sources: this.sources,
    });
  }
}

/** A pod spec of one container that runs until it is stopped. */
export const oneContainer = (more: Partial<Container> = {}, spec: Partial<PodSpec> = {}): PodSpec => ({
  terminationGracePeriodSeconds: 30,
  restartPolicy: "Always",
  ...spec,
  containers: [{ name: "main", image: "agent:1", command: ["agent"], ...more }],
});
