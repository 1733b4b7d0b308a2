// Owns a container's own /etc/hosts, where its pod names further hosts.
import type { HostAlias, Pod } from "../../model/generated/types.ts";
import type { Mount } from "../../runtime/runtime.ts";
import type { Files } from "../../world/files.ts";

const path = "/etc/hosts";

/** The host's file, since containers are on its network, and the pod's names after it. */
export const hostsText = (host: string, aliases: readonly HostAlias[]): string =>
  [
    host.trimEnd(),
    "",
    "# Entries added by HostAliases.",
    ...aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`),
    "",
  ].join("\n");

/** Nothing where the pod names none, or the container brings a file of its own. */
export async function hostsMount(
  files: Files,
  podFolder: string,
  pod: Pod,
  others: readonly Mount[],
): Promise<readonly Mount[]> {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0 || others.some(({ containerPath }) => containerPath === path)) return [];
  const file = `${podFolder}/etc-hosts`;
  await files.writeText(file, hostsText((await files.readText(path)) ?? "", aliases), 0o644);
  return [{ hostPath: file, containerPath: path, readonly: false }];
}
