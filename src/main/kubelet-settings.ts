// Owns what a kubelet's flags and its configuration file come to together: a flag wins over the file.
import { dirname, resolve } from "node:path";
import {
  accessDefault,
  logRotationDefault,
  shutdownGraces,
  type AccessSettings,
  type RotationOptions,
  type StaticPodsConfig,
} from "../kubelet/kubelet.ts";
import type { Millis } from "../lib/units.ts";
import type { Taint } from "../model/generated/types.ts";
import { unitsOf } from "../model/quantity.ts";
import { parseGoDuration } from "../model/go-duration.ts";
import { evictionSettings, type EvictionSettings } from "../model/kubelet-configuration/eviction-settings.ts";
import { reservedOf } from "../model/kubelet-configuration/reserved.ts";
import { readKubeletConfiguration } from "../model/kubelet-configuration/read-kubelet-configuration.ts";
import type {
  KubeletConfiguration,
  ShutdownGrace,
} from "../model/kubelet-configuration/kubelet-configuration.ts";
import { showConfiguration } from "../model/kubelet-configuration/show-configuration.ts";
import type { Files } from "../world/files.ts";
import { wordsOf, type Log } from "../world/log.ts";
import { Refusal } from "./refusal.ts";

export interface KubeletFlags {
  readonly config?: string;
  readonly podManifestPath?: string;
  readonly manifestUrl?: string;
  readonly manifestUrlHeader?: readonly string[];
  readonly fileCheckFrequency?: string;
  readonly httpCheckFrequency?: string;
  readonly registerWithTaints?: string;
  readonly address?: string;
  readonly port?: number;
  readonly maxPods?: number;
  readonly containerRuntimeEndpoint?: string;
}

