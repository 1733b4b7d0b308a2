// Owns what flags come to that several of the commands for a machine have.
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { layoutOf, type Layout } from "../bootstrap/layout.ts";
import type { KubeletPlan } from "../bootstrap/plan-kubelet.ts";
import type { Millis } from "../lib/units.ts";
import { parseGoDuration } from "../model/go-duration.ts";
import { subdomainNameFaults } from "../model/names.ts";
import { Refusal } from "./refusal.ts";

/** The words by which another process of this very program is started. */
export const ownProgram = (): readonly string[] => [
  process.execPath,
  ...(process.argv[1] === undefined ? [] : [realpathSync(process.argv[1])]),
];

/** Every pod's name on the node ends in it. */
export function nodeNameOf(given: string | undefined): string {
  const name = (given ?? hostname()).toLowerCase();
  const [fault] = subdomainNameFaults(name);
  if (fault !== undefined) throw new Refusal(`cannot use --node-name ${JSON.stringify(name)}: ${fault}`, 2);
  return name;
}

interface MachineFlags {
  readonly dataDir: string;
  readonly podManifestPath?: string;
  readonly nodeName?: string;
  readonly kubeletPort: number;
}

/** Where this machine keeps what, its name, and its kubelet. */
export function planMachine(
  flags: MachineFlags,
  nodeIp: string,
): { readonly layout: Layout; readonly nodeName: string; readonly kubelet: KubeletPlan } {
  const layout = layoutOf(
    resolve(flags.dataDir),
    flags.podManifestPath === undefined ? undefined : resolve(flags.podManifestPath),
  );
  const nodeName = nodeNameOf(flags.nodeName);
  const kubelet = { program: ownProgram(), ...layout, nodeName, nodeIp, port: flags.kubeletPort };
  return { layout, nodeName, kubelet };
}

export const listOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** `24h`, `90s`. */
export function lengthOf(flag: string, text: string): Millis {
  const length = parseGoDuration(text);
  if (length === undefined || length < 0)
    throw new Refusal(
      `cannot use ${flag} ${JSON.stringify(text)}: it is not a length of time such as "24h" or "1h30m"`,
      2,
    );
  return length;
}

/** What a kubelet started by us finds in its environment: nothing of the person's own session but where programs are. */
export const serviceEnvironment = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ...(process.env["HOME"] === undefined ? {} : { HOME: process.env["HOME"] }),
});
