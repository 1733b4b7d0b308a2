// Owns finding the nodes that have their containers under a folder: one kubelet's, or all of `up`'s.
import { join, resolve } from "node:path";
import { seeContainers, type SeenContainer } from "../runtime/process/read-containers.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface NodeContainers {
  /** The folder's name where there is more than one node under the root, else empty. */
  readonly node: string;
  readonly containers: readonly SeenContainer[];
}

const ownRoot = ".everynode-kubelet";
const upRoot = ".everynode";

/** Looks at `rootDir`, or where `kubelet` and `up` keep things unless told otherwise. Throws a Refusal where nothing is. */
export async function containersUnder(
  { files, processes }: World,
  rootDir: string | undefined,
): Promise<readonly NodeContainers[]> {
  const roots = rootDir === undefined ? [ownRoot, upRoot] : [rootDir];
  for (const root of roots.map((path) => resolve(path))) {
    const own = await seeContainers({ files, processes, folder: join(root, "runtime") });
    if (own !== undefined) return [{ node: "", containers: own }];
    const found: NodeContainers[] = [];
    for (const node of (await files.list(join(root, "nodes"))) ?? []) {
      const containers = await seeContainers({
        files,
        processes,
        folder: join(root, "nodes", node, "runtime"),
      });
      if (containers !== undefined) found.push({ node, containers });
    }
    if (found.length > 0) return found;
  }
  throw new Refusal(
    `cannot look at the node's containers: no node has kept any under ${roots.join(" or ")}; give the kubelet's --root-dir, or the --data-dir of up`,
  );
}
