// Owns the proof that a cluster of separate processes stands the sudden end of any of them, of several at once, at any moment.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, it } from "vitest";
import { endMarked, Everynode } from "../../walkthrough/harness.ts";
import { freePort } from "../../ports.ts";
import { roundsOf, seededMoments } from "../rounds.ts";
import { applyAgents, converged, doubled, Ledger, reach } from "./agents.fixture.ts";

const epochs = roundsOf(4);
const killsEach = 6;
const nodes = ["n1", "n2"];
const mark = randomUUID();
const folder = mkdtempSync(join(tmpdir(), "everynode-parts-"));
const kubeconfig = join(folder, "kubeconfig");
// As if a server had run there before: this port is the one that each life of it takes, and no connection of another program.
mkdirSync(join(folder, "data"));
writeFileSync(join(folder, "data/port"), String(await freePort()));

const commands: Readonly<Record<string, readonly string[]>> = {
  apiserver: ["apiserver", "--data-dir", join(folder, "data"), "--port", "0", "--kubeconfig", kubeconfig],
  controllers: ["controller-manager", "--kubeconfig", kubeconfig],
  scheduler: ["scheduler", "--kubeconfig", kubeconfig],
  ...Object.fromEntries(
    nodes.map((name) => [
      name,
      ["kubelet", "--kubeconfig", kubeconfig, "--node-name", name, "--root-dir", join(folder, name)],
    ]),
  ),
};

const running = new Map<string, Everynode>();
afterAll(async () => {
  await Promise.all([...running.values()].map((part) => part.kill("SIGKILL")));
  endMarked(mark);
  rmSync(folder, { recursive: true, force: true });
});

const startPart = (name: string): Everynode => {
  const part = new Everynode(commands[name] ?? []);
  running.set(name, part);
  return part;
};

const ledger = new Ledger();
const lost: string[] = [];
const doubles: string[] = [];
const endedAlone: string[] = [];
let kills = 0;

async function startServer(): Promise<void> {
  await startPart("apiserver").line(/^ready /);
  const { client, close } = await reach(kubeconfig);
  lost.push(...(await ledger.lost(client)));
  void ledger.write(client).then(close);
}

const start = (name: string): Promise<void> | Everynode =>
  name === "apiserver" ? startServer() : startPart(name);

/** Kills one part again and again, each time after so long, and starts it anew at once. */
async function torment(name: string, waits: readonly number[]): Promise<void> {
  for (const wait of waits) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const part = running.get(name);
    if (part === undefined) throw new Error(`${name} was never started`);
    if (part.child.exitCode !== null) endedAlone.push(`${name}: ${part.errors}${part.output}`);
    await part.kill("SIGKILL");
    kills++;
    doubles.push(...doubled(mark));
    await start(name);
  }
}

it(
  `${epochs * killsEach * 5} kills of API server, controllers, scheduler and kubelets at once (V.1, V.3, D.7)`,
  async () => {
    const random = seededMoments("components killed");
    await startServer();
    for (const name of Object.keys(commands)) if (name !== "apiserver") await start(name);
    for (let round = 0; round < epochs; round++) {
      const { client, close } = await reach(kubeconfig);
      await applyAgents(client, mark, round);
      await close();
      const waits = () => Array.from({ length: killsEach }, () => random.int(1500));
      await Promise.all(Object.keys(commands).map((name) => torment(name, waits())));
      const after = await reach(kubeconfig);
      await converged(after.client, { mark, round, nodes });
      lost.push(...(await ledger.lost(after.client)));
      await after.close();
      expect({ lost, doubles, endedAlone }).toEqual({ lost: [], doubles: [], endedAlone: [] });
    }
    expect(kills).toBe(epochs * killsEach * 5);
    expect(ledger.acknowledged).toBeGreaterThan(kills);
  },
  900_000 * roundsOf(1),
);
