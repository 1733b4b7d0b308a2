// Owns what a measurement of one cluster at one size comes to, and its printing beside others and the reference.

export interface Phase {
  readonly millis: number;
  /** Of the API server's answers, by `VERB resource`; empty where its metrics can't be read. */
  readonly requestsPerPod: Readonly<Record<string, number>>;
  readonly cpuMillisPerPod: { readonly controlPlane?: number; readonly hollowNodes: number };
}

export const phases = ["create", "rollTenth", "rollAll", "delete", "createAgain"] as const;
export type PhaseName = (typeof phases)[number];

export interface ScaleFigures {
  /** Whose control plane. */
  readonly of: string;
  readonly nodes: number;
  readonly syncMillis: number;
  readonly registerMillis: number;
  readonly phases: Readonly<Record<PhaseName, Phase>>;
  readonly addedMillisMedian: number;
  readonly addedMillisWorst: number;
  /** Of the processes of API server, store, controllers and scheduler; absent where they aren't known. */
  readonly controlPlane?: {
    readonly peakMiB: number;
    readonly idlePercent: number;
    readonly idleMiB: number;
  };
  /** Of the one process of all hollow nodes. */
  readonly hollowNodes: {
    readonly idleMiB: number;
    readonly peakMiB: number;
    readonly idlePercent: number;
  };
}

interface Reference {
  readonly phases: Partial<Record<PhaseName, number>>;
  readonly added?: number;
  readonly cpu?: number;
  readonly memory: number;
  readonly idle?: number;
}

/** Upstream's control plane, v1.20 with etcd, its clients' limits lifted, on a machine of this kind. */
const reference: Readonly<Record<number, Reference>> = {
  1000: {
    phases: { create: 6500, rollTenth: 11_200, rollAll: 10_300, delete: 4700 },
    added: 43,
    cpu: 12,
    memory: 1270,
    idle: 33,
  },
  5000: { phases: { create: 107_000 }, memory: 3200 },
};

const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`;
const asMillis = (millis: number): string => `${millis.toFixed(0)} ms`;
const short = (millis: number): string => `${millis.toFixed(1)} ms`;
const percent = (value: number): string => `${value.toFixed(0)} %`;
const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;

const phaseWords: Readonly<Record<PhaseName, string>> = {
  create: "created until all Ready",
  rollTenth: "rolled, maxUnavailable 10 %",
  rollAll: "rolled, maxUnavailable 100 %",
  delete: "deleted until all gone",
  createAgain: "created again until all Ready",
};

type Cell = (figures: ScaleFigures) => string;
type Show = (value: number) => string;

/** Ours, and in brackets the reference's where it has one for that size. */
const beside =
  (
    show: Show,
    own: (figures: ScaleFigures) => number | undefined,
    upstream: (of: Reference) => number | undefined,
  ): Cell =>
  (figures) => {
    const [value, known] = [own(figures), reference[figures.nodes]];
    const theirs = known === undefined ? undefined : upstream(known);
    return `${value === undefined ? "?" : show(value)}${theirs === undefined ? "" : ` (${show(theirs)})`}`;
  };

const none = (): undefined => undefined;

function rowsOf(): readonly (readonly [string, Cell])[] {
  return [
    ["control plane", ({ of }) => of],
    ["nodes (in brackets: the reference)", ({ nodes }) => String(nodes)],
    ["one synced 4 KB write, median", ({ syncMillis }) => `${syncMillis.toFixed(2)} ms`],
    ["nodes started until all registered", ({ registerMillis }) => seconds(registerMillis)],
    ...phases.map(
      (name) =>
        [
          phaseWords[name],
          beside(
            seconds,
            (figures) => figures.phases[name].millis,
            (of) => of.phases[name],
          ),
        ] as const,
    ),
    [
      "node registered to Ready, median of 20",
      beside(
        asMillis,
        (figures) => figures.addedMillisMedian,
        ({ added }) => added,
      ),
    ],
    ["node registered to Ready, worst of 20", ({ addedMillisWorst }) => asMillis(addedMillisWorst)],
    [
      "CPU a pod created",
      beside(
        short,
        (figures) => figures.phases.create.cpuMillisPerPod.controlPlane,
        ({ cpu }) => cpu,
      ),
    ],
    [
      "CPU a pod created again",
      beside(short, (of) => of.phases.createAgain.cpuMillisPerPod.controlPlane, none),
    ],
    [
      "CPU a pod rolled at 10 %",
      beside(short, (of) => of.phases.rollTenth.cpuMillisPerPod.controlPlane, none),
    ],
    [
      "memory, peak",
      beside(
        mebibytes,
        (of) => of.controlPlane?.peakMiB,
        ({ memory }) => memory,
      ),
    ],
    ["memory, idle", beside(mebibytes, (of) => of.controlPlane?.idleMiB, none)],
    [
      "idle, CPU",
      beside(
        percent,
        (of) => of.controlPlane?.idlePercent,
        ({ idle }) => idle,
      ),
    ],
    ["hollow nodes: CPU a pod created", (of) => short(of.phases.create.cpuMillisPerPod.hollowNodes)],
    [
      "hollow nodes: CPU a pod rolled at 10 %",
      (of) => short(of.phases.rollTenth.cpuMillisPerPod.hollowNodes),
    ],
    ["hollow nodes: memory, idle", (of) => mebibytes(of.hollowNodes.idleMiB)],
    ["hollow nodes: memory, peak", (of) => mebibytes(of.hollowNodes.peakMiB)],
    ["hollow nodes: idle, CPU", (of) => percent(of.hollowNodes.idlePercent)],
  ];
}

/** A column a cluster. */
export function table(all: readonly ScaleFigures[]): string {
  return rowsOf()
    .map(([label, cell]) => label.padEnd(40) + all.map((figures) => cell(figures).padStart(24)).join(""))
    .join("\n");
}

/** A line a phase: what was asked of the API server for each pod. */
export const requestLines = (figures: ScaleFigures): string =>
  phases
    .map((name) => {
      const asked = Object.entries(figures.phases[name].requestsPerPod);
      const words = asked.map(([request, count]) => `${request} ${count.toFixed(2)}`).join(", ");
      return `${figures.of}, ${figures.nodes} nodes, ${name}, requests a pod: ${words === "" ? "unknown" : words}`;
    })
    .join("\n");

/** Of time over nodes, between the smallest and the largest cluster of each control plane: 1 is linear. */
export function growth(all: readonly ScaleFigures[]): string {
  const lines: string[] = [];
  for (const of of new Set(all.map((figures) => figures.of))) {
    const own = all.filter((figures) => figures.of === of);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined || first.nodes === last.nodes) continue;
    const words = phases.map((name) => {
      const times = last.phases[name].millis / first.phases[name].millis;
      return `${name} ${(Math.log(times) / Math.log(last.nodes / first.nodes)).toFixed(2)}`;
    });
    lines.push(`${of}: growth exponent ${first.nodes} to ${last.nodes} nodes: ${words.join(", ")}`);
  }
  return lines.join("\n");
}
