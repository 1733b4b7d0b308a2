// Owns the phases of `init` in their order, each with what it does and what it would do.
import { join } from "node:path";
import { stringify } from "yaml";
import {
  invite,
  isSigned,
  joinCommand,
  markControlPlane,
  uploadConfig,
} from "../bootstrap/cluster-objects.ts";
import { found, until } from "../bootstrap/ensure.ts";
import { logTail, untilHealthy } from "../bootstrap/kubelet-process.ts";
import type { Phase } from "../bootstrap/phases.ts";
import { manifestName, planControlPlane, urlHost } from "../bootstrap/plan-control-plane.ts";
import { planKubeletConfiguration } from "../bootstrap/plan-kubelet.ts";
import { tokenText } from "../model/bootstrap-token.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { writeKubeconfig } from "../model/kubeconfig.ts";
import { kubernetesVersion } from "../model/version.ts";
import { publicKeyPin } from "../world/signatures.ts";
import type { InitMachine } from "./init-machine.ts";
import { initChecks } from "./init-checks.ts";
import { kubeletStart, preflightPhase } from "./machine-phases.ts";
import { openTokenKey } from "./token-key.ts";
import { ownIdentity } from "./start-api-server.ts";

export const initPhases = (machine: InitMachine): readonly Phase[] => [
  preflightPhase(machine, () => initChecks(machine)),
  certs(machine),
  kubeconfig(machine),
  kubeletConfig(machine),
  etcdPhase(machine),
  controlPlane(machine),
  kubeletStart(machine),
  waitControlPlane(machine),
  uploadConfigPhase(machine),
  mark(machine),
  bootstrapToken(machine),
  {
    // The service proxy will be a DaemonSet that is applied here.
    name: "addon/kube-proxy",
    run: () =>
      Promise.resolve(machine.say("[addon/kube-proxy] nothing to install: there is no service proxy yet")),
    dry: () => [],
  },
  showJoinCommand(machine),
];

function certs(machine: InitMachine): Phase {
  const { layout, say, options } = machine;
  return {
    name: "certs",
    async run() {
      await ownIdentity(await machine.authority(), options.advertiseAddress);
      await openTokenKey({ files: machine.made.files, folder: layout.pki });
      say(`[certs] the cluster's authority and the API server's certificates are in ${layout.pki}`);
    },
    dry: () =>
      ["ca", "apiserver", "apiserver-kubelet-client"].map(
        (name) => `make ${join(layout.pki, name)}.crt and .key where they are missing`,
      ),
  };
}

interface Identity {
  readonly path: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
}

const identitiesOf = ({ layout, nodeName }: InitMachine): readonly Identity[] => [
  { path: layout.adminConf, commonName: "kubernetes-admin", organizations: ["system:masters"] },
  {
    path: layout.controllerManagerConf,
    commonName: "system:kube-controller-manager",
    organizations: [],
  },
  { path: layout.schedulerConf, commonName: "system:kube-scheduler", organizations: [] },
  { path: layout.kubeletConf, commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] },
];

function kubeconfig(machine: InitMachine): Phase {
  const { world, made, say, server } = machine;
  return {
    name: "kubeconfig",
    async run() {
      const authority = await machine.authority();
      for (const { path, commonName, organizations } of identitiesOf(machine)) {
        const pair = await authority.sign({ commonName, organizations, use: { is: "client" } });
        const access = { server, ca: authority.ca.cert, ...pair };
        await made.files.writeText(path, writeKubeconfig(access, "everynode", commonName), 0o600);
        say(`[kubeconfig] wrote ${path} (${commonName})`);
      }
      world.log.debug("kubeconfigs written");
    },
    dry: () => identitiesOf(machine).map(({ path, commonName }) => `write ${path} (${commonName})`),
  };
}

const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");

function kubeletConfig({ layout, kubelet, made, say }: InitMachine): Phase {
  const text = stringify(planKubeletConfiguration(kubelet));
  return {
    name: "kubelet-config",
    async run() {
      await made.files.writeText(layout.kubeletConfiguration, text);
      say(`[kubelet-config] wrote ${layout.kubeletConfiguration}`);
    },
    dry: () => [`write ${layout.kubeletConfiguration}:\n${indented(text)}`],
  };
}

/** Writes static pods, of which the kubelet starts each as soon as it sees the file. */
function manifests(
  { layout, plane, made, say }: InitMachine,
  phase: string,
  isWanted: (name: string) => boolean,
): Pick<Phase, "run" | "dry"> {
  const files = planControlPlane(plane)
    .filter(({ name }) => isWanted(name))
    .map(({ name, pod }) => ({
      name,
      path: join(layout.manifests, manifestName(name)),
      text: stringify(pod, { lineWidth: 0 }),
    }));
  return {
    async run() {
      await made.files.makeFolder(layout.manifests);
      for (const { name, path, text } of files) {
        await made.files.writeText(path, text, 0o600);
        say(`[${phase}] wrote the static pod of ${name}: ${path}`);
      }
    },
    dry: () => files.map(({ path, text }) => `write ${path}:\n${indented(text)}`),
  };
}

