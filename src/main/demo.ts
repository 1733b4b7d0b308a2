// Owns the demonstration: applies the example agent and shows each node's pod until the end.
import { fileURLToPath } from "node:url";
import { applyManifest } from "../cli/apply.ts";
import { nodeLines, nodeRows } from "../cli/live-view.ts";
import { readManifests } from "../cli/manifest.ts";
import type { Client, Informers } from "../client/client.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

const example = fileURLToPath(new URL("../examples/heartbeat.yaml", import.meta.url));

export interface Demo {
  readonly client: Client;
  readonly informers: Informers;
  readonly signal: AbortSignal;
}

async function applyExample(world: World, client: Client): Promise<void> {
  const text = await world.files.readText(example);
  if (text === undefined) throw new Refusal(`cannot apply ${example}: there is no such file`);
  const read = readManifests(example, text);
  if (read.is === "bad") throw new Refusal(`cannot apply ${example}: ${read.problems.join("\n")}`);
  for (const manifest of read.manifests) {
    const applied = await applyManifest(client, manifest, "default");
    if (applied.is === "refused") throw new Refusal(`cannot apply ${applied.name}: ${applied.because}`);
    console.log(`${applied.name} ${applied.is}`);
  }
}

/** Redraws in place on a terminal, once a second and on every change; elsewhere prints each changed row as a line. */
export async function showDemo(world: World, { client, informers, signal }: Demo): Promise<void> {
  await applyExample(world, client);
  const nodes = informers.of(nodeKind);
  const pods = informers.of(podKind, { namespace: "default" });
  await Promise.all([nodes.synced, pods.synced]);
  const show = process.stdout.isTTY ? redrawing() : appending();
  await new Promise<void>((resolve) => {
    let cancel = () => {};
    const draw = () => {
      cancel();
      show(nodeRows(nodes.list(), pods.list(), world.clock.now()));
      cancel = world.clock.after(1000, draw);
    };
    const stops = [nodes.onChange(draw), pods.onChange(draw)];
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        for (const stop of stops) stop();
        resolve();
      },
      { once: true },
    );
    draw();
  });
}

function redrawing(): (rows: readonly (readonly string[])[]) => void {
  let height = 0;
  return (rows) => {
    const lines = [...nodeLines(rows), "", "Ctrl-C ends the cluster and its pods"];
    // Up to where the last picture began, then clear to the end of the screen.
    process.stdout.write(`${height === 0 ? "" : `\u001b[${height}A\u001b[J`}${lines.join("\n")}\n`);
    height = lines.length;
  };
}

function appending(): (rows: readonly (readonly string[])[]) => void {
  let shown = new Set<string>();
  return (rows) => {
    // The age, in the last column, is no change.
    const lines = rows.map((row) => row.slice(0, -1).join("  ").trim());
    for (const line of lines) if (!shown.has(line)) console.log(line);
    shown = new Set(lines);
  };
}
