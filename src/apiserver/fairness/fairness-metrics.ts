// Owns what /metrics says of seats, named as upstream's.
import type { Metrics } from "../http/metrics.ts";
import type { Fairness, LevelFigures } from "./fairness.ts";

export function registerFairness(metrics: Metrics, fairness: Fairness): void {
  const gauge = (name: string, help: string, of: (figures: LevelFigures) => number): void =>
    metrics.gauge({
      name: `apiserver_flowcontrol_${name}`,
      help,
      labelNames: ["priority_level"],
      read: () =>
        Array.from(fairness.levels(), (figures) => ({
          labels: { priority_level: figures.level },
          value: of(figures),
        })),
    });
  gauge("current_executing_requests", "Requests that have a seat.", ({ seated }) => seated);
  gauge("current_inqueue_requests", "Requests that wait for a seat.", ({ queued }) => queued);
  gauge("rejected_requests_total", "Requests answered with 429.", ({ rejected }) => rejected);
}
