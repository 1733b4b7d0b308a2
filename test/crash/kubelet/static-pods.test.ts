// Owns the proof that a kubelet killed again and again leaves every static pod's process there exactly once.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/world/random.ts";
import { endMarked, eventually, processesMarked } from "../../walkthrough/harness.ts";

const bin = join(import.meta.dirname, "../../../bin/everynode.js");
const mark = randomUUID();
const folder = mkdtempSync(join(tmpdir(), "everynode-storm-"));
const manifests = join(folder, "manifests");
const count = 30;
const kills = 10;
const seed = Number(process.env["EVERYNODE_SEED"] ?? 20_261);

const podText = (name: string, version: number): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: "main",
          image: "host",
          command: ["sleep", "1000000"],
          env: [
            { name: "STORM", value: mark },
            { name: "POD", value: `${name}-v${version}` },
          ],
        },
      ],
    },
  });

/** Pids by what `POD` says in their environment. */
function running(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of processesMarked(mark)) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] !== "sleep") continue;
      const env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const name = env.find((pair) => pair.startsWith("POD="))?.slice(4) ?? "";
      found.set(name, [...(found.get(name) ?? []), pid]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

const start = (): ChildProcess =>
  spawn(
    process.execPath,
    [
      bin,
      "kubelet",
      "--node-name",
      "n1",
      "--pod-manifest-path",
      manifests,
      "--root-dir",
      join(folder, "root"),
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );

const kill = async (kubelet: ChildProcess): Promise<void> => {
  const ended = new Promise<void>((resolve) => kubelet.once("exit", () => resolve()));
  kubelet.kill("SIGKILL");
  await ended;
};

describe(`a kubelet killed ${kills} times (EVERYNODE_SEED=${seed})`, () => {
  let kubelet: ChildProcess | undefined;
  afterAll(async () => {
    if (kubelet !== undefined && kubelet.exitCode === null && kubelet.signalCode === null)
      await kill(kubelet);
    endMarked(mark);
    endMarked(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it(`keeps ${count} static pods, every process exactly once; those that ran run on (V.3, S.10)`, async () => {
    const random = seededRandom(seed);
    const names = Array.from({ length: count }, (_, at) => `pod-${at}`);
    mkdirSync(manifests);
    for (const name of names) writeFileSync(join(manifests, `${name}.json`), podText(name, 1));
    const ranOn = new Map<string, number>();
    const doubles: string[] = [];
    const note = () => {
      const found = running();
      for (const name of names) {
        const pids = [1, 2].flatMap((version) => found.get(`${name}-v${version}`) ?? []);
        if (pids.length > 1) doubles.push(`${name}: ${pids.join(" ")}`);
      }
      return found;
    };
    for (let round = 0; round < kills; round++) {
      kubelet = start();
      // From before it has read anything to long after everything has started.
      const until = Date.now() + random.int(round < kills / 2 ? 1200 : 2500);
      await eventually("the moment of its death", () => {
        note();
        return Date.now() >= until;
      });
      await kill(kubelet);
      for (const [name, [pid = 0]] of running()) {
        expect(ranOn.get(name) ?? pid, `${name} was restarted`).toBe(pid);
        ranOn.set(name, pid);
      }
    }
    // What changes between two lives is found by the next, and the old process is gone.
    writeFileSync(join(manifests, "pod-0.json"), podText("pod-0", 2));
    rmSync(join(manifests, "pod-1.json"));
    kubelet = start();
    const wanted = names
      .filter((name) => name !== "pod-1")
      .map((name) => `${name}-v${name === "pod-0" ? 2 : 1}`);
    await eventually("every pod once", () => {
      const found = note();
      return JSON.stringify([...found.keys()].sort()) === JSON.stringify(wanted.toSorted());
    });
    expect(doubles).toEqual([]);
    for (const [name, [pid = 0]] of running())
      if (ranOn.has(name)) expect(pid, `${name} was restarted`).toBe(ranOn.get(name));
  });
});
