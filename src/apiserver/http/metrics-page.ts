// Owns the text of /metrics, named as upstream's, made from what was counted.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { EncodedAnswer } from "../answer.ts";
import { bounds, type Counted, type NamedGauge, type RequestLabels, type Tally } from "./tallies.ts";

const labelNames = ["verb", "group", "resource", "subresource"] as const;
type Label = (typeof labelNames)[number] | "le";
type HistogramValue = Awaited<ReturnType<Histogram<Label>["get"]>>["values"][number];

const help = "How long requests took, by verb and resource.";
const durations = "apiserver_request_duration_seconds";

const labelled = (labels: RequestLabels): Record<string, string> => ({ ...labels });

/** A histogram whose counts are kept elsewhere. */
class CountedHistogram extends Histogram<Label> {
  private readonly counted: () => Counted;

  constructor(counted: () => Counted) {
    super({
      name: durations,
      help,
      labelNames,
      registers: [],
    });
    this.counted = counted;
  }

  /** What the registry and `get` both read a histogram by; the library's types leave it out. */
  async getForPromString(): Promise<unknown> {
    const values = [...joined(this.counted().requests)].flatMap(valuesOf);
    return { name: durations, help, type: "histogram", aggregator: "sum", values };
  }
}

/** The histogram has no `code` label, as upstream's; tallies of several codes are one row. */
function joined(tallies: Iterable<Tally>): Iterable<Tally> {
  const rows = new Map<string, Tally>();
  for (const tally of tallies) {
    const key = JSON.stringify(tally.labels);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { ...tally, counts: [...tally.counts] });
    else {
      tally.counts.forEach((count, slot) => (row.counts[slot] = (row.counts[slot] ?? 0) + count));
      row.total += tally.total;
      row.sum += tally.sum;
    }
  }
  return rows.values();
}

function valuesOf(tally: Tally): HistogramValue[] {
  const labels = labelled(tally.labels);
  let below = 0;
  const rows: HistogramValue[] = bounds.map((bound, slot) => {
    below += tally.counts[slot] ?? 0;
    return { metricName: `${durations}_bucket`, labels: { le: bound, ...labels }, value: below };
  });
  rows.push(
    { metricName: `${durations}_bucket`, labels: { le: "+Inf", ...labels }, value: tally.total },
    { metricName: `${durations}_sum`, labels, value: tally.sum },
    { metricName: `${durations}_count`, labels, value: tally.total },
  );
  return rows;
}

export function metricsPage(counted: () => Counted): () => Promise<EncodedAnswer> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registry.registerMetric(new CountedHistogram(counted));
  const total = new Counter({
    name: "apiserver_request_total",
    help: "Requests answered, by verb, resource and status code.",
    labelNames: [...labelNames, "code"],
    registers: [],
    collect() {
      this.reset();
      for (const tally of counted().requests)
        this.inc({ ...labelled(tally.labels), code: String(tally.code) }, tally.total);
    },
  });
  const running = new Gauge({
    name: "apiserver_longrunning_requests",
    help: "Watches and followed logs that are open.",
    labelNames,
    registers: [],
    collect() {
      for (const { labels, count } of counted().running) this.set(labelled(labels), count);
    },
  });
  registry.registerMetric(total);
  registry.registerMetric(running);
  const known = new Set<string>();
  return async () => {
    for (const gauge of counted().gauges)
      if (!known.has(gauge.name)) {
        known.add(gauge.name);
        registry.registerMetric(gaugeOf(gauge));
      }
    return { status: 200, contentType: registry.contentType, body: await registry.metrics(), warnings: [] };
  };
}

const gaugeOf = ({ name, help, labelNames: names, read }: NamedGauge): Gauge =>
  new Gauge({
    name,
    help,
    labelNames: names,
    registers: [],
    collect() {
      for (const { labels, value } of read()) this.set({ ...labels }, value);
    },
  });
