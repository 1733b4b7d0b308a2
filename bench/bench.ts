// Owns `npm run bench`: measures the running machine and prints each figure beside its target.
import { benchCluster } from "./cluster.ts";
import { run as benchScale } from "./scale.ts";
import { run as benchStore } from "./store.ts";

const row = (name: string, value: string, target: string): string =>
  `${name.padEnd(52)}${value.padStart(14)}   ${target}`;

async function benchSmall(): Promise<void> {
  console.log(row("", "measured", "target"));
  for (const { clients, store, engine, ratio } of await benchStore())
    console.log(
      row(
        `durable 1 KB writes/s, ${clients} at a time (lmdb alone: ${engine})`,
        String(store),
        `ratio ${ratio.toFixed(2)} of 0.50`,
      ),
    );
  const cluster = await benchCluster();
  console.log(row("one synced 4 KB write, median", `${cluster.syncMillis.toFixed(2)} ms`, ""));
  console.log(
    row("cold start of up to every node Ready", `${cluster.coldStartMillis.toFixed(0)} ms`, "2000 ms"),
  );
  console.log(row("idle memory, 1 + 3 nodes", `${cluster.idleResidentMiB.toFixed(0)} MiB`, "150 MB"));
  console.log(row("idle CPU, 1 + 3 nodes", `${cluster.idleCpuPercent.toFixed(1)} %`, "2 % of a core"));
  console.log(
    row("node registered to daemon pod bound, median", `${cluster.boundMillisMedian.toFixed(1)} ms`, "10 ms"),
  );
  console.log(
    row("node registered to daemon pod bound, worst of 20", `${cluster.boundMillisWorst.toFixed(1)} ms`, ""),
  );
}

const args = process.argv.slice(2);
// Another API server has no store of ours to measure.
if (!args.includes("--against")) await benchSmall();
await benchScale(args);
