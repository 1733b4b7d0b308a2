// Owns the settings of a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) that this kubelet goes by.
import type { Millis } from "../../lib/units.ts";
import type { Taint } from "../generated/types.ts";

export interface KubeletConfiguration {
  readonly staticPodPath?: string;
  readonly staticPodURL?: string;
  readonly staticPodURLHeader?: Readonly<Record<string, readonly string[]>>;
  readonly fileCheckFrequency?: Millis;
  readonly httpCheckFrequency?: Millis;
  readonly address?: string;
  readonly port?: number;
  readonly readOnlyPort?: number;
  readonly podLogsDir?: string;
  readonly maxPods?: number;
  readonly nodeStatusUpdateFrequency?: Millis;
  readonly registerWithTaints?: readonly Taint[];
  readonly containerRuntimeEndpoint?: string;
  /** A quantity, as those below. */
  readonly containerLogMaxSize?: string;
  readonly containerLogMaxFiles?: number;
  readonly containerLogMonitorInterval?: Millis;
  readonly shutdownGracePeriod?: Millis;
  readonly shutdownGracePeriodCriticalPods?: Millis;
  readonly shutdownGracePeriodByPodPriority?: readonly ShutdownGrace[];
  readonly evictionHard?: Readonly<Record<string, string>>;
  readonly evictionSoft?: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod?: Readonly<Record<string, Millis>>;
  readonly evictionMinimumReclaim?: Readonly<Record<string, string>>;
  readonly evictionPressureTransitionPeriod?: Millis;
  readonly evictionMaxPodGracePeriod?: number;
  readonly mergeDefaultEvictionSettings?: boolean;
  readonly systemReserved?: Readonly<Record<string, string>>;
  readonly kubeReserved?: Readonly<Record<string, string>>;
  readonly streamingConnectionIdleTimeout?: Millis;
  readonly authentication?: {
    readonly anonymous?: { readonly enabled?: boolean };
    readonly webhook?: { readonly enabled?: boolean; readonly cacheTTL?: Millis };
    readonly x509?: { readonly clientCAFile?: string };
  };
  readonly authorization?: {
    /** `AlwaysAllow` or `Webhook`. */
    readonly mode?: string;
    readonly webhook?: { readonly cacheAuthorizedTTL?: Millis; readonly cacheUnauthorizedTTL?: Millis };
  };
}

/** Pods of this priority and above, up to the next one named, get that long. */
export interface ShutdownGrace {
  readonly priority: number;
  readonly shutdownGracePeriodSeconds: number;
}
