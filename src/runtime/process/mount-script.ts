// Owns the shell lines that put a container's volumes in place in its own mount namespace, unseen by the host.
import type { Mount } from "../runtime.ts";
import { quote } from "./shell-words.ts";

export interface MountTools {
  readonly mount: string;
  readonly umount: string;
  readonly mkdir: string;
  readonly cp: string;
  readonly pivot_root: string;
}

const unsafe = "*[!-A-Za-z0-9._+:@,=~%/]*";

/**
 * `__en_mirror FOLDER` covers a folder with a copy of it in memory whose entries are the host's own, bound one by one,
 * so that a mount point can be made in it that the host never sees. For `/` the copy becomes the root.
 */
const mirror = (tools: MountTools): string[] => [
  "__en_mirror() {",
  "__en_from=${1%/}; __en_copy=$__en_home/copy-$__en_copies; __en_table=$__en_copy.table",
  "__en_copies=$((__en_copies + 1))",
  `${tools.mkdir} "$__en_copy" && ${tools.mount} -n -t tmpfs -o mode=0755 everynode "$__en_copy" || return 1`,
  ': >"$__en_table"; set --',
  'for __en_entry in "$__en_from"/* "$__en_from"/.[!.]* "$__en_from"/..?*; do',
  "__en_name=${__en_entry##*/}",
  `if [ -L "$__en_entry" ]; then ${tools.cp} -P -- "$__en_entry" "$__en_copy/$__en_name" || return 1; continue`,
  `elif [ -d "$__en_entry" ]; then ${tools.mkdir} "$__en_copy/$__en_name" || return 1`,
  'elif [ -e "$__en_entry" ]; then : >"$__en_copy/$__en_name"',
  "else continue; fi",
  // One call of mount for all plain names; the table's own syntax would need the others escaped.
  'case "$__en_entry$__en_copy" in',
  `${unsafe}) ${tools.mount} -n --rbind -- "$__en_entry" "$__en_copy/$__en_name" || return 1 ;;`,
  '*) echo "$__en_entry $__en_copy/$__en_name none rbind 0 0" >>"$__en_table" ;;',
  "esac",
  "done",
  `${tools.mount} -n --all --fstab "$__en_table" || return 1`,
  'if [ -z "$__en_from" ]; then',
  `cd "$__en_copy" && ${tools.pivot_root} . . && ${tools.umount} -l . && cd "$__en_home" || return 1`,
  `else ${tools.mount} -n --move "$__en_copy" "$__en_from" || return 1; fi`,
  "}",
];

/** `__en_place TARGET folder|file` makes a mount point where there is none. */
const place = (tools: MountTools): string[] => [
  "__en_private() {",
  'case "$__en_mirrored" in *"|$1|"*) return 0 ;; esac',
  "__en_part=$1",
  'while [ -n "$__en_part" ]; do',
  'case "$__en_made" in *"|$__en_part|"*) return 0 ;; esac',
  "__en_part=${__en_part%/*}",
  "done",
  "return 1",
  "}",
  "__en_place() {",
  '[ -e "$1" ] && return 0',
  "__en_up=${1%/*}",
  'while [ -n "$__en_up" ] && [ ! -d "$__en_up" ]; do __en_up=${__en_up%/*}; done',
  '__en_tail=${1#"$__en_up"/}',
  '__en_up=$(cd -P -- "${__en_up:-/}" && pwd -P)',
  'if ! __en_private "$__en_up"; then __en_at=$__en_up; __en_mirror "$__en_at" || return 1; __en_mirrored="$__en_mirrored|$__en_at|"; fi',
  "__en_new=${__en_up%/}/$__en_tail",
  '__en_made="$__en_made|${__en_up%/}/${__en_tail%%/*}|"',
  `if [ "$2" = folder ]; then ${tools.mkdir} -p -- "$__en_new"; else ${tools.mkdir} -p -- "\${__en_new%/*}/" && : >"$__en_new"; fi`,
  "}",
];

const fail = (what: string): string =>
  `{ __en_why=; read -r __en_why <why; echo "refused setup "${quote(what)}": $__en_why" >&9; exit 128; }`;

function volume(mount: Mount, tools: MountTools): string[] {
  const source = quote(mount.hostPath);
  const target = quote(mount.containerPath);
  const readonly = mount.readonly ? ` && ${tools.mount} -n -o remount,bind,ro -- ${target}` : "";
  const failed = mount.optional === true ? ":" : fail(`volume at ${mount.containerPath}`);
  return [
    "__en_kind=file",
    `[ -d ${source} ] && __en_kind=folder`,
    `[ -e ${source} ] || { echo ${quote(`${mount.hostPath} does not exist on this host`)} >why; false; } || ${failed}`,
    `{ __en_place ${target} $__en_kind && ${tools.mount} -n --rbind -- ${source} ${target}${readonly}; } 2>why || ${failed}`,
    `__en_made="$__en_made|"${target}"|"`,
  ];
}

/** Everything but the kernel's own file systems and the volumes. */
const readonlyLines = (mounts: readonly Mount[], tools: MountTools): string[] => [
  '__en_points=$(while read -r __en_a __en_b __en_c __en_d __en_point __en_rest; do echo "$__en_point"; done </proc/self/mountinfo)',
  "set -f",
  "for __en_point in $__en_points; do",
  "case $__en_point in",
  "/proc|/proc/*|/sys|/sys/*|/dev|/dev/*) continue ;;",
  ...mounts.map(({ containerPath }) => `${quote(containerPath)}|${quote(containerPath)}/*) continue ;;`),
  "esac",
  `${tools.mount} -n -o remount,bind,ro -- "$__en_point" || { echo "refused setup read-only $__en_point" >&9; exit 128; }`,
  "done",
  "set +f",
];

const tidy = (path: string): string => path.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
const depth = (path: string): number => path.split("/").length;

/** Nothing for a container with no such wishes. A failure is recorded as `refused setup volume at PATH: why`. */
export function mountLines(mounts: readonly Mount[], readonlyRoot: boolean, tools: MountTools): string[] {
  const ordered = mounts
    .map((mount) => ({ ...mount, containerPath: tidy(mount.containerPath) }))
    .sort((a, b) => depth(a.containerPath) - depth(b.containerPath));
  return [
    ...(ordered.length === 0
      ? []
      : [
          "__en_home=$PWD; __en_copies=0; __en_mirrored=; __en_made=",
          ...mirror(tools),
          ...place(tools),
          ...ordered.flatMap((mount) => volume(mount, tools)),
        ]),
    ...(readonlyRoot ? readonlyLines(ordered, tools) : []),
  ];
}
