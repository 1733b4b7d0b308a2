// Owns how an informer follows a collection: the states it passes through and what each signal orders. It holds no copy itself.
import type { Instant, Millis } from "../lib/units.ts";
import type { KubeObject } from "../model/meta.ts";
import type { WatchEvent } from "../model/wire.ts";

export type ObjectEvent<T extends KubeObject> = Exclude<WatchEvent<T>, { readonly type: "ERROR" }>;

export type InformerState<T extends KubeObject> =
  /** `pages`: what was read so far. `failures`: attempts in a row that came to nothing. */
  | { readonly is: "listing"; readonly pages: readonly (readonly T[])[]; readonly failures: number }
  | { readonly is: "watching"; readonly from: string; readonly since: Instant; readonly failures: number }
  /** `from`: where to watch again; absent lists again. */
  | { readonly is: "backing-off"; readonly from?: string; readonly failures: number };

export type InformerSignal<T extends KubeObject> =
  | {
      readonly is: "listed-page";
      readonly items: readonly T[];
      readonly resourceVersion: string;
      readonly continue?: string;
    }
  | { readonly is: "list-failed" }
  | { readonly is: "events"; readonly events: readonly ObjectEvent<T>[] }
  | { readonly is: "watch-ended" }
  | { readonly is: "watch-failed" }
  /** 410: the version watched from, or the list being paged through, is no longer kept. */
  | { readonly is: "gone" }
  | { readonly is: "timer-due" };

export type InformerOrder<T extends KubeObject> =
  | { readonly do: "list"; readonly whole: boolean; readonly continue?: string }
  | { readonly do: "watch"; readonly from: string }
  | { readonly do: "wait"; readonly for: Millis }
  /** The copy becomes exactly these objects. */
  | { readonly do: "replace"; readonly items: readonly T[] }
  | { readonly do: "tell"; readonly events: readonly ObjectEvent<T>[] };

/** When the signal came, and a number drawn from [0, 1) for jitter. */
export interface Moment {
  readonly now: Instant;
  readonly chance: number;
}

type Step<T extends KubeObject> = readonly [InformerState<T>, ...InformerOrder<T>[]];
type Cell<T extends KubeObject, S, G> = (state: S, signal: G, at: Moment) => Step<T>;
type Table<T extends KubeObject> = {
  readonly [S in InformerState<T>["is"]]: {
    readonly [G in InformerSignal<T>["is"]]: Cell<
      T,
      Extract<InformerState<T>, { is: S }>,
      Extract<InformerSignal<T>, { is: G }>
    >;
  };
};

export const backOffMax: Millis = 30_000;
const backOffBase: Millis = 500;
/** A watch that ends sooner than this without an event counts as a failure: at once again would loop hot. */
const watchShort: Millis = 1000;

/** Doubles from half a second to thirty, of which the upper half is left to chance. */
export function backOff(failures: number, chance: number): Millis {
  const full = Math.min(backOffMax, backOffBase * 2 ** Math.min(failures - 1, 16));
  return Math.round(full / 2 + (full / 2) * chance);
}

function wait<T extends KubeObject>(failures: number, at: Moment, from?: string): Step<T> {
  return [
    { is: "backing-off", failures, ...(from === undefined ? {} : { from }) },
    { do: "wait", for: backOff(failures, at.chance) },
  ];
}

function list<T extends KubeObject>(failures: number, whole = false): Step<T> {
  return [
    { is: "listing", pages: [], failures },
    { do: "list", whole },
  ];
}

const watch = <T extends KubeObject>(from: string, failures: number, at: Moment): Step<T> => [
  { is: "watching", from, since: at.now, failures },
  { do: "watch", from },
];

/** A signal from something no longer waited for; the driver may be a moment behind. */
const stay = <T extends KubeObject>(state: InformerState<T>): Step<T> => [state];

const versionAfter = <T extends KubeObject>(events: readonly ObjectEvent<T>[], before: string): string =>
  events.at(-1)?.object.metadata.resourceVersion ?? before;

function tableOf<T extends KubeObject>(): Table<T> {
  return {
    listing: {
      "listed-page": (state, page, at) => {
        const pages = [...state.pages, page.items];
        if (page.continue !== undefined)
          return [
            { ...state, pages },
            { do: "list", whole: false, continue: page.continue },
          ];
        const [watching, ...orders] = watch<T>(page.resourceVersion, state.failures, at);
        return [watching, { do: "replace", items: pages.flat() }, ...orders];
      },
      "list-failed": (state, _, at) => wait(state.failures + 1, at),
      events: stay,
      "watch-ended": stay,
      "watch-failed": stay,
      // Paging is slower than the server compacts: what is read in one answer cannot expire half way.
      gone: (state, _, at) =>
        state.pages.length > 0 ? list(state.failures, true) : wait(state.failures + 1, at),
      "timer-due": stay,
    },
    watching: {
      "listed-page": stay,
      "list-failed": stay,
      events: (state, { events }) => {
        const next: InformerState<T> = { ...state, from: versionAfter(events, state.from), failures: 0 };
        const told = events.filter((event) => event.type !== "BOOKMARK");
        return told.length === 0 ? [next] : [next, { do: "tell", events: told }];
      },
      "watch-ended": (state, _, at) =>
        at.now - state.since >= watchShort
          ? watch(state.from, 0, at)
          : wait(state.failures + 1, at, state.from),
      "watch-failed": (state, _, at) => wait(state.failures + 1, at, state.from),
      // Once at once; a server that lists and then says gone again and again is given time.
      gone: (state, _, at) => (state.failures === 0 ? list(1) : wait(state.failures + 1, at)),
      "timer-due": stay,
    },
    "backing-off": {
      "listed-page": stay,
      "list-failed": stay,
      events: stay,
      "watch-ended": stay,
      "watch-failed": stay,
      gone: stay,
      "timer-due": (state, _, at) =>
        state.from === undefined ? list(state.failures) : watch(state.from, state.failures, at),
    },
  };
}

const table = tableOf<KubeObject>();

export function startInformer<T extends KubeObject>(): Step<T> {
  return list(0);
}

/** What the signal makes of the state, and what is to be done then, in order. */
export function stepInformer<T extends KubeObject>(
  state: InformerState<T>,
  signal: InformerSignal<T>,
  at: Moment,
): Step<T> {
  // The row and the cell are chosen by the very discriminants that the cell's parameter types were extracted by, and no cell
  // looks into an object beyond what KubeObject has.
  const cell = table[state.is][signal.is] as unknown as Cell<T, InformerState<T>, InformerSignal<T>>;
  return cell(state, signal, at);
}
