// Owns one simulation from seed to verdict.
import { minutes, seconds, type Millis } from "../../src/lib/units.ts";
import { Budget } from "./budget.ts";
import { Cluster, type Mutation } from "./cluster.ts";
import { unfinished } from "./convergence.ts";
import { Invariants, type Violation } from "./invariants.ts";
import { Deletions } from "./deletions.ts";
import { Durability } from "./durability.ts";
import { pools, type Fault } from "./faults.ts";
import { judgesTogether } from "./judges.ts";
import { Performer } from "./perform-deed.ts";
import { nodeNames, planScenario, type Planned } from "./scenario.ts";
import { Statics } from "./statics.ts";
import { WatchOrder } from "./watch-order.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly duration: Millis;
  readonly faults: readonly Fault[];
  /** Of the deeds planned, only these. */
  readonly only?: readonly number[];
  readonly mutation?: Mutation;
}

export interface Outcome {
  readonly violation: Violation | undefined;
  readonly steps: number;
  /** How much simulated time passed. */
  readonly elapsed: Millis;
  readonly deeds: readonly Planned[];
  readonly lines: readonly string[];
}

/** Long enough for every back-off: a DaemonSet's is a quarter of an hour. */
const patience: Millis = minutes(40);

/** The same options give the same outcome, line for line. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const budget = new Budget();
  const { seed, mutation } = options;
  const durability = new Durability();
  const order = new WatchOrder();
  const deletions = new Deletions();
  const statics = new Statics();
  const cluster = new Cluster({
    seed,
    observer: judgesTogether([budget, durability, order, deletions]),
    machines: statics,
    recovered: (store) => durability.recovered(store),
    ...(mutation === undefined ? {} : { mutation }),
  });
  const invariants = new Invariants(cluster, statics);
  for (const judge of [budget, durability, order, deletions, statics]) judge.judge(cluster, invariants);
  const planned = planScenario(options);
  const deeds = options.only === undefined ? planned : planned.filter(({ id }) => options.only?.includes(id));
  const run = new Run({ cluster, invariants, statics, deeds });
  await run.through(options);
  return {
    violation: invariants.found[0],
    steps: run.steps,
    elapsed: cluster.clock.now() - run.begun,
    deeds,
    lines: cluster.lines,
  };
}

class Broken extends Error {}

interface RunParts {
  readonly cluster: Cluster;
  readonly invariants: Invariants;
  readonly statics: Statics;
  readonly deeds: readonly Planned[];
}

class Run {
  steps = 0;
  readonly begun: number;
  private readonly cluster: Cluster;
  private readonly invariants: Invariants;
  private readonly statics: Statics;
  private readonly deeds: readonly Planned[];
  private readonly performer: Performer;

  constructor({ cluster, invariants, statics, deeds }: RunParts) {
    this.cluster = cluster;
    this.begun = cluster.clock.now();
    this.invariants = invariants;
    this.statics = statics;
    this.deeds = deeds;
    this.performer = new Performer(cluster);
  }

  /** Ends at the first statement that is broken. */
  async through({ nodes, duration }: SimulationOptions): Promise<void> {
    const { cluster } = this;
    cluster.startApiServer();
    cluster.startComponent("controllers");
    cluster.startComponent("scheduler");
    for (const [at, name] of nodeNames(nodes).entries())
      cluster.addMachine({ name, labels: { pool: pools[at % pools.length] ?? "" }, taints: [] });
    for (const { at, deed } of this.deeds) cluster.clock.after(at, () => this.performer.perform(deed));
    try {
      await this.pass(duration);
      cluster.trace("healed");
      this.performer.heal();
      await this.converge();
    } catch (thrown) {
      if (!(thrown instanceof Broken)) throw thrown;
    }
  }

  private pass(time: Millis): Promise<void> {
    return this.cluster.run(time, async () => {
      this.steps += 1;
      await this.invariants.afterStep();
      if (this.invariants.found.length > 0) throw new Broken();
    });
  }

  private async converge(): Promise<void> {
    const { cluster, invariants } = this;
    const end = cluster.clock.now() + patience;
    for (;;) {
      await this.pass(seconds(10));
      const open = [...(await unfinished(cluster)), ...(await this.statics.unfinished())];
      if (open.length === 0) return;
      if (cluster.clock.now() < end) continue;
      for (const { statement, words, about } of open) invariants.broke(statement, words, about);
      return;
    }
  }
}
