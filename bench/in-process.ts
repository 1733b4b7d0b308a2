// Owns the measure of one DaemonSet over 10,000 to 100,000 nodes in one process: the real API pipeline, controllers and scheduler, no sockets, no disk.
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { tuneEngine } from "../src/main/engine.ts";
import { createInProcessCluster } from "./in-process-cluster.ts";

export interface PhaseFigures {
  readonly millis: number;
  /** Of all: API server, controllers, scheduler and the stand-in for kubelets. */
  readonly cpuMillis: number;
  /** Of the main thread, what it collected of garbage left out. */
  readonly ownMillis: number;
  /** CPU of the main thread while it collected. */
  readonly garbageMillis: number;
}

export interface InProcessFigures {
  readonly nodes: number;
  readonly register: PhaseFigures;
  readonly create: PhaseFigures;
  readonly roll: PhaseFigures;
  readonly remove: PhaseFigures;
  /** With all nodes and no pods; with all pods; the most there ever was. */
  readonly nodesMiB: number;
  readonly podsMiB: number;
  readonly peakMiB: number;
}

tuneEngine();

const mebi = 1 << 20;
const residentMiB = (): number => process.memoryUsage().rss / mebi;

const schedule = "/proc/self/schedstat";

/** Of the main thread: time on a core, and time it waited for one. Only Linux tells. */
function onCore(): { readonly ran: number; readonly waited: number } {
  const told = existsSync(schedule) ? readFileSync(schedule, "utf8").split(" ").map(Number) : [];
  const [ran = Number.NaN, waited = Number.NaN] = told;
  return { ran: ran / 1e6, waited: waited / 1e6 };
}

interface Pause {
  readonly startTime: number;
  readonly duration: number;
}
/** Told long after they were: in a memory store's cluster turns of the event loop are rare. */
const pauses: Pause[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) pauses.push({ startTime, duration });
});

interface Timed {
  readonly millis: number;
  readonly cpuMillis: number;
  readonly begun: number;
  readonly core: ReturnType<typeof onCore>;
}

async function phase(work: () => Promise<void>): Promise<Timed> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const first = onCore();
  await work();
  const { user, system } = process.cpuUsage(before);
  const { ran, waited } = onCore();
  const core = { ran: ran - first.ran, waited: waited - first.waited };
  return { millis: performance.now() - begun, cpuMillis: (user + system) / 1000, begun, core };
}

/** Pauses are told by the clock, and others share the machine: of a pause as of all else a share is spent waiting for a core. */
function figuresOf({ millis, cpuMillis, begun, core: { ran, waited } }: Timed): PhaseFigures {
  let paused = 0;
  for (const { startTime, duration } of pauses)
    if (startTime >= begun && startTime < begun + millis) paused += duration;
  const garbageMillis = (paused * ran) / (ran + waited);
  return { millis, cpuMillis, ownMillis: ran - garbageMillis, garbageMillis };
}

/** In this process, which should do nothing else. */
async function measure(nodes: number): Promise<InProcessFigures> {
  observer.observe({ entryTypes: ["gc"] });
  const cluster = await createInProcessCluster();
  const register = await phase(() => cluster.register(nodes));
  const nodesMiB = residentMiB();
  const create = await phase(() => cluster.apply("agent:1"));
  const podsMiB = residentMiB();
  const roll = await phase(() => cluster.apply("agent:2"));
  const remove = await phase(() => cluster.remove());
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  await cluster.stop();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return {
    nodes,
    register: figuresOf(register),
    create: figuresOf(create),
    roll: figuresOf(roll),
    remove: figuresOf(remove),
    nodesMiB,
    podsMiB,
    peakMiB,
  };
}

/** Each size in a process of its own, so that none pays for the one before. */
function measureApart(nodes: number, profile: string | undefined): Promise<InProcessFigures> {
  const [, file = ""] = process.argv;
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  const child = fork(file, ["--alone", String(nodes)], {
    execArgv: [...process.execArgv, "--max-old-space-size=8192", ...profiling],
  });
  return new Promise((resolve, reject) => {
    let figures: InProcessFigures | undefined;
    // What it sends is what `main` below hands to `process.send`.
    child.once("message", (told) => (figures = told as InProcessFigures));
    child.once("exit", (code) =>
      figures === undefined
        ? reject(new Error(`cannot measure ${nodes} nodes: the process ended with ${code}`))
        : resolve(figures),
    );
  });
}

type PhaseName = "register" | "create" | "roll" | "remove";
const phases: Readonly<Record<PhaseName, string>> = {
  register: "nodes registered",
  create: "created until all Ready",
  roll: "rolled, maxUnavailable 10 %",
  remove: "deleted until all gone",
};
// The keys are those the object was written with.
const phaseNames = Object.keys(phases) as readonly PhaseName[];

function table(all: readonly InProcessFigures[]): string {
  const lines: string[] = [];
  const row = (label: string, of: (figures: InProcessFigures) => string) =>
    lines.push(label.padEnd(32) + all.map((figures) => of(figures).padStart(26)).join(""));
  row("nodes", ({ nodes }) => String(nodes));
  for (const name of phaseNames) {
    row(phases[name], (figures) => {
      const { millis, cpuMillis } = figures[name];
      return `${(millis / 1000).toFixed(1)} s, ${(cpuMillis / figures.nodes).toFixed(2)} ms CPU each`;
    });
    row("  of it: own, garbage", (figures) => {
      const { ownMillis, garbageMillis } = figures[name];
      return `${(ownMillis / figures.nodes).toFixed(2)}, ${(garbageMillis / figures.nodes).toFixed(2)} ms each`;
    });
  }
  row("memory with nodes", ({ nodesMiB }) => `${nodesMiB.toFixed(0)} MiB`);
  row("memory with pods", ({ podsMiB }) => `${podsMiB.toFixed(0)} MiB`);
  row("memory, peak", ({ peakMiB, nodes }) => {
    const each = (peakMiB * 1024) / nodes;
    return `${peakMiB.toFixed(0)} MiB, ${each.toFixed(0)} KiB each`;
  });
  return lines.join("\n");
}

/** Of CPU over nodes, between the smallest and the largest: 1 is linear. Time is the machine's, and others share it. */
function growth(all: readonly InProcessFigures[]): string {
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined || first === last) return "";
  const exponent = (of: (figures: InProcessFigures) => number) =>
    (Math.log(of(last) / of(first)) / Math.log(last.nodes / first.nodes)).toFixed(2);
  const words = (of: keyof PhaseFigures) =>
    phaseNames.map((name) => `${name} ${exponent((figures) => figures[name][of])}`).join(", ");
  return [
    `growth exponents, ${first.nodes} to ${last.nodes} nodes (1 is linear)`,
    `  CPU:                 ${words("cpuMillis")}`,
    `  without garbage:     ${words("ownMillis")}`,
    `  memory:              ${exponent(({ peakMiB }) => peakMiB)}`,
  ].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      nodes: { type: "string", default: "10000,30000,100000" },
      profile: { type: "string" },
      alone: { type: "string" },
    },
  });
  if (values.alone !== undefined) {
    const figures = await measure(Number(values.alone));
    process.send?.(figures);
    // What still runs are timers of leases and caches.
    process.disconnect();
    return;
  }
  const all: InProcessFigures[] = [];
  for (const nodes of values.nodes.split(",").map(Number)) {
    const figures = await measureApart(nodes, values.profile);
    all.push(figures);
    console.error(JSON.stringify(figures));
  }
  console.log(table(all));
  console.log(growth(all));
}

await main();
