// Owns which checks `init` makes before it touches the machine.
import { join } from "node:path";
import { manifestName, planControlPlane } from "../bootstrap/plan-control-plane.ts";
import {
  fileAbsent,
  folderEmpty,
  memoryEnough,
  nodeNameFits,
  noKubelet,
  portFree,
  privileged,
  programThere,
  toolsThere,
  type Check,
} from "../bootstrap/preflight.ts";
import type { InitMachine } from "./init-machine.ts";
import { listOf } from "./machine-flags.ts";

export function initChecks({ world, options, layout, nodeName, plane, kubelet }: InitMachine): Check[] {
  const { etcd } = plane;
  const ports = [
    plane.apiServerPort,
    plane.schedulerPort,
    plane.controllerManagerPort,
    kubelet.port,
    ...(etcd === undefined ? [] : [etcd.port, etcd.port + 1, etcd.port + 2]),
  ];
  return [
    ...(etcd === undefined ? [] : [programThere("etcd", etcd.program), folderEmpty(world, etcd.dataDir)]),
    privileged(world),
    nodeNameFits(nodeName),
    memoryEnough(world),
    ...toolsThere(world),
    // A service manager may be trying to start it already, where that is not ours to do.
    ...(listOf(options.skipPhases).includes("kubelet-start") ? [] : [noKubelet(world, layout.kubeletRoot)]),
    ...ports.map((port) => portFree(world, options.advertiseAddress, port)),
    ...planControlPlane(plane).map(({ name }) =>
      fileAbsent(world, join(layout.manifests, manifestName(name))),
    ),
    ...[layout.adminConf, layout.controllerManagerConf, layout.schedulerConf, layout.kubeletConf].map(
      (path) => fileAbsent(world, path),
    ),
    folderEmpty(world, layout.apiServerData),
    folderEmpty(world, layout.kubeletRoot),
  ];
}
