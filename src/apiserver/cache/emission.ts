// Owns what a watcher is told: an event as an object, and as one JSON line whose bytes all watchers share.
import type { Status } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { WatchEvent } from "../../model/wire.ts";
import type { Key, Revision } from "../../store/store.ts";
import { lastStateOf, type Held, type Told } from "./held.ts";
import { stepSelection } from "./step-selection.ts";

export class Emission {
  readonly event: WatchEvent;
  private readonly held: Held | undefined;
  private encoded: Uint8Array | undefined;

  constructor(event: WatchEvent, held?: Held) {
    this.event = event;
    this.held = held;
  }

  get line(): Uint8Array {
    this.encoded ??= this.encode();
    return this.encoded;
  }

  private encode(): Uint8Array {
    const { event, held } = this;
    const { type } = event;
    return held === undefined || type === "ERROR" || type === "BOOKMARK"
      ? Buffer.from(`${JSON.stringify(event)}\n`)
      : held.lineAs(type);
  }
}

export const objectEmission = (type: Told, held: Held): Emission =>
  new Emission({ type, object: held.object }, held);

export const errorEmission = (status: Status): Emission => new Emission({ type: "ERROR", object: status });

/** Says that everything up to the revision was told. `annotations` mark the end of the initial events. */
export function bookmarkEmission(
  kind: { readonly apiVersion: string; readonly kind: string },
  revision: Revision,
  annotations?: Record<string, string>,
): Emission {
  // A bookmark's metadata holds nothing but the version; clients know not to read more.
  const object = {
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    metadata: {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    },
  } as unknown as KubeObject;
  return new Emission({ type: "BOOKMARK", object });
}

/** One change of one object, with the events it is to different watchers made at most once each. */
export class ObjectChange {
  readonly key: Key;
  readonly revision: Revision;
  readonly previous: Held | undefined;
  readonly current: Held | undefined;
  private readonly emissions: { ADDED?: Emission; MODIFIED?: Emission; DELETED?: Emission } = {};

  constructor(key: Key, revision: Revision, previous: Held | undefined, current: Held | undefined) {
    this.key = key;
    this.revision = revision;
    this.previous = previous;
    this.current = current;
  }

  /** What a watcher that selects by `matches` is told, or nothing. */
  emissionFor(matches: (object: KubeObject) => boolean): Emission | undefined {
    const was = this.previous !== undefined && matches(this.previous.object);
    const is = this.current !== undefined && matches(this.current.object);
    const seen = stepSelection(was, is);
    if (seen === "nothing") return undefined;
    const made = this.emissions[seen] ?? this.make(seen);
    if (made !== undefined) this.emissions[seen] = made;
    return made;
  }

  private make(seen: Told): Emission | undefined {
    if (seen !== "DELETED") return this.current && objectEmission(seen, this.current);
    return this.previous && objectEmission(seen, lastStateOf(this.previous, this.revision));
  }
}
