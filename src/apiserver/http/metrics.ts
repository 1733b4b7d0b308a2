// Owns what is counted of requests, and the gauges that others register for /metrics.
import type { Millis } from "../../lib/units.ts";
import type { EncodedAnswer } from "../answer.ts";
import {
  bounds,
  type Counted,
  type NamedGauge,
  type RequestLabels,
  type RunningTally,
  type Tally,
} from "./tallies.ts";

export interface Metrics {
  request(labels: RequestLabels, code: number, took: Millis): void;
  /** A long-running request (watch, followed log) begins; the returned function ends it. */
  longRunning(labels: RequestLabels): () => void;
  gauge(gauge: NamedGauge): void;
  page(): Promise<EncodedAnswer>;
}

const keyOf = (labels: RequestLabels): string =>
  `${labels.verb} ${labels.group} ${labels.resource} ${labels.subresource}`;

/** Counts without the metrics library: that is loaded at the first scrape, for it takes 70 ms which a start has better use for. */
export function createMetrics(): Metrics {
  const requests = new Map<string, Tally>();
  const running = new Map<string, RunningTally>();
  const gauges: NamedGauge[] = [];
  let page: Promise<() => Promise<EncodedAnswer>> | undefined;
  const counted = (): Counted => ({ requests: requests.values(), running: running.values(), gauges });
  return {
    request(labels, code, took) {
      const key = `${keyOf(labels)} ${code}`;
      let tally = requests.get(key);
      if (tally === undefined) {
        tally = {
          labels,
          code,
          counts: Array.from({ length: bounds.length + 1 }, () => 0),
          total: 0,
          sum: 0,
        };
        requests.set(key, tally);
      }
      const seconds = took / 1000;
      const found = bounds.findIndex((bound) => seconds <= bound);
      const slot = found < 0 ? bounds.length : found;
      tally.counts[slot] = (tally.counts[slot] ?? 0) + 1;
      tally.total += 1;
      tally.sum += seconds;
    },
    longRunning(labels) {
      const key = keyOf(labels);
      const entry = running.get(key) ?? { labels, count: 0 };
      running.set(key, entry);
      entry.count += 1;
      let ended = false;
      return () => {
        if (!ended) entry.count -= 1;
        ended = true;
      };
    },
    gauge: (gauge) => {
      gauges.push(gauge);
    },
    async page() {
      page ??= import("./metrics-page.ts").then((module) => module.metricsPage(counted));
      return (await page)();
    },
  };
}
