// Owns what a kubelet is made of: the ports it is handed and the settings it goes by.
import type { Client, EventRecorder, Informers } from "../client/client.ts";
import type { Millis } from "../lib/units.ts";
import type { Taint } from "../model/generated/types.ts";
import type { EvictionSettings } from "../model/kubelet-configuration/eviction-settings.ts";
import type { ShutdownGrace } from "../model/kubelet-configuration/kubelet-configuration.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Clock } from "../world/clock.ts";
import type { Dial } from "../world/dial.ts";
import type { Files } from "../world/files.ts";
import type { GrpcHealth } from "../world/grpc-health.ts";
import type { Mounts } from "../world/mounts.ts";
import type { Network, TlsFiles } from "../world/http.ts";
import type { Log } from "../world/log.ts";
import type { Random } from "../world/random.ts";
import type { RotationOptions } from "./logs/log-rotation.ts";
import type { Machine } from "./node/machine.ts";
import type { AccessSettings } from "./server/access.ts";
import type { PodSource, StaticPodsConfig } from "./sources/source.ts";

export interface KubeletConfig {
  /** Pods' volumes lie under `ROOT/pods`. */
  readonly rootDir: string;
  /** `/var/log/pods` unless given. */
  readonly podLogsDir?: string;
  readonly nodeIp: string;
  /** Of the node's server; 0 picks a free one. */
  readonly port: number;
  /** Where the server listens; the node's IP unless given. */
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly maxPods?: number;
  readonly staticPods?: StaticPodsConfig;
  /** Without them no pod is evicted. */
  readonly eviction?: EvictionSettings;
  /** How long pods of which priority get when the node shuts down; without any they are left alone. */
  readonly shutdownGraces?: readonly ShutdownGrace[];
  /** Without it containers' logs grow. */
  readonly logRotation?: RotationOptions;
  /** Quantities, `cpu` and `memory` at least. */
  readonly capacity: Readonly<Record<string, string>>;
  /** What is kept from pods. */
  readonly reserved?: Readonly<Record<string, string>>;
  /** Of the server; `ca` verifies clients. Absent serves plain HTTP, and only what anyone may see. */
  readonly tls?: TlsFiles;
  /** `v1.36.0-everynode` unless given. */
  readonly version?: string;
  /** Changes of a pod's status within this time become one write. */
  readonly statusDelay?: Millis;
  /** How often the runtime is listed, in case an event was missed. */
  readonly relistPeriod?: Millis;
  /** How often ConfigMap, Secret and downward API volumes are brought up to date. */
  readonly refreshPeriod?: Millis;
  /** Who may ask the server; `accessDefault` unless given. */
  readonly access?: AccessSettings;
  /** Where what anyone may read is served in plain HTTP; nowhere unless given. */
  readonly readOnlyPort?: number;
  /** What the server shows as its configuration. */
  readonly shown?: Readonly<Record<string, unknown>>;
  /** How long nothing may go over a stream (exec, attach, port-forward) before it is ended; 4 hours unless given. */
  readonly streamIdleTimeout?: Millis;
  /** How often the Lease is renewed and the node looked at. */
  readonly heartbeatPeriod?: Millis;
}

export interface KubeletOptions {
  readonly nodeName: string;
  /** Both or none: without them the kubelet stands alone. */
  readonly client?: Client;
  readonly informers?: Informers;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: Files;
  readonly network: Network;
  /** For TCP probes. */
  readonly dial: Dial;
  readonly grpcHealth: GrpcHealth;
  /** Without it there are no volumes in memory. */
  readonly mounts?: Mounts;
  readonly recorder?: EventRecorder;
  /** What the machine says of itself; a hollow node has none. */
  readonly machine?: Machine;
  readonly config: KubeletConfig;
  /** Beside the API. */
  readonly sources?: readonly PodSource[];
}

export interface Kubelet {
  /** Resolves when the server listens and the runtime has been listed; registration goes on behind. */
  start(): Promise<void>;
  /** Lets go of everything. Containers go on. */
  stop(): Promise<void>;
  /** The machine goes down: takes no more pods and ends those it has, the least important first. Containers stay ended. */
  shutDown(): Promise<void>;
  /** Of the server, once started. */
  readonly port: number;
  /** Resolves when the node stands in the API; never without one. */
  readonly registered: Promise<void>;
}
