// Owns the proof that a cluster killed at any moment, again and again, loses no acknowledged write and runs nothing twice.
import { randomUUID } from "node:crypto";
import { afterAll, expect, it } from "vitest";
import { Cluster, eventually } from "../../walkthrough/harness.ts";
import { roundsOf, seededMoments } from "../rounds.ts";
import { applyAgents, converged, doubled, Ledger, reach } from "./agents.fixture.ts";

const rounds = roundsOf(24);
// Every so many rounds it is left alone until all is as it should be.
const restEvery = 6;
const nodes = ["worker-1", "worker-2", "worker-3"];
const mark = randomUUID();
const cluster = new Cluster("");
afterAll(() => cluster.stop());

it(
  `a cluster killed ${rounds} times loses no acknowledged write and runs no agent twice (V.1, V.3, D.7)`,
  async () => {
    const random = seededMoments("up killed");
    const ledger = new Ledger();
    const doubles: string[] = [];
    for (let round = 0; round <= rounds; round++) {
      const up = await cluster.start();
      const { client, close } = await reach(cluster.kubeconfig);
      expect(await ledger.lost(client)).toEqual([]);
      const writing = Promise.all([ledger.write(client), ledger.write(client)]);
      await applyAgents(client, mark, round);
      if (round === rounds || round % restEvery === restEvery - 1)
        await converged(client, { mark, round, nodes });
      if (round === rounds) break;
      const begun = Date.now();
      const wait = random.int(1500);
      await eventually("the moment of the kill", () => {
        doubles.push(...doubled(mark));
        return Date.now() - begun >= wait;
      });
      await up.kill("SIGKILL");
      await writing;
      await close();
    }
    expect(doubles).toEqual([]);
    expect(ledger.acknowledged).toBeGreaterThan(rounds);
  },
  300_000 * roundsOf(1),
);