export interface KubeletSettings {
  readonly staticPods: StaticPodsConfig | undefined;
  readonly taints: readonly Taint[];
  readonly address: string | undefined;
  readonly port: number;
  readonly maxPods: number | undefined;
  readonly podLogsDir: string | undefined;
  readonly heartbeatPeriod: Millis | undefined;
  readonly access: AccessSettings;
  /** Beside the cluster's, whose client certificates are taken. */
  readonly clientCaFile: string | undefined;
  readonly readOnlyPort: number | undefined;
  readonly streamIdleTimeout: Millis | undefined;
  readonly shown: Readonly<Record<string, unknown>>;
  readonly logRotation: RotationOptions;
  readonly eviction: EvictionSettings;
  readonly shutdownGraces: readonly ShutdownGrace[];
  readonly reservedOf: (capacity: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

/** Throws a Refusal where flags or file are wrong. */
export async function kubeletSettings(files: Files, log: Log, flags: KubeletFlags): Promise<KubeletSettings> {
  const file = await configurationOf(files, log, flags.config);
  const endpoint = flags.containerRuntimeEndpoint ?? file.containerRuntimeEndpoint ?? "process";
  if (endpoint !== "process")
    throw new Refusal(
      `cannot use the container runtime endpoint ${JSON.stringify(endpoint)}: only "process" is there`,
      2,
    );
  return {
    staticPods: staticPodsOf(flags, file),
    taints:
      flags.registerWithTaints === undefined
        ? (file.registerWithTaints ?? [])
        : readTaints(flags.registerWithTaints),
    address: flags.address ?? file.address,
    port: flags.port ?? file.port ?? 0,
    maxPods: flags.maxPods ?? file.maxPods,
    podLogsDir: file.podLogsDir,
    heartbeatPeriod: file.nodeStatusUpdateFrequency,
    ...accessOf(file),
    streamIdleTimeout: file.streamingConnectionIdleTimeout,
    shown: showConfiguration({ ...file, ...shownFlags(flags) }),
    eviction: evictionSettings(file),
    shutdownGraces: shutdownGraces(file),
    reservedOf: (capacity) => reservedOf(file, capacity),
    logRotation: {
      ...logRotationDefault,
      ...(file.containerLogMaxSize === undefined ? {} : { sizeMax: unitsOf(file.containerLogMaxSize) }),
      ...(file.containerLogMaxFiles === undefined ? {} : { filesMax: file.containerLogMaxFiles }),
      ...(file.containerLogMonitorInterval === undefined ? {} : { period: file.containerLogMonitorInterval }),
    },
  };
}

function accessOf(
  file: KubeletConfiguration,
): Pick<KubeletSettings, "access" | "clientCaFile" | "readOnlyPort"> {
  const { anonymous, webhook, x509 } = file.authentication ?? {};
  const { mode, webhook: cache } = file.authorization ?? {};
  return {
    access: {
      anonymous: anonymous?.enabled ?? accessDefault.anonymous,
      tokens: webhook?.enabled ?? accessDefault.tokens,
      tokenTtl: webhook?.cacheTTL ?? accessDefault.tokenTtl,
      authorization: mode === "AlwaysAllow" ? "AlwaysAllow" : accessDefault.authorization,
      allowedTtl: cache?.cacheAuthorizedTTL ?? accessDefault.allowedTtl,
      deniedTtl: cache?.cacheUnauthorizedTTL ?? accessDefault.deniedTtl,
    },
    clientCaFile: x509?.clientCAFile,
    readOnlyPort: file.readOnlyPort === 0 ? undefined : file.readOnlyPort,
  };
}

/** Those flags that are fields of the file, too. */
const shownFlags = ({
  podManifestPath,
  manifestUrl,
  address,
  port,
  maxPods,
}: KubeletFlags): KubeletConfiguration => ({
  ...(podManifestPath === undefined ? {} : { staticPodPath: podManifestPath }),
  ...(manifestUrl === undefined ? {} : { staticPodURL: manifestUrl }),
  ...(address === undefined ? {} : { address }),
  ...(port === undefined ? {} : { port }),
  ...(maxPods === undefined ? {} : { maxPods }),
});

async function configurationOf(
  files: Files,
  log: Log,
  path: string | undefined,
): Promise<KubeletConfiguration> {
  if (path === undefined) return {};
  let text: string | undefined;
  try {
    text = await files.readText(path);
  } catch (thrown) {
    throw new Refusal(`cannot read --config ${path}: ${wordsOf(thrown)}`, 2);
  }
  if (text === undefined)
    throw new Refusal(`cannot read --config ${path}: there is no such file; give one that is`, 2);
  const read = readKubeletConfiguration(path, text);
  if (read.is === "bad")
    throw new Refusal(`cannot use --config ${path}:\n  ${read.problems.join("\n  ")}`, 2);
  for (const note of read.notes) log.warn("setting not gone by", { because: note });
  const beside = (at: string | undefined) => (at === undefined ? undefined : resolve(dirname(path), at));
  const staticPodPath = beside(read.configuration.staticPodPath || undefined);
  const podLogsDir = beside(read.configuration.podLogsDir);
  const { staticPodPath: _path, podLogsDir: _logs, ...rest } = read.configuration;
  return {
    ...rest,
    ...(staticPodPath === undefined ? {} : { staticPodPath }),
    ...(podLogsDir === undefined ? {} : { podLogsDir }),
  };
}

function staticPodsOf(flags: KubeletFlags, file: KubeletConfiguration): StaticPodsConfig | undefined {
  const folder = flags.podManifestPath === undefined ? file.staticPodPath : resolve(flags.podManifestPath);
  const url = flags.manifestUrl ?? (file.staticPodURL || undefined);
  if (folder === undefined && url === undefined) return undefined;
  if (url !== undefined) checkUrl(url);
  const fileCheckPeriod =
    readPeriod("--file-check-frequency", flags.fileCheckFrequency) ?? file.fileCheckFrequency;
  const httpCheckPeriod =
    readPeriod("--http-check-frequency", flags.httpCheckFrequency) ?? file.httpCheckFrequency;
  const urlHeaders =
    flags.manifestUrlHeader === undefined
      ? Object.fromEntries(
          Object.entries(file.staticPodURLHeader ?? {}).map(([name, values]) => [name, values.join(", ")]),
        )
      : Object.fromEntries(flags.manifestUrlHeader.map(readHeader));
  return {
    ...(folder === undefined ? {} : { folder }),
    ...(url === undefined ? {} : { url, urlHeaders }),
    ...(fileCheckPeriod === undefined ? {} : { fileCheckPeriod }),
    ...(httpCheckPeriod === undefined ? {} : { httpCheckPeriod }),
  };
}

function checkUrl(url: string): void {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new Refusal(
      `cannot use the manifest URL ${JSON.stringify(url)}: it is not an http or https URL`,
      2,
    );
}

function readHeader(text: string): [string, string] {
  const at = text.indexOf(":");
  const name = text.slice(0, at).trim();
  if (at < 1 || name === "")
    throw new Refusal(`cannot use --manifest-url-header ${JSON.stringify(text)}: it is not name:value`, 2);
  return [name, text.slice(at + 1).trim()];
}

function readPeriod(flag: string, text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined;
  const length = parseGoDuration(text);
  if (length === undefined || length < 1)
    throw new Refusal(
      `cannot use ${flag} ${JSON.stringify(text)}: it is not a length of time such as "20s" or "1m30s"`,
      2,
    );
  return length;
}

/** `key=value:Effect,key:Effect` */
function readTaints(text: string): Taint[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const found = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(part);
      const [, key, value, effect] = found ?? [];
      if (key === undefined || effect === undefined)
        throw new Refusal(
          `cannot use --register-with-taints: ${JSON.stringify(part)} is not key=value:Effect, with the effect NoSchedule, PreferNoSchedule or NoExecute`,
          2,
        );
      return { key, effect, ...(value === undefined || value === "" ? {} : { value }) };
    });
}
