// Owns what the phases of `init` work with: the machine's layout, its authority, and the cluster as its administrator sees it.
import { join } from "node:path";
import { CannotBootstrap } from "../bootstrap/cannot.ts";
import { drawToken } from "../bootstrap/draw-token.ts";
import type { Layout } from "../bootstrap/layout.ts";
import { resumeMade, type MadeFiles } from "../bootstrap/made-files.ts";
import { urlHost, type ControlPlane } from "../bootstrap/plan-control-plane.ts";
import { planKubeletCommand, type KubeletPlan } from "../bootstrap/plan-kubelet.ts";
import type { Client } from "../client/client.ts";
import { createClient } from "../client/kube-client.ts";
import type { HttpTransport } from "../client/http-transport.ts";
import type { Millis } from "../lib/units.ts";
import { parseBootstrapToken, type BootstrapToken } from "../model/bootstrap-token.ts";
import { version } from "../model/version.ts";
import { fits } from "../world/certificates.ts";
import type { LogLevel } from "../world/log.ts";
import { openAuthority, type Authority } from "./authority.ts";
import { reachCluster } from "./cluster-access.ts";
import type { KubeletService } from "./hold-kubelet.ts";
import { lengthOf } from "./machine-flags.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface InitCommand {
  readonly dataDir: string;
  readonly advertiseAddress: string;
  readonly nodeName?: string;
  readonly apiserverBindPort: number;
  readonly controllerManagerPort: number;
  readonly schedulerPort: number;
  readonly kubeletPort: number;
  readonly podManifestPath?: string;
  readonly token?: string;
  readonly tokenTtl: string;
  readonly timeout: string;
  readonly skipPhases?: string;
  readonly ignorePreflightErrors?: string;
  readonly dryRun?: boolean;
  readonly foreground?: boolean;
  readonly printUnit?: boolean;
  readonly etcd?: boolean;
  readonly etcdPort: number;
  readonly logLevel: LogLevel;
}

export interface InitMachine {
  readonly world: World;
  readonly options: InitCommand;
  readonly layout: Layout;
  readonly nodeName: string;
  readonly kubelet: KubeletPlan;
  readonly plane: ControlPlane;
  readonly service: KubeletService;
  /** `https://192.0.2.1:6443` */
  readonly server: string;
  readonly token: BootstrapToken;
  readonly tokenTtl: Millis;
  readonly timeout: Millis;
  readonly made: MadeFiles;
  readonly say: (line: string) => void;
  authority(): Promise<Authority>;
  /** Of etcd's certificates. */
  etcdAuthority(): Promise<Authority>;
  /** As the administrator whose kubeconfig was written. */
  client(): Promise<Client>;
  close(): Promise<void>;
}

type Given = Pick<InitMachine, "options" | "layout" | "nodeName" | "kubelet" | "say">;

export async function beginInit(world: World, given: Given): Promise<InitMachine> {
  const { options, layout, nodeName, kubelet } = given;
  const token = options.token === undefined ? drawToken(world.random) : parseBootstrapToken(options.token);
  if (token === undefined)
    throw new Refusal("cannot use --token: it is not of the form abcdef.0123456789abcdef", 2);
  const { made } = await resumeMade(
    world.files,
    { layout, by: "init", nodeName },
    `cannot set up ${layout.dataDir}: this machine joined a cluster; undo that with \`everynode reset\``,
  );
  let authority: Promise<Authority> | undefined;
  let etcdAuthority: Promise<Authority> | undefined;
  let transport: HttpTransport | undefined;
  return {
    ...given,
    world,
    token,
    made,
    plane: await planeOf(world, given),
    service: { layout, command: planKubeletCommand(kubelet), running: undefined },
    server: `https://${urlHost(options.advertiseAddress)}:${options.apiserverBindPort}`,
    tokenTtl: lengthOf("--token-ttl", options.tokenTtl),
    timeout: lengthOf("--timeout", options.timeout),
    authority: () => (authority ??= authorityOf(world, layout.pki, made)),
    etcdAuthority: () => (etcdAuthority ??= authorityOf(world, layout.etcdPki, made)),
    async client() {
      transport ??= (await reachCluster(world, layout.adminConf, "everynode")).transport;
      return createClient(transport);
    },
    close: async () => transport?.close(),
  };
}

async function planeOf(world: World, { options, layout, nodeName, kubelet }: Given): Promise<ControlPlane> {
  const plane: ControlPlane = {
    ...layout,
    program: kubelet.program,
    version,
    address: options.advertiseAddress,
    apiServerPort: options.apiserverBindPort,
    controllerManagerPort: options.controllerManagerPort,
    schedulerPort: options.schedulerPort,
  };
  if (options.etcd !== true) return plane;
  const program = await programOnPath(world.processes, "etcd");
  const etcd = {
    name: nodeName,
    program,
    dataDir: layout.etcdData,
    port: options.etcdPort,
    pki: layout.etcdPki,
  };
  return { ...plane, etcd };
}

/** Its path; where there is none, the bare name, of which a check before anything is done complains. */
async function programOnPath(processes: World["processes"], name: string): Promise<string> {
  const { code, stdout } = await processes.run(["/bin/sh", "-c", 'command -v "$0"', name]);
  return code === 0 ? stdout.trim() : name;
}

/** The one that is there is used, and never replaced: somebody's certificates may hang on it. */
async function authorityOf(
  { clock, files, log }: World,
  folder: string,
  made: MadeFiles,
): Promise<Authority> {
  const [cert, key] = await Promise.all([
    files.readText(join(folder, "ca.crt")),
    files.readText(join(folder, "ca.key")),
  ]);
  if (cert !== undefined || key !== undefined) {
    const fit = fits(
      clock,
      { cert: cert ?? "", key: key ?? "" },
      { commonName: "everynode-ca", use: { is: "authority" } },
    );
    if (fit.is === "unfit")
      throw new CannotBootstrap(
        `cannot use the authority in ${folder}: ${fit.because}; put a whole pair ca.crt and ca.key there whose common name is everynode-ca, or move it away`,
      );
  }
  return openAuthority({ clock, files: made.files, log, folder });
}
