// Owns `npm run simulate`: simulations from the command line, replayed, traced and shrunk.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { reportOf } from "../test/simulation/report.ts";
import { faultClasses, faultNames, isFault, type Fault } from "../test/simulation/faults.ts";
import { shrink } from "../test/simulation/shrink.ts";
import { simulate, type SimulationOptions } from "../test/simulation/simulate.ts";
import { mutants } from "../test/simulation/mutants.ts";

const usage = `npm run simulate -- [--seed S] [--seeds COUNT] [--nodes N] [--hours H] [--faults all|none|${faultClasses.join(",")}, or faults by name]
  [--only IDS] [--shrink] [--trace FILE] [--mutant NAME]`;

class WrongUsage extends Error {}

function numberOf(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new WrongUsage(`cannot use --${flag} ${JSON.stringify(text)}: it is no number from ${least}`);
}

function faultsOf(text: string): readonly Fault[] {
  if (text === "all") return faultClasses;
  if (text === "none") return [];
  return text.split(",").map((one) => {
    if (isFault(one)) return one;
    const all = Object.entries(faultNames).map(([of, names]) => `  ${of}: ${names.join(", ")}`);
    throw new WrongUsage(
      `cannot use --faults ${one}: there are all, none, and by class, which may be named too\n${all.join("\n")}`,
    );
  });
}

function mutantOf(name: string | undefined): Pick<SimulationOptions, "mutation"> {
  if (name === undefined) return {};
  const mutant = mutants.find((one) => one.name === name);
  if (mutant === undefined)
    throw new WrongUsage(
      `cannot use --mutant ${JSON.stringify(name)}: there are ${mutants.map((one) => JSON.stringify(one.name)).join(", ")}`,
    );
  return { mutation: mutant.make() };
}

function read() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      nodes: { type: "string", default: "5" },
      hours: { type: "string", default: "0.1" },
      faults: { type: "string", default: "all" },
      only: { type: "string" },
      shrink: { type: "boolean", default: false },
      trace: { type: "string" },
      mutant: { type: "string" },
    },
  });
  const { only } = values;
  return {
    ...values,
    first: numberOf("seed", values.seed, 0),
    count: numberOf("seeds", values.seeds, 1),
    options: (seed: number): SimulationOptions => ({
      seed,
      nodes: numberOf("nodes", values.nodes, 1),
      duration: numberOf("hours", values.hours, 0) * 3_600_000,
      faults: faultsOf(values.faults),
      ...(only === undefined
        ? {}
        : { only: only === "none" ? [] : only.split(",").map((id) => numberOf("only", id, 0)) }),
      ...mutantOf(values.mutant),
    }),
  };
}

async function main(): Promise<number> {
  const command = read();
  for (let seed = command.first; seed < command.first + command.count; seed++) {
    const options = command.options(seed);
    const outcome = await simulate(options);
    if (command.trace !== undefined) writeFileSync(command.trace, `${outcome.lines.join("\n")}\n`);
    if (outcome.violation === undefined || !command.shrink) console.log(reportOf(options, outcome));
    if (outcome.violation === undefined) continue;
    if (command.shrink) {
      const small = await shrink(
        () => command.options(seed),
        outcome,
        (words) => console.error(words),
      );
      console.log(reportOf({ ...options, only: small.deeds.map(({ id }) => id) }, small));
    }
    return 1;
  }
  return 0;
}

main().then(
  (status) => process.exit(status),
  (thrown: unknown) => {
    const wrong = thrown instanceof WrongUsage || (thrown instanceof TypeError && "code" in thrown);
    console.error(wrong ? `${thrown.message}\n${usage}` : thrown);
    process.exit(wrong ? 2 : 1);
  },
);
