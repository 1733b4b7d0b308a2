// Owns which checks `init` makes before it touches the machine.
import { join } from "node:path";
import { componentNames, manifestName } from "../bootstrap/plan-control-plane.ts";
import {
  fileAbsent,
  folderEmpty,
  memoryEnough,
  nodeNameFits,
  noKubelet,
  portFree,
  privileged,
  toolsThere,
  type Check,
} from "../bootstrap/preflight.ts";
import type { InitMachine } from "./init-machine.ts";

export function initChecks({ world, options, layout, nodeName, plane, kubelet }: InitMachine): Check[] {
  const ports = [plane.apiServerPort, plane.schedulerPort, plane.controllerManagerPort, kubelet.port];
  return [
    privileged(world),
    nodeNameFits(nodeName),
    memoryEnough(world),
    ...toolsThere(world),
    noKubelet(world, layout.kubeletRoot),
    ...ports.map((port) => portFree(world, options.advertiseAddress, port)),
    ...componentNames.map((name) => fileAbsent(world, join(layout.manifests, manifestName(name)))),
    ...[layout.adminConf, layout.controllerManagerConf, layout.schedulerConf, layout.kubeletConf].map(
      (path) => fileAbsent(world, path),
    ),
    folderEmpty(world, layout.apiServerData),
    folderEmpty(world, layout.kubeletRoot),
  ];
}
