// Owns the figures of one node full of pods: how long it takes to start and to stop them all, and what each costs at rest.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMillis, residentMiB, sleep } from "./machine.ts";

const bin = join(import.meta.dirname, "../bin/everynode.js");
const restSeconds = 20;

interface Figures {
  readonly pods: number;
  /** From the first manifest's being there to the last pod's process. */
  readonly startAllMillis: number;
  /** From the last manifest's going to the last process's end. */
  readonly stopAllMillis: number;
  readonly restartMillis: number;
  readonly kubeletStartCpuMillisPerPod: number;
  readonly kubeletResidentMiB: number;
  readonly kubeletRestCpuPercent: number;
  /** Of the shells over it; the pod's own process is not ours. */
  readonly shimsPerPod: number;
  readonly shimProportionalKiBPerPod: number;
  readonly shimRestCpuMillisPerPod: number;
}

const manifest = (name: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [{ name: "main", image: "host", command: ["sleep", "1000000"] }],
    },
  });

interface Found {
  readonly pid: number;
  readonly isPod: boolean;
}

/** The processes of this node's containers. */
function processesOf(root: string): Found[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, "utf8").includes(`EVERYNODE_CONTAINER_FOLDER=${root}/`))
          return [];
        const isPod = readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith("sleep\0");
        return [{ pid: Number(name), isPod }];
      } catch {
        return [];
      }
    });
}

/** Its share of the memory it uses, where pages that several map count in parts. */
const proportionalKiB = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function until(holds: () => boolean): Promise<number> {
  const begun = performance.now();
  while (!holds()) {
    if (performance.now() - begun > 300_000) throw new Error("not within five minutes");
    await sleep(50);
  }
  return performance.now() - begun;
}

function startKubelet(folder: string, pods: number) {
  const child = spawn(
    process.execPath,
    [
      bin,
      "kubelet",
      "--node-name",
      "bench",
      "--max-pods",
      String(pods + 10),
      "--pod-manifest-path",
      join(folder, "manifests"),
      "--root-dir",
      join(folder, "root"),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const begun = performance.now();
  const atWork = new Promise<number>((resolve) =>
    child.stdout.once("data", () => resolve(performance.now() - begun)),
  );
  const end = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { pid: child.pid ?? 0, atWork, end };
}

/** `podCount` static pods on a kubelet that stands alone. */
async function measure(podCount: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const root = join(folder, "root");
  const manifests = join(folder, "manifests");
  mkdirSync(manifests);
  const running = () => processesOf(root).filter(({ isPod }) => isPod).length;
  let kubelet = startKubelet(folder, podCount);
  try {
    await kubelet.atWork;
    const cpuBefore = cpuMillis(kubelet.pid);
    for (let at = 0; at < podCount; at++)
      writeFileSync(join(manifests, `pod-${at}.json`), manifest(`pod-${at}`));
    const startAllMillis = await until(() => running() >= podCount);
    await sleep(3000);
    const kubeletStartCpuMillisPerPod = (cpuMillis(kubelet.pid) - cpuBefore) / podCount;
    const shims = processesOf(root).filter(({ isPod }) => !isPod);
    const shimCpu = () => sum(shims.map(({ pid }) => cpuMillis(pid)));
    const before = { kubelet: cpuMillis(kubelet.pid), shims: shimCpu() };
    await sleep(restSeconds * 1000);
    const rest = {
      kubeletRestCpuPercent: (cpuMillis(kubelet.pid) - before.kubelet) / (restSeconds * 10),
      shimRestCpuMillisPerPod: (shimCpu() - before.shims) / podCount,
      kubeletResidentMiB: residentMiB(kubelet.pid),
      shimsPerPod: shims.length / podCount,
      shimProportionalKiBPerPod: sum(shims.map(({ pid }) => proportionalKiB(pid))) / podCount,
    };
    await kubelet.end();
    kubelet = startKubelet(folder, podCount);
    const restartMillis = await kubelet.atWork;
    await sleep(2000);
    for (const name of readdirSync(manifests)) rmSync(join(manifests, name));
    const stopAllMillis = await until(() => processesOf(root).length === 0);
    return {
      pods: podCount,
      startAllMillis,
      stopAllMillis,
      restartMillis,
      kubeletStartCpuMillisPerPod,
      ...rest,
    };
  } finally {
    await kubelet.end();
    for (const { pid } of processesOf(root)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(figures: Figures): void {
  const row = (name: string, value: number, unit: string): void =>
    console.log(`${name.padEnd(56)}${value.toFixed(unit === "ms" ? 0 : 2).padStart(12)} ${unit}`);
  console.log(`${figures.pods} process pods on one node, ${availableParallelism()} cores`);
  row("all started", figures.startAllMillis, "ms");
  row("all stopped", figures.stopAllMillis, "ms");
  row("kubelet started again, all taken over", figures.restartMillis, "ms");
  row("kubelet CPU a pod started", figures.kubeletStartCpuMillisPerPod, "ms CPU");
  row("kubelet memory", figures.kubeletResidentMiB, "MiB");
  row("kubelet CPU at rest", figures.kubeletRestCpuPercent, "% of a core");
  row("shells over a pod", figures.shimsPerPod, "");
  row("memory of the shells over a pod (PSS)", figures.shimProportionalKiBPerPod, "KiB");
  row(`CPU of the shells over a pod in ${restSeconds} s at rest`, figures.shimRestCpuMillisPerPod, "ms CPU");
}

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(name);
  return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
};

const figures = await measure(Number(option("--pods", "500")));
print(figures);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const file = join(results, `kubelet-${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
writeFileSync(file, JSON.stringify(figures, undefined, 2));
console.log(`written to ${file}`);
