// Owns the proof that a full disk refuses writes and does nothing else: no process ends, nothing acknowledged is lost, no container stops.
import { randomUUID } from "node:crypto";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { configMap } from "../../../src/model/kinds/config-map.ts";
import type { ConfigMap } from "../../../src/model/generated/types.ts";
import type { Draft } from "../../../src/model/meta.ts";
import { bin, endMarked, Everynode, eventually } from "../../walkthrough/harness.ts";
import { agents, applyAgents, converged, Ledger, reach } from "./agents.fixture.ts";
import { mountSmallDisk } from "./small-disk.fixture.ts";

const disk = mountSmallDisk(12);
if (disk === undefined)
  console.warn("SKIPPED: the tests of a full disk need a user who may mount a tmpfs (root)");

const mark = randomUUID();
const nodes = ["worker-1", "worker-2"];
let up: Everynode | undefined;
afterAll(async () => {
  if (up !== undefined && (up.child.exitCode ?? up.child.signalCode) !== null)
    console.error(`up ended with ${up.child.signalCode ?? up.child.exitCode}: ${up.errors}`);
  await up?.kill("SIGKILL");
  endMarked(mark);
  disk?.remove();
});

const args = (folder: string): string[] => ["up", "--workers", "2", "--port", "0", "--data-dir", folder];
const draft = (name: string, size: number): Draft<ConfigMap> => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { a: "x".repeat(size) },
});

it.skipIf(disk === undefined)(
  "a full disk refuses writes until there is room, and ends nothing (V.1)",
  async () => {
    if (disk === undefined) return;
    const folder = join(disk.path, "data");
    up = new Everynode(args(folder));
    await up.line(/^ready /);
    const { client, close } = await reach(join(folder, "kubeconfig"));
    const maps = client.of(configMap);
    await applyAgents(client, mark, 1);
    const before = await converged(client, { mark, round: 1, nodes });
    const ledger = new Ledger();
    const first = new AbortController();
    const writing = ledger.write(client, first.signal);
    await eventually("some writes", () => ledger.acknowledged > 50);
    const seen: string[] = [];
    const watching = new AbortController();
    const watch = (async () => {
      for await (const events of client.transport.watch(
        { method: "GET", path: "/api/v1/namespaces/default/configmaps", query: { watch: "1" } },
        watching.signal,
      ))
        for (const { object } of events) seen.push((object as ConfigMap).metadata.name);
    })().catch(() => undefined);

    disk.fill();
    const refusal = await eventually("a refusal for want of room", async () => {
      const answer = await maps.create(draft(`big-${randomUUID()}`, 200_000));
      return answer.is === "refused" ? answer.status : undefined;
    });
    expect(refusal).toMatchObject({ code: 507, reason: "InsufficientStorage" });
    expect(refusal.message).toMatch(
      /^cannot write to the store: the disk that holds \S+ is full; free some space/,
    );
    first.abort();
    await writing;
    // One agent dies while nothing can be written.
    const [victim] = before;
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await eventually("the victim's end", () => agents(mark).every(({ pid }) => pid !== victim?.pid));
    expect(await ledger.lost(client)).toEqual([]);
    expect(await maps.create(draft("none", 10))).toMatchObject({ is: "refused", status: { code: 507 } });
    // A start on the full disk says what is wrong and touches nothing.
    expect([up.child.exitCode, up.child.signalCode]).toEqual([null, null]);

    disk.free();
    await eventually(
      "a write once there is room",
      async () => (await maps.create(draft("after", 10))).is === "ok",
    );
    await eventually("the watch that went on", () => seen.includes("after"));
    const after = await converged(client, { mark, round: 1, nodes });
    const others = (all: typeof after) =>
      all.filter(({ node }) => node !== victim?.node).map(({ pid }) => pid);
    expect(others(after)).toEqual(others(before));
    watching.abort();
    await watch;
    await close();

    disk.fill();
    await up.kill("SIGKILL");
    const refused = spawnSync(process.execPath, [bin, ...args(folder)], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(refused).toMatchObject({ status: 1, signal: null });
    expect(refused.stderr).toMatch(/the disk is full|its disk is full/);
    disk.free();
    up = new Everynode(args(folder));
    await up.line(/^ready /);
    const again = await reach(join(folder, "kubeconfig"));
    expect(await ledger.lost(again.client)).toEqual([]);
    expect(await again.client.of(configMap).get({ name: "after", namespace: "default" })).toMatchObject({
      is: "ok",
    });
    const last = await converged(again.client, { mark, round: 1, nodes });
    expect(others(last)).toEqual(others(before));
    await again.close();
  },
  240_000,
);
