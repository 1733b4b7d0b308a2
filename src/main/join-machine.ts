// Owns what the phases of `join` work with: the machine's layout, the token, and what was found out of the cluster.
import { discover, type Discovered } from "../bootstrap/discovery.ts";
import type { Layout } from "../bootstrap/layout.ts";
import { resumeMade, type MadeFiles } from "../bootstrap/made-files.ts";
import { planKubeletCommand, type KubeletPlan } from "../bootstrap/plan-kubelet.ts";
import type { Client } from "../client/client.ts";
import { httpTransport, type HttpTransport } from "../client/http-transport.ts";
import { createClient } from "../client/kube-client.ts";
import type { Millis } from "../lib/units.ts";
import { parseBootstrapToken, tokenText, type BootstrapToken } from "../model/bootstrap-token.ts";
import { version } from "../model/version.ts";
import type { LogLevel } from "../world/log.ts";
import { reachCluster } from "./cluster-access.ts";
import type { KubeletService } from "./hold-kubelet.ts";
import { lengthOf } from "./machine-flags.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface JoinCommand {
  readonly server?: string;
  readonly token?: string;
  readonly caHash?: readonly string[];
  readonly discoveryTokenCaCertHash?: readonly string[];
  readonly discoveryTokenUnsafeSkipCaVerification?: boolean;
  readonly dataDir: string;
  readonly nodeName?: string;
  readonly nodeIp: string;
  readonly kubeletPort: number;
  readonly podManifestPath?: string;
  readonly timeout: string;
  readonly skipPhases?: string;
  readonly ignorePreflightErrors?: string;
  readonly dryRun?: boolean;
  readonly foreground?: boolean;
  readonly printUnit?: boolean;
  readonly logLevel: LogLevel;
}

export interface JoinMachine {
  readonly world: World;
  readonly options: JoinCommand;
  readonly layout: Layout;
  readonly nodeName: string;
  readonly kubelet: KubeletPlan;
  readonly service: KubeletService;
  readonly timeout: Millis;
  readonly made: MadeFiles;
  /** Nothing of an earlier set-up is here. */
  readonly isNew: boolean;
  readonly say: (line: string) => void;
  /** Where the cluster is, found out once. */
  cluster(): Promise<Discovered>;
  /** As the token's bearer. */
  asBootstrapper(): Promise<Client>;
  /** As the node that this machine has become. */
  asNode(): Promise<Client>;
  close(): Promise<void>;
}

type Given = Pick<JoinMachine, "options" | "layout" | "nodeName" | "kubelet" | "say">;

// Who gave the token out has seen it signed.
const discoveryMax = 3000;

export async function beginJoin(world: World, given: Given): Promise<JoinMachine> {
  const { options, layout, nodeName, kubelet } = given;
  const { server, token, pins } = readTarget(options);
  const { made, isNew } = await resumeMade(
    world.files,
    { layout, by: "join", nodeName },
    `cannot join from ${layout.dataDir}: it holds a control plane of its own; give another --data-dir, or undo it with \`everynode reset\``,
  );
  const timeout = lengthOf("--timeout", options.timeout);
  const transports: HttpTransport[] = [];
  const remembered = (transport: HttpTransport): Client => {
    transports.push(transport);
    return createClient(transport);
  };
  let cluster: Promise<Discovered> | undefined;
  const found = () =>
    (cluster ??= discover({ ...world, server, token, pins, timeout: Math.min(timeout, discoveryMax) }));
  return {
    ...given,
    world,
    service: { layout, command: planKubeletCommand(kubelet), running: undefined },
    timeout,
    made,
    isNew,
    cluster: found,
    asBootstrapper: async () => {
      const access = { ...(await found()), token: tokenText(token) };
      return remembered(httpTransport({ network: world.network, access, agent: `everynode/${version}` }));
    },
    asNode: async () => remembered((await reachCluster(world, layout.kubeletConf, "everynode")).transport),
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}

interface Target {
  readonly server: string;
  readonly token: BootstrapToken;
  readonly pins: readonly string[];
}

function readTarget(options: JoinCommand): Target {
  const wrong = (message: string) => new Refusal(`cannot join: ${message}`, 2);
  if (options.server === undefined || options.token === undefined)
    throw wrong(
      "--server and --token are needed; `everynode token create --print-join-command` on the control plane prints them",
    );
  const server = options.server.replace(/\/+$/, "");
  if (!URL.canParse(server) || !server.startsWith("https://"))
    throw wrong(`--server ${JSON.stringify(options.server)} is not a URL such as https://192.0.2.1:6443`);
  const token = parseBootstrapToken(options.token);
  if (token === undefined) throw wrong("--token is not of the form abcdef.0123456789abcdef");
  const pins = [...(options.caHash ?? []), ...(options.discoveryTokenCaCertHash ?? [])].map((pin) =>
    pin.toLowerCase(),
  );
  const strange = pins.find((pin) => !/^sha256:[0-9a-f]{64}$/.test(pin));
  if (strange !== undefined)
    throw wrong(`--ca-hash ${JSON.stringify(strange)} is not sha256: and 64 hexadecimal digits`);
  if (pins.length === 0 && options.discoveryTokenUnsafeSkipCaVerification !== true)
    throw wrong(
      "--ca-hash is missing, by which this machine knows that it speaks with the right cluster; take it from the join command, or do without by --discovery-token-unsafe-skip-ca-verification",
    );
  return { server, token, pins };
}
