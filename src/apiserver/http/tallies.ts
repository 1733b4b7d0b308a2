// Owns the shape of what is counted of requests.

export interface RequestLabels {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

/** All requests of one label set, counted into a histogram's buckets. */
export interface Tally {
  readonly labels: RequestLabels;
  readonly code: number;
  /** Not cumulative; one more than there are bounds, for what is slower than all of them. */
  readonly counts: number[];
  total: number;
  /** In seconds. */
  sum: number;
}

export interface RunningTally {
  readonly labels: RequestLabels;
  count: number;
}

export interface NamedGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Read at each scrape. */
  readonly read: () => Iterable<{
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }>;
}

export interface Counted {
  readonly requests: Iterable<Tally>;
  readonly running: Iterable<RunningTally>;
  readonly gauges: readonly NamedGauge[];
}

/** Upper bounds in seconds. */
export const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
