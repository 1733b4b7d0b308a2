// Owns which kinds are served: those built in, and those that CustomResourceDefinitions define, as these come and go.
import { deepEqual } from "../../lib/json.ts";
import {
  customKindsOf,
  isEstablished,
  storeFolderOf,
  type CustomKinds,
} from "../../model/custom/custom-kind.ts";
import type { CustomResourceDefinition } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";

interface Defined extends CustomKinds {
  readonly definition: CustomResourceDefinition;
}

/** What becomes of a kind when its definition changes. */
export interface KindChange {
  readonly is: "opened" | "changed" | "closed";
  readonly name: string;
  /** As its objects are stored. */
  readonly stored: Descriptor;
  readonly defined: Defined | undefined;
}

/** The object is of the kind CustomResourceDefinition, which its key says. */
const asDefinition = (object: KubeObject): CustomResourceDefinition => object as CustomResourceDefinition;

const placeOf = ({ group, resource }: Descriptor): string => `${group}/${resource}`;

export class ServedKinds {
  private readonly builtIn: readonly Descriptor[];
  private readonly ownPlaces: ReadonlySet<string>;
  private readonly defined = new Map<string, Defined>();
  private served: readonly Descriptor[];

  constructor(builtIn: readonly Descriptor[]) {
    this.builtIn = builtIn;
    this.ownPlaces = new Set(builtIn.map(placeOf));
    this.served = builtIn;
  }

  /** Another list each time the kinds change. */
  get all(): readonly Descriptor[] {
    return this.served;
  }

  /** Custom kinds, as their objects are stored. */
  get stored(): readonly Descriptor[] {
    return [...this.defined.values()].map(({ stored }) => stored);
  }

  /** What a definition's new state, or its end, would change; nothing is changed yet. */
  changeFor(name: string, object: KubeObject | undefined): KindChange | undefined {
    const before = this.defined.get(name);
    const definition = object && asDefinition(object);
    if (before !== undefined && definition !== undefined && isSame(before.definition, definition))
      return undefined;
    const kinds = definition && this.kindsOf(definition);
    const defined = definition && kinds && { ...kinds, definition };
    if (defined === undefined)
      return before && { is: "closed", name, stored: before.stored, defined: undefined };
    const is = before === undefined ? "opened" : "changed";
    return { is, name, stored: defined.stored, defined };
  }

  make({ name, defined }: KindChange): void {
    if (defined === undefined) this.defined.delete(name);
    else this.defined.set(name, defined);
    this.list();
  }

  /** Takes in all definitions at once; gives the kinds as stored. */
  reset(objects: readonly KubeObject[]): readonly Descriptor[] {
    this.defined.clear();
    for (const object of objects) {
      const definition = asDefinition(object);
      const kinds = this.kindsOf(definition);
      if (kinds !== undefined) this.defined.set(object.metadata.name, { ...kinds, definition });
    }
    this.list();
    return this.stored;
  }

  private list(): void {
    this.served = [...this.builtIn, ...[...this.defined.values()].flatMap(({ served }) => served)];
  }

  /** What is built in is not replaced, and one that cannot be read is served by nobody. */
  private kindsOf(definition: CustomResourceDefinition): CustomKinds | undefined {
    return this.ownPlaces.has(storeFolderOf(definition)) ? undefined : customKindsOf(definition);
  }
}

/** Whether what is served stays as it is. */
function isSame(before: CustomResourceDefinition, now: CustomResourceDefinition): boolean {
  const namesOf = ({ status }: CustomResourceDefinition): unknown => status?.acceptedNames;
  return (
    before.metadata.uid === now.metadata.uid &&
    isEstablished(now) &&
    deepEqual(before.spec, now.spec) &&
    deepEqual(namesOf(before), namesOf(now))
  );
}

/** Makes anew from the kinds whenever they changed since. */
export function following<T>(
  kinds: () => readonly Descriptor[],
  make: (kinds: readonly Descriptor[]) => T,
): () => T {
  let from: readonly Descriptor[] | undefined;
  let made: T;
  return () => {
    const now = kinds();
    if (now !== from) {
      made = make(now);
      from = now;
    }
    return made;
  };
}
