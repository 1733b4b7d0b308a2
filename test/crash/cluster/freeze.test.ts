// Owns the proof that a part which stands still and goes on later neither doubles a pod, nor loses a write, nor leads beside another.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import type { Client } from "../../../src/client/client.ts";
import { lease as leaseKind } from "../../../src/model/kinds/lease.ts";
import { node as nodeKind } from "../../../src/model/kinds/node.ts";
import { bin, endMarked, eventually } from "../../walkthrough/harness.ts";
import { agents, applyAgents, converged, doubled, Ledger, reach } from "./agents.fixture.ts";

const mark = randomUUID();
const folder = mkdtempSync(join(tmpdir(), "everynode-freeze-"));
const kubeconfig = join(folder, "kubeconfig");
const nodes = ["n1", "n2"];

interface Part {
  readonly child: ChildProcess;
  output: string;
}
const parts = new Map<string, Part>();

/** In a session of its own: what is stopped and continued must not be taken for this shell's job. */
function start(name: string, args: readonly string[]): Part {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const part: Part = { child, output: "" };
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text: Buffer) => (part.output += text.toString()));
  parts.set(name, part);
  return part;
}

afterAll(async () => {
  for (const { child } of parts.values()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // A stopped process dies of SIGKILL too.
    child.kill("SIGKILL");
    await ended;
  }
  endMarked(mark);
  rmSync(folder, { recursive: true, force: true });
});

const signal = (name: string, what: "SIGSTOP" | "SIGCONT"): void => void parts.get(name)?.child.kill(what);

async function readiness(client: Client, name: string): Promise<string | undefined> {
  const found = await client.of(nodeKind).get({ name });
  if (found.is !== "ok") return undefined;
  return found.object.status?.conditions?.find(({ type }) => type === "Ready")?.status;
}

const holder = async (client: Client, name: string): Promise<string | undefined> => {
  const found = await client.of(leaseKind).get({ name, namespace: "kube-system" });
  return found.is === "ok" ? (found.object.spec?.holderIdentity ?? undefined) : undefined;
};

const ended = (name: string): boolean => {
  const child = parts.get(name)?.child;
  return child !== undefined && (child.exitCode ?? child.signalCode) !== null;
};

const elected = (name: string, command: string) =>
  start(name, [command, "--kubeconfig", kubeconfig, "--leader-elect", "--log-level", "info"]);

it("stands parts that freeze until their lease has run out (K.5, V.1, V.3)", async () => {
  start("apiserver", [
    "apiserver",
    "--data-dir",
    join(folder, "data"),
    "--port",
    "0",
    "--kubeconfig",
    kubeconfig,
  ]);
  await eventually("the API server", () => parts.get("apiserver")?.output.includes("ready "));
  const { client, close } = await reach(kubeconfig);
  elected("controllers-1", "controller-manager");
  elected("scheduler-1", "scheduler");
  await eventually(
    "leaders",
    async () => (await holder(client, "kube-controller-manager")) && holder(client, "kube-scheduler"),
  );
  elected("controllers-2", "controller-manager");
  elected("scheduler-2", "scheduler");
  for (const name of nodes)
    start(name, [
      "kubelet",
      "--kubeconfig",
      kubeconfig,
      "--node-name",
      name,
      "--root-dir",
      join(folder, name),
    ]);
  await applyAgents(client, mark, 0);
  const before = await converged(client, { mark, round: 0, nodes });
  const doubles: string[] = [];
  const ledger = new Ledger();
  const stopWriting = new AbortController();
  const writing = ledger.write(client, stopWriting.signal);

  // One kubelet and both leaders stand still until each has been given up.
  const leaders = {
    controllers: await holder(client, "kube-controller-manager"),
    scheduler: await holder(client, "kube-scheduler"),
  };
  for (const name of ["n1", "controllers-1", "scheduler-1"]) signal(name, "SIGSTOP");
  const others = async () => {
    const now = {
      controllers: await holder(client, "kube-controller-manager"),
      scheduler: await holder(client, "kube-scheduler"),
    };
    return now.controllers !== leaders.controllers && now.scheduler !== leaders.scheduler && now;
  };
  const successors = await eventually("other leaders", others, 180_000);
  await eventually("the node given up", async () => (await readiness(client, "n1")) === "Unknown", 180_000);
  expect(await readiness(client, "n2")).toBe("True");
  // Daemon pods stay on a node that is not ready: its agent runs on.
  expect(new Set(agents(mark).map(({ pid }) => pid))).toEqual(new Set(before.map(({ pid }) => pid)));

  // They wake and find that they lead no more; whoever has lost its lease ends.
  for (const name of ["n1", "controllers-1", "scheduler-1"]) signal(name, "SIGCONT");
  await eventually("the old leaders' end", () => ended("controllers-1") && ended("scheduler-1"), 120_000);
  expect(await others()).toEqual(successors);
  await eventually("the node back", async () => (await readiness(client, "n1")) === "True", 120_000);
  doubles.push(...doubled(mark));
  expect(await converged(client, { mark, round: 0, nodes })).toEqual(before);

  // The API server and an agent's shim stand still amid a rollout.
  const [agent] = before;
  const shim = parentOf(agent?.pid ?? 0);
  process.kill(shim, "SIGSTOP");
  await applyAgents(client, mark, 1);
  signal("apiserver", "SIGSTOP");
  // An answer may still be on its way.
  await pause(1000);
  const { acknowledged } = ledger;
  await pause(5000);
  expect(ledger.acknowledged).toBe(acknowledged);
  signal("apiserver", "SIGCONT");
  process.kill(shim, "SIGCONT");
  doubles.push(...doubled(mark));
  await converged(client, { mark, round: 1, nodes });
  stopWriting.abort();
  await writing;
  expect(await ledger.lost(client)).toEqual([]);
  expect(doubles).toEqual([]);
  await close();
}, 600_000);

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
