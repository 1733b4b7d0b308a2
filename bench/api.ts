// Owns the measure of the API server alone: reads, writes and watches over TLS on durable storage, and what each costs it in CPU.
import { fork, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LoadKind, LoadResult, Order, Protocol, WatchKind } from "./api-load.ts";
import { cpuMillis, end, median, residentMiB, startEverynode, syncMillis, type Running } from "./machine.ts";

const clients = 64;
const watchers = 1000;
const loadMillis = 4000;

export interface ApiFigure {
  readonly name: string;
  readonly operations: number;
  readonly perSecond: number;
  /** CPU time of the server's process for each. */
  readonly cpuMicros: number;
  /** What one core of the server would do in a second. */
  readonly perCoreSecond: number;
  readonly target?: number;
  /** Of lists. */
  readonly medianMillis?: number;
  readonly targetMillis?: number;
  /** What each took of the server's memory. */
  readonly kilobytes?: number;
}

interface Bench {
  readonly server: Running;
  readonly order: (order: Order) => Promise<LoadResult>;
  readonly figures: ApiFigure[];
  /** Figures whose name lacks this are left out. */
  readonly only: string;
}

function ordersTo(child: ChildProcess): (order: Order) => Promise<LoadResult> {
  return (order) =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`the load ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (result) => {
        child.removeListener("exit", ended);
        // The one kind of message the load sends.
        resolve(result as LoadResult);
      });
      child.send(order);
    });
}

type Rest = Pick<ApiFigure, "target" | "targetMillis">;

async function measured(
  { server, order, figures, only }: Bench,
  name: string,
  asked: Order,
  rest: Rest = {},
) {
  if (!name.includes(only)) return;
  const cpu = cpuMillis(server.pid);
  const memory = residentMiB(server.pid);
  const { operations, millis, each } = await order(asked);
  const spent = cpuMillis(server.pid) - cpu;
  const figure: ApiFigure = {
    name,
    operations,
    perSecond: (operations * 1000) / millis,
    cpuMicros: (spent * 1000) / operations,
    perCoreSecond: (operations * 1000) / spent,
    ...(each === undefined ? {} : { medianMillis: median(each) }),
    ...(asked.do === "watch" ? { kilobytes: ((residentMiB(server.pid) - memory) * 1024) / operations } : {}),
    ...rest,
  };
  figures.push(figure);
  console.log(line(figure));
}

const load = (bench: Bench, name: string, kind: LoadKind, rest: Rest = {}) =>
  measured(bench, name, { do: "load", kind, millis: loadMillis }, rest);

interface FanOut extends Rest {
  readonly kind: WatchKind;
  readonly over: Protocol;
  readonly changes: number;
}

async function fanOut(bench: Bench, told: string, { kind, over, changes, ...rest }: FanOut): Promise<void> {
  const name = over === "http/2" ? `${told}, HTTP/2` : told;
  if (!name.includes(bench.only)) return;
  await measured(bench, `watches opened: ${name}`, { do: "watch", kind, over, watchers });
  await bench.order({ do: "fan-out", kind, changes: changes / 5 });
  await measured(bench, name, { do: "fan-out", kind, changes }, rest);
  await bench.order({ do: "unwatch" });
}

async function measureAll(bench: Bench): Promise<void> {
  await bench.order({ do: "load", kind: "create-pods" });
  await load(bench, "create, ConfigMap of 1 KB", "create-config-maps", { target: 3000 });
  await load(bench, "get, Pod", "get-pods", { target: 8000 });
  await load(bench, "get, Pod, HTTP/2", "get-pods-http2");
  const everyPod = "/api/v1/namespaces/bench/pods";
  await measured(bench, "list, 5,000 Pods", { do: "list", path: everyPod, times: 20 }, { targetMillis: 150 });
  await load(bench, "patch, labels of a Pod", "patch-labels");
  await load(bench, "get and put, Pod", "put-pods");
  await load(bench, "patch, status of a Pod", "patch-statuses");
  await load(bench, "renew, Lease", "renew-leases");
  await load(bench, "create, Event", "create-events");
  for (const over of ["http/1.1", "http/2"] as const) {
    await fanOut(bench, "event, to 1,000 watchers alike", {
      kind: "all",
      over,
      changes: 400,
      target: 100_000,
    });
    await fanOut(bench, "patched status, told to its one of 1,000 kubelets", {
      kind: "by-node",
      over,
      changes: 5000,
    });
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");

function line(figure: ApiFigure): string {
  const { name, perSecond, perCoreSecond, cpuMicros, target, medianMillis, targetMillis, kilobytes } = figure;
  const list = medianMillis === undefined ? "" : `median ${whole(medianMillis)} ms`;
  const wanted =
    target === undefined
      ? targetMillis === undefined
        ? ""
        : `${whole(targetMillis)} ms`
      : `${whole(target)}/s`;
  const note = kilobytes === undefined ? list : `${kilobytes.toFixed(0)} KB each`;
  return `${name.padEnd(66)}${whole(perSecond).padStart(9)}${whole(perCoreSecond).padStart(12)}${`${cpuMicros.toFixed(1)} µs`.padStart(13)}  ${note.padEnd(16)}${wanted}`;
}

const head = `${"".padEnd(66)}${"a second".padStart(9)}${"a core-sec.".padStart(12)}${"CPU each".padStart(13)}  ${"".padEnd(16)}target`;

async function bench(profile: readonly string[], only: string): Promise<readonly ApiFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "everynode-bench-"));
  const kubeconfig = join(folder, "kubeconfig");
  const args = ["--data-dir", join(folder, "data"), "--port", "0", "--kubeconfig", kubeconfig];
  const server = await startEverynode(["apiserver", ...args], profile);
  const child = fork(join(import.meta.dirname, "api-load.ts"), { execArgv: process.execArgv });
  const figures: ApiFigure[] = [];
  try {
    const order = ordersTo(child);
    await order({ do: "open", kubeconfig, clients });
    await measureAll({ server, order, figures, only });
    return figures;
  } finally {
    if (child.connected) child.disconnect();
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { profile: { type: "string" }, only: { type: "string", default: "" } },
  });
  const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  console.log(
    `${clients} clients over TLS on durable storage; one synced 4 KB write takes ${syncMillis().toFixed(2)} ms`,
  );
  console.log(head);
  const figures = await bench(profile, values.only);
  const results = join(import.meta.dirname, "results");
  if (!existsSync(results)) mkdirSync(results);
  const file = join(results, `api-${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
  writeFileSync(file, JSON.stringify({ figures }, undefined, 2));
  console.log(`written to ${file}`);
}

if (process.argv[1]?.endsWith("api.ts") === true) await run(process.argv.slice(2));
