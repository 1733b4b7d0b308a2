// Owns the phases of `join` in their order, each with what it does and what it would do.
import { stringify } from "yaml";
import { found, until } from "../bootstrap/ensure.ts";
import { CannotBootstrap } from "../bootstrap/cannot.ts";
import { logTail } from "../bootstrap/kubelet-process.ts";
import type { Phase } from "../bootstrap/phases.ts";
import { planKubeletConfiguration } from "../bootstrap/plan-kubelet.ts";
import {
  fileAbsent,
  folderEmpty,
  nodeNameFits,
  noKubelet,
  portFree,
  privileged,
  toolsThere,
  type Check,
} from "../bootstrap/preflight.ts";
import { checkNameFree, requestIdentity } from "../bootstrap/request-identity.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { writeKubeconfig } from "../model/kubeconfig.ts";
import type { JoinMachine } from "./join-machine.ts";
import { listOf } from "./machine-flags.ts";
import { kubeletStart, preflightPhase } from "./machine-phases.ts";

export const joinPhases = (machine: JoinMachine): readonly Phase[] => [
  preflightPhase(machine, () => joinChecks(machine)),
  discovery(machine),
  tlsBootstrap(machine),
  kubeletConfig(machine),
  kubeletStart(machine),
  waitNode(machine),
];

function joinChecks({ world, options, layout, nodeName, kubelet }: JoinMachine): Check[] {
  return [
    privileged(world),
    nodeNameFits(nodeName),
    ...toolsThere(world),
    // A service manager may be trying to start it already, where that is not ours to do.
    ...(listOf(options.skipPhases).includes("kubelet-start") ? [] : [noKubelet(world, layout.kubeletRoot)]),
    portFree(world, kubelet.nodeIp, kubelet.port),
    fileAbsent(world, layout.kubeletConf),
    folderEmpty(world, layout.kubeletRoot),
  ];
}

function discovery(machine: JoinMachine): Phase {
  return {
    name: "discovery",
    async run() {
      const { server } = await machine.cluster();
      machine.say(`[discovery] the cluster is at ${server}; its authority is the right one`);
    },
    dry: () => [`ask ${machine.options.server ?? ""} for its cluster-info and check token and authority`],
  };
}

function tlsBootstrap(machine: JoinMachine): Phase {
  const { world, layout, nodeName, made, say, timeout } = machine;
  return {
    name: "tls-bootstrap",
    async run() {
      const access = await machine.cluster();
      const client = await machine.asBootstrapper();
      const asked = { clock: world.clock, client, nodeName, timeout, say };
      await checkNameFree(asked);
      const pair = await requestIdentity(asked);
      const text = writeKubeconfig({ ...access, ...pair }, "everynode", `system:node:${nodeName}`);
      await made.files.writeText(layout.kubeletConf, text, 0o600);
      say(`[tls-bootstrap] the certificate is signed; wrote ${layout.kubeletConf}`);
    },
    dry: () => [`ask for a certificate for system:node:${nodeName} and write ${layout.kubeletConf}`],
  };
}

function kubeletConfig({ layout, kubelet, made, say }: JoinMachine): Phase {
  return {
    name: "kubelet-config",
    async run() {
      await made.files.makeFolder(layout.manifests);
      const text = stringify(planKubeletConfiguration(kubelet));
      await made.files.writeText(layout.kubeletConfiguration, text);
      say(`[kubelet-config] wrote ${layout.kubeletConfiguration}`);
    },
    dry: () => [`write ${layout.kubeletConfiguration}`],
  };
}

function waitNode(machine: JoinMachine): Phase {
  const { world, layout, nodeName, say, service, timeout } = machine;
  const tail = async () => `its kubelet's log ends:\n${await logTail(world.files, layout.kubeletLog)}`;
  return {
    name: "wait-node",
    async run() {
      const client = await machine.asNode();
      let ended = false;
      void service.running?.ended.then(() => (ended = true));
      const wait = { clock: world.clock, timeout, what: `node ${nodeName} Ready`, orElse: tail };
      await until(wait, async () => {
        if (ended) throw new CannotBootstrap(`cannot join: the kubelet has ended; ${await tail()}`);
        const node = found(await client.of(nodeKind).get({ name: nodeName }));
        return node?.status?.conditions?.find(({ type, status }) => type === "Ready" && status === "True");
      });
      say(
        `[wait-node] this machine is node ${nodeName} and Ready; see it with \`kubectl get nodes\` on the control plane`,
      );
    },
    dry: () => [`wait for node ${nodeName} to be Ready`],
  };
}
