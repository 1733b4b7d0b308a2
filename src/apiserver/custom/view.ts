// Owns stored objects as a version of their kind shows them.
import type { CustomTraits } from "../../model/custom/custom-traits.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { WatchEvent } from "../../model/wire.ts";
import { Emission } from "../cache/emission.ts";
import { Held } from "../cache/held.ts";

type Kind = Pick<Descriptor, "custom">;

// Each object in another version than its own, by what that version's definition was then.
const conversions = new WeakMap<CustomTraits, WeakMap<KubeObject, KubeObject>>();

/** The object as a webhook converted it to the version; takes in what it was converted to. */
export function converted(
  custom: CustomTraits,
  object: KubeObject,
  into?: KubeObject,
): KubeObject | undefined {
  const known = conversions.get(custom) ?? new WeakMap<KubeObject, KubeObject>();
  conversions.set(custom, known);
  if (into !== undefined) known.set(object, into);
  return known.get(object);
}

/** @throws where a webhook's conversion was not waited for. */
function shownAs(custom: CustomTraits, object: KubeObject): KubeObject {
  if (custom.hook === undefined || object.apiVersion === custom.apiVersion) return custom.shownAs(object);
  const own = converted(custom, object);
  if (own === undefined)
    throw new Error(`cannot show ${object.metadata.name} as ${custom.apiVersion}: it is not converted`);
  return custom.shownAs(own);
}

// By the object shown: its bytes are made once for all who ask.
const made = new WeakMap<KubeObject, Held>();

export function heldAs({ custom }: Kind, held: Held): Held {
  if (custom === undefined) return held;
  const object = shownAs(custom, held.object);
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
  const object = shownAs(custom, event.object);
  if (object === event.object) return emission;
  const known = emissions.get(object) ?? new Map<string, Emission>();
  emissions.set(object, known);
  const shown = known.get(event.type) ?? new Emission({ type: event.type, object } satisfies WatchEvent);
  known.set(event.type, shown);
  return shown;
}

/** The object as it is stored, where versions differ in their name alone. */
export const storedAs = ({ custom }: Kind, object: KubeObject): KubeObject =>
  custom === undefined || custom.storedAs === object.apiVersion
    ? object
    : { ...object, apiVersion: custom.storedAs };
