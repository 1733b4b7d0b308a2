// Owns informers for many users of whom each wants the objects of one place: they share one list and one watch.
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { KubeObject } from "../model/meta.ts";
import type { Informer, InformerChange, InformerOptions, Informers } from "./client.ts";

/** Which one field tells an object's place, and what it says. */
export interface Placing<T extends KubeObject> {
  readonly kind: Descriptor<T>;
  /** As a field selector names it: `spec.nodeName`. */
  readonly field: string;
  readonly placeOf: (object: T) => string | undefined;
  /**
   * Whether there are objects without a place, whose changes nobody here wants to be told. They must never lose one they had, as a
   * bound pod never does.
   */
  readonly someHaveNone?: boolean;
}

/** What all of one kind's users together follow. */
export const wholeOf = ({ field, someHaveNone }: Pick<Placing<KubeObject>, "field" | "someHaveNone">) =>
  someHaveNone === true ? { fieldSelector: `${field}!=` } : {};

/** Erases the object type: the kind in it is what a request for informers is compared with. */
export const placing = <T extends KubeObject>(of: Placing<T>): Placing<KubeObject> =>
  of as unknown as Placing<KubeObject>;

/**
 * Informers that answer `FIELD=VALUE` of the placed kinds from one whole copy; everything else they pass on.
 * What is handed out never stops the copy: that is for `stop`.
 */
export function createSharedInformers(whole: Informers, placed: readonly Placing<KubeObject>[]): Informers {
  const crowds = new Map<string, Crowd<KubeObject>>();
  const crowdOf = (one: Placing<KubeObject>): Crowd<KubeObject> => {
    const known = crowds.get(one.field);
    if (known !== undefined) return known;
    const made = new Crowd(whole, one);
    crowds.set(one.field, made);
    return made;
  };
  return {
    of<T extends KubeObject>(kind: Descriptor<T>, options: InformerOptions<T> = {}): Informer<T> {
      const { fieldSelector = "", labelSelector, namespace, indexes } = options;
      const isPlain = labelSelector === undefined && namespace === undefined && indexes === undefined;
      for (const one of placed)
        if (isPlain && one.kind.storeFolder === kind.storeFolder && fieldSelector.startsWith(`${one.field}=`))
          // A kind has one object type.
          return crowdOf(one).at(fieldSelector.slice(one.field.length + 1)) as unknown as Informer<T>;
      return whole.of(kind, options);
    },
    stop: () => whole.stop(),
  };
}

type Told<T> = (change: InformerChange<T>) => void;

class Crowd<T extends KubeObject> {
  private readonly copy: Informer<T>;
  private readonly placeOf: Placing<T>["placeOf"];
  private readonly listeners = new Map<string, Set<Told<T>>>();

  constructor(whole: Informers, { kind, field, placeOf, someHaveNone = false }: Placing<T>) {
    this.placeOf = placeOf;
    this.copy = whole.of(kind, {
      ...wholeOf({ field, someHaveNone }),
      indexes: {
        place: (object) => {
          const place = placeOf(object);
          return place === undefined ? [] : [place];
        },
      },
    });
    this.copy.onChange((change) => this.pass(change));
  }

  at(place: string): Informer<T> {
    const { copy } = this;
    const here = (object: T | undefined) =>
      object !== undefined && this.placeOf(object) === place ? object : undefined;
    const ends = new Set<() => void>();
    return {
      kind: copy.kind,
      synced: copy.synced,
      get: (key) => here(copy.get(key)),
      list: () => copy.byIndex("place", place),
      get size() {
        return [...copy.byIndex("place", place)].length;
      },
      byIndex(index) {
        throw new Error(`cannot read index ${index} of ${copy.kind.resource}: it was not asked for`);
      },
      onChange: (told) => {
        const end = this.listen(place, told);
        ends.add(end);
        return () => {
          ends.delete(end);
          end();
        };
      },
      stop() {
        for (const end of ends) end();
      },
    };
  }

  private listen(place: string, told: Told<T>): () => void {
    for (const object of this.copy.byIndex("place", place)) told({ is: "added", object });
    const present = this.listeners.get(place) ?? new Set();
    this.listeners.set(place, present.add(told));
    return () => {
      present.delete(told);
      if (present.size === 0 && this.listeners.get(place) === present) this.listeners.delete(place);
    };
  }

  private pass(change: InformerChange<T>): void {
    const { object } = change;
    const place = this.placeOf(object);
    const before = change.is === "changed" ? this.placeOf(change.previous) : place;
    if (change.is === "changed" && before !== place) {
      // As a server's selection would tell it: gone from the one place, new at the other.
      this.tell(before, { is: "removed", object: change.previous });
      this.tell(place, { is: "added", object });
    } else this.tell(place, change);
  }

  private tell(place: string | undefined, change: InformerChange<T>): void {
    if (place === undefined) return;
    for (const told of this.listeners.get(place) ?? []) told(change);
  }
}
