// Owns the restart storm: a kubelet killed a hundred times at random moments leaves every static pod's process there exactly once.
import { rmSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import type { Random } from "../../../src/world/random.ts";
import { eventually, type Everynode } from "../../walkthrough/harness.ts";
import { roundsOf, seededMoments } from "../rounds.ts";
import { LoneKubelet } from "./lone-kubelet.fixture.ts";

const kubelet = new LoneKubelet();
const count = 200;
const kills = roundsOf(100);
afterAll(() => kubelet.remove());

const put = (name: string, version: number): void =>
  kubelet.put(name, ["sleep", "1000000"], `${name}-v${version}`);
const start = (): Everynode => kubelet.start("--max-pods", String(count + 10));

/** What `POD` says in the environment of a `sleep` of this test. */
async function podOf(pid: string): Promise<string | undefined> {
  try {
    // The command line is shorter than the environment, and most processes are none of ours.
    if (!(await readFile(`/proc/${pid}/cmdline`, "utf8")).startsWith("sleep\0")) return undefined;
    const env = await readFile(`/proc/${pid}/environ`, "utf8");
    return env.includes(kubelet.mark) ? /(?:^|\0)POD=([^\0]*)/.exec(env)?.[1] : undefined;
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Pids by pod. */
async function running(): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const pods = await Promise.all(pids.map(async (pid) => [await podOf(pid), Number(pid)] as const));
  for (const [pod, pid] of pods) if (pod !== undefined) found.set(pod, [...(found.get(pod) ?? []), pid]);
  return found;
}

/** It has found again what ran, and begins with what did not. */
const atWork = ({ child }: Everynode): Promise<void> =>
  new Promise((resolve) => child.stdout?.once("data", () => resolve()));

// In the first rounds the pods are still being started: each dies amid so many more.
const growing = 20;

/** From before it has read anything to long after everything has started. */
async function someMoment(life: Everynode, round: number, random: Random): Promise<void> {
  if (round < growing)
    await eventually(
      "some more pods",
      async () => (await running()).size >= ((round + 1) * count) / growing / 2,
    );
  else if (random.int(4) > 0) await atWork(life);
  await pause(random.int(round < growing ? 100 : 600));
}

it(
  `a kubelet killed ${kills} times keeps ${count} static pods, every process exactly once, those that ran with the same pid (V.3, S.10)`,
  async () => {
    const random = seededMoments("restart storm");
    const names = Array.from({ length: count }, (_, at) => `pod-${at}`);
    for (const name of names) put(name, 1);
    const ranOn = new Map<string, number>();
    const doubles: string[] = [];
    const note = async () => {
      const found = await running();
      for (const name of names) {
        const pids = [1, 2].flatMap((version) => found.get(`${name}-v${version}`) ?? []);
        if (pids.length > 1) doubles.push(`${name}: ${pids.join(" ")}`);
      }
      return found;
    };
    for (let round = 0; round < kills; round++) {
      await someMoment(start(), round, random);
      await kubelet.kill();
      for (const [name, [pid = 0]] of await note()) {
        expect(ranOn.get(name) ?? pid, `${name} was restarted`).toBe(pid);
        ranOn.set(name, pid);
      }
    }
    // What changes between two lives is found by the next, and the old process is gone.
    put("pod-0", 2);
    rmSync(join(kubelet.manifests, "pod-1.json"));
    start();
    const wanted = names
      .filter((name) => name !== "pod-1")
      .map((name) => `${name}-v${name === "pod-0" ? 2 : 1}`)
      .sort();
    await eventually("every pod once", async () => {
      const found = [...(await note()).keys()].sort();
      const missing = wanted.filter((name) => !found.includes(name));
      if (missing.length > 0) throw new Error(`missing: ${missing.join(" ")}`);
      return found.length === wanted.length;
    });
    expect(doubles).toEqual([]);
    for (const [name, [pid = 0]] of await running())
      if (ranOn.has(name)) expect(pid, `${name} was restarted`).toBe(ranOn.get(name));
    // The storm is for nothing unless many of them ran through it; how many one life gets to start is the machine's affair.
    expect(ranOn.size).toBeGreaterThanOrEqual(count / 4);
  },
  900_000 * roundsOf(1),
);
