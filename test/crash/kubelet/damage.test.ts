// Owns the proof that a kubelet whose own files were damaged while it was dead starts, says so, and doubles no container.
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { eventually, processesMarked } from "../../walkthrough/harness.ts";
import { LoneKubelet } from "./lone-kubelet.fixture.ts";

const kubelet = new LoneKubelet();
const { mark, root } = kubelet;
const names = ["a", "b", "c", "d"];
afterAll(() => kubelet.remove());

/** Pids of the pods' own processes. */
function running(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of processesMarked(mark))
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\0")) continue;
      const name = /\0POD=([^\0]*)/.exec(`\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`)?.[1] ?? "";
      found.set(name, [...(found.get(name) ?? []), pid]);
    } catch {
      // It has ended meanwhile.
    }
  return found;
}

const allOnce = () =>
  eventually("every pod once", () => {
    const found = running();
    if (names.every((name) => found.get(name)?.length === 1)) return found;
    throw new Error(JSON.stringify([...found]));
  });

/** Of the one that runs: those that have ended stay a while. */
const containerOf = (name: string): string => {
  const env = readFileSync(`/proc/${running().get(name)?.[0]}/environ`, "utf8");
  return /\0EVERYNODE_CONTAINER_FOLDER=([^\0]*)/.exec(`\0${env}`)?.[1] ?? "";
};
const sandboxOf = (name: string): string => {
  // What the container's record says of its sandbox is a fact of the runtime's own making.
  const record = JSON.parse(readFileSync(join(containerOf(name), "config.json"), "utf8")) as {
    sandboxId: string;
  };
  return join(root, "runtime/sandboxes", `${record.sandboxId}.json`);
};

const noise = "\u0000\u0001{]not what was written";

const cases: readonly {
  name: string;
  path: () => string;
  harm: (path: string) => void;
  /** Whether the container goes on, or is ended and started anew. */
  container: "same" | "new";
  says?: RegExp;
}[] = [
  {
    name: "an empty sandbox record",
    path: () => sandboxOf("a"),
    harm: (path) => truncateSync(path, 0),
    container: "new",
    says: /record of the runtime is damaged.*sandboxes/,
  },
  {
    name: "a sandbox record of noise",
    path: () => sandboxOf("a"),
    harm: (path) => writeFileSync(path, noise),
    container: "new",
    says: /record of the runtime is damaged/,
  },
  {
    name: "a container record cut short",
    path: () => join(containerOf("a"), "config.json"),
    harm: (path) => truncateSync(path, 100),
    container: "new",
    says: /record of the runtime is damaged.*containers/,
  },
  {
    name: "a container record that is another thing",
    path: () => join(containerOf("a"), "config.json"),
    harm: (path) => writeFileSync(path, "[]"),
    container: "new",
    says: /record of the runtime is damaged/,
  },
  {
    name: "a container record that is gone",
    path: () => join(containerOf("a"), "config.json"),
    harm: (path) => rmSync(path),
    container: "new",
    says: /ended processes of containers/,
  },
  {
    name: "an empty shim record",
    path: () => join(containerOf("a"), "state-0"),
    harm: (path) => truncateSync(path, 0),
    container: "new",
    says: /ended processes of containers/,
  },
  {
    name: "a shim record of noise",
    path: () => join(containerOf("a"), "state-0"),
    harm: (path) => writeFileSync(path, noise),
    container: "new",
    says: /ended processes of containers/,
  },
  {
    name: "a log checkpoint of noise",
    path: () => join(containerOf("a"), "pumped.json"),
    harm: (path) => writeFileSync(path, noise),
    container: "same",
    says: /the file is damaged/,
  },
  {
    name: "a memory of the manifest folder of noise",
    path: () => join(root, memoryName()),
    harm: (path) => writeFileSync(path, noise),
    container: "same",
    says: /manifest folder is damaged/,
  },
];

const memoryName = (): string => {
  const found = readdirSync(root).find((name) => name.endsWith(".json"));
  if (found === undefined)
    throw new Error(`no memory of the manifest folder in ${readdirSync(root).join(" ")}`);
  return found;
};

it("begins whole", async () => {
  for (const name of names) kubelet.put(name, ["sh", "-c", `echo ${name} began; exec sleep 1000000`]);
  kubelet.start();
  await allOnce();
});

it.each(cases)(
  "$name",
  async ({ path, harm, container, says }) => {
    const before = await allOnce();
    await kubelet.kill();
    harm(path());
    kubelet.start();
    const pidOf = (found: Map<string, number[]>, name: string) => found.get(name)?.[0];
    if (container === "new")
      await eventually(
        "the old process gone",
        () => !(running().get("a") ?? []).includes(pidOf(before, "a") ?? 0),
      );
    await eventually("word of it", () => says === undefined || says.test(kubelet.running?.errors ?? ""));
    const after = await allOnce();
    for (const name of names)
      if (name !== "a" || container === "same") expect(pidOf(after, name)).toBe(pidOf(before, name));
    expect(kubelet.running?.child.exitCode).toBeNull();
  },
  120_000,
);