function etcdPhase(machine: InitMachine): Phase {
  const { plane, layout, made, nodeName, options, say } = machine;
  const name = "etcd";
  const pods = manifests(machine, name, (component) => component === name);
  if (plane.etcd === undefined)
    return {
      name,
      run: () => Promise.resolve(say(`[${name}] none: the API server keeps objects in its own store`)),
      dry: () => [],
    };
  return {
    name,
    async run() {
      const authority = await machine.etcdAuthority();
      const names = [...new Set([nodeName, "localhost", "127.0.0.1", options.advertiseAddress])];
      for (const pair of ["server", "peer"])
        await authority.issue(pair, { commonName: nodeName, use: { is: "both", names } });
      await authority.issue("apiserver-etcd-client", {
        commonName: "kube-apiserver-etcd-client",
        use: { is: "client" },
      });
      await made.tree(layout.etcdData);
      await made.files.makeFolder(layout.etcdData, 0o700);
      await pods.run();
    },
    dry: () => [`make etcd's certificates in ${layout.etcdPki}`, ...pods.dry()],
  };
}

function controlPlane(machine: InitMachine): Phase {
  const { layout, made } = machine;
  const name = "control-plane";
  const pods = manifests(machine, name, (component) => component !== "etcd");
  return {
    name,
    async run() {
      await made.tree(layout.apiServerData);
      await pods.run();
    },
    dry: pods.dry,
  };
}

const logHint = async ({ world, layout }: InitMachine): Promise<string> => {
  const tail = await logTail(world.files, layout.kubeletLog);
  return `see \`everynode ps -a --root-dir ${layout.kubeletRoot}\`, \`everynode logs -n kube-system\` and the kubelet's log ${layout.kubeletLog}${tail === "" ? "" : `, which ends:\n${tail}`}`;
};

function waitControlPlane(machine: InitMachine): Phase {
  const { world, plane, kubelet, say, service, timeout } = machine;
  const kubeletUrl = `https://${urlHost(kubelet.nodeIp)}:${kubelet.port}/healthz`;
  const components = planControlPlane(plane).map(({ name, health }) => [name, health] as const);
  const urls = { kubelet: kubeletUrl, ...Object.fromEntries(components) };
  return {
    name: "wait-control-plane",
    async run() {
      say(`[wait-control-plane] waiting up to ${timeout / 1000} s for the control plane to be healthy`);
      const broken = service.running?.ended;
      const wait = {
        ...world,
        timeout,
        orElse: () => logHint(machine),
        ...(broken === undefined ? {} : { broken }),
      };
      const from = world.clock.now();
      await untilHealthy(wait, urls, (name) =>
        say(
          `[wait-control-plane] ${name} is healthy after ${((world.clock.now() - from) / 1000).toFixed(1)} s`,
        ),
      );
    },
    dry: () => Object.entries(urls).map(([name, url]) => `wait for ${name} at ${url}`),
  };
}

function uploadConfigPhase(machine: InitMachine): Phase {
  const { server, layout, kubelet, say } = machine;
  return {
    name: "upload-config",
    async run() {
      await uploadConfig(await machine.client(), {
        server,
        version: kubernetesVersion,
        dataDir: layout.dataDir,
        kubeletConfiguration: planKubeletConfiguration(kubelet),
      });
      say(
        "[upload-config] stored the configuration in the ConfigMaps kubeadm-config and kubelet-config of kube-system",
      );
    },
    dry: () => ["create the ConfigMaps kubeadm-config and kubelet-config in kube-system"],
  };
}

function mark(machine: InitMachine): Phase {
  const { world, nodeName, say, timeout } = machine;
  return {
    name: "mark-control-plane",
    async run() {
      const client = await machine.client();
      const wait = { clock: world.clock, timeout, orElse: () => logHint(machine) };
      await until({ ...wait, what: `node ${nodeName} registered` }, async () =>
        found(await client.of(nodeKind).get({ name: nodeName })),
      );
      await markControlPlane(client, nodeName);
      say(
        `[mark-control-plane] node ${nodeName} is marked node-role.kubernetes.io/control-plane and tainted so, NoSchedule`,
      );
    },
    dry: () => [`label and taint node ${nodeName}: node-role.kubernetes.io/control-plane:NoSchedule`],
  };
}

function bootstrapToken(machine: InitMachine): Phase {
  const { world, token, tokenTtl, server, say } = machine;
  return {
    name: "bootstrap-token",
    async run() {
      const expires = tokenTtl === 0 ? undefined : world.clock.now() + tokenTtl;
      const { ca } = await machine.authority();
      const client = await machine.client();
      await invite(client, { token, expires, server, ca: ca.cert });
      const wait = { clock: world.clock, timeout: machine.timeout, orElse: () => logHint(machine) };
      await until({ ...wait, what: "cluster-info signed" }, async () =>
        (await isSigned(client, token)) === "signed" ? true : undefined,
      );
      say(
        `[bootstrap-token] token ${token.id} lets machines join${tokenTtl === 0 ? "" : ` for ${machine.options.tokenTtl}`}; cluster-info is in kube-public`,
      );
    },
    dry: () => ["create a bootstrap token in kube-system and the ConfigMap cluster-info in kube-public"],
  };
}

function showJoinCommand(machine: InitMachine): Phase {
  const { layout, server, token, say } = machine;
  return {
    name: "show-join-command",
    async run() {
      const { ca } = await machine.authority();
      say(`
This machine is a cluster now. To use it:

  export KUBECONFIG=${layout.adminConf}
  kubectl get nodes

To add a machine, run there:

  ${joinCommand(server, tokenText(token), publicKeyPin(ca.cert))}
`);
    },
    dry: () => ["print the command by which other machines join"],
  };
}
