// Owns stored objects as a version of their kind shows them.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { WatchEvent } from "../../model/wire.ts";
import { Emission } from "../cache/emission.ts";
import { Held } from "../cache/held.ts";

type Kind = Pick<Descriptor, "custom">;

// By the object shown: its bytes are made once for all who ask.
const made = new WeakMap<KubeObject, Held>();

export function heldAs({ custom }: Kind, held: Held): Held {
  if (custom === undefined) return held;
  const object = custom.shownAs(held.object);
  if (object === held.object) return held;
  const known = made.get(object);
  if (known !== undefined) return known;
  const shown = new Held(held.key, held.revision, object);
  made.set(object, shown);
  return shown;
}

const emissions = new WeakMap<KubeObject, Map<string, Emission>>();

export function emissionAs({ custom }: Kind, emission: Emission): Emission {
  const { event } = emission;
  if (custom === undefined || event.type === "ERROR" || event.type === "BOOKMARK") return emission;
  const object = custom.shownAs(event.object);
  if (object === event.object) return emission;
  const known = emissions.get(object) ?? new Map<string, Emission>();
  emissions.set(object, known);
  const shown = known.get(event.type) ?? new Emission({ type: event.type, object } satisfies WatchEvent);
  known.set(event.type, shown);
  return shown;
}

/** The object as it is stored. */
export const storedAs = ({ custom }: Kind, object: KubeObject): KubeObject =>
  custom === undefined || custom.storedAs === object.apiVersion
    ? object
    : { ...object, apiVersion: custom.storedAs };
