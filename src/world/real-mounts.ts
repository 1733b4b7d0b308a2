// Owns the machine's mounts, by mount(8) and /proc.
import type { Files } from "./files.ts";
import type { Mounts } from "./mounts.ts";
import type { Processes } from "./processes.ts";

/** The kernel writes blanks and backslashes in octal. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

export function realMounts(files: Files, processes: Processes): Mounts {
  const run = async (words: readonly [string, ...string[]]) => {
    const { code, stderr } = await processes.run(words);
    if (code !== 0) throw new Error(stderr.trim() === "" ? `${words[0]} ended with ${code}` : stderr.trim());
  };
  return {
    mountMemory: (path, sizeMax) => {
      const options = ["mode=0777", ...(sizeMax === undefined ? [] : [`size=${sizeMax}`])];
      return run(["mount", "-n", "-t", "tmpfs", "-o", options.join(","), "everynode", path]);
    },
    unmount: (path) => run(["umount", "-n", path]),
    under: async (path) => {
      const points = ((await files.readText("/proc/self/mountinfo")) ?? "")
        .split("\n")
        .map((line) => unescaped(line.split(" ")[4] ?? ""));
      return points.filter((point) => point === path || point.startsWith(`${path}/`)).reverse();
    },
  };
}
