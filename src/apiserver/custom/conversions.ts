// Owns the conversion of objects between the versions of their kind by webhook: once for each object and version, before anybody is shown it.
import { deepFreeze } from "../../lib/json.ts";
import type { CustomTraits } from "../../model/custom/custom-traits.ts";
import { conversionOf, readReview, reviewOf } from "../../model/custom/conversion.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { WatchEvent } from "../../model/wire.ts";
import { uuid, type Random } from "../../world/random.ts";
import { errorEmission, type Emission } from "../cache/emission.ts";
import { metadataFaults } from "../registry/check-metadata.ts";
import { conversionFailed, Refusal } from "../status.ts";
import { converted } from "./view.ts";
import type { CallWebhook } from "./webhook-caller.ts";

export interface ConversionParts {
  readonly call: CallWebhook;
  readonly random: Random;
}

type Hook = NonNullable<CustomTraits["hook"]>;

// Of a long list, so that no single answer is huge.
const objectsAtOnce = 500;

export class Conversions {
  private readonly parts: ConversionParts;
  // Several may wait for the same object.
  private readonly underWay = new WeakMap<CustomTraits, WeakMap<KubeObject, Promise<Refusal | undefined>>>();

  constructor(parts: ConversionParts) {
    this.parts = parts;
  }

  /** Makes ready what is to be shown. Undefined at once where nothing is to be waited for: always, without a webhook. */
  prepare(kind: Descriptor, objects: Iterable<KubeObject>): Promise<Refusal | undefined> | undefined {
    const { custom } = kind;
    const hook = custom?.hook;
    if (custom === undefined || hook === undefined) return undefined;
    const missing: KubeObject[] = [];
    const waiting = new Set<Promise<Refusal | undefined>>();
    const known = this.underWay.get(custom) ?? new WeakMap<KubeObject, Promise<Refusal | undefined>>();
    this.underWay.set(custom, known);
    for (const object of objects) {
      if (object.apiVersion === custom.apiVersion || converted(custom, object) !== undefined) continue;
      const other = known.get(object);
      if (other === undefined) missing.push(object);
      else waiting.add(other);
    }
    for (let from = 0; from < missing.length; from += objectsAtOnce) {
      const part = missing.slice(from, from + objectsAtOnce);
      const done = this.show(kind, custom, hook, part).finally(() => {
        for (const object of part) known.delete(object);
      });
      for (const object of part) known.set(object, done);
      waiting.add(done);
    }
    return waiting.size === 0 ? undefined : firstOf(waiting);
  }

  private async show(
    kind: Descriptor,
    custom: CustomTraits,
    hook: Hook,
    objects: readonly KubeObject[],
  ): Promise<Refusal | undefined> {
    const made = await this.convert(kind, hook, { objects, desired: custom.apiVersion });
    if (made instanceof Refusal) return made;
    for (const [index, object] of objects.entries()) {
      const one = made[index];
      if (one !== undefined) converted(custom, object, deepFreeze(one));
    }
    return undefined;
  }

  /** The object as it is to be stored. */
  async toStored(kind: Descriptor, object: KubeObject): Promise<KubeObject | Refusal> {
    const { custom } = kind;
    if (custom?.hook === undefined || custom.storedAs === object.apiVersion) return object;
    const made = await this.convert(kind, custom.hook, { objects: [object], desired: custom.storedAs });
    return made instanceof Refusal ? made : (made[0] ?? object);
  }

  private async convert(
    kind: Descriptor,
    hook: Hook,
    asked: { readonly objects: readonly KubeObject[]; readonly desired: string },
  ): Promise<readonly KubeObject[] | Refusal> {
    const conversion = { ...asked, uid: uuid(this.parts.random) };
    const called = await this.parts.call(hook, JSON.stringify(reviewOf(conversion)));
    if (called.is === "failed")
      return conversionFailed(`${conversionOf(asked.objects)} failed: ${called.because}`);
    const read = readReview(conversion, called.body);
    if (read.is === "failed") return conversionFailed(read.because);
    for (const [index, { metadata }] of read.objects.entries()) {
      const [fault] = metadataFaults(kind, metadata, asked.objects[index]?.metadata);
      if (fault !== undefined)
        return conversionFailed(
          `${conversionOf(asked.objects)} returned invalid metadata in object at index ${index}: ${fault.field}: ${fault.message}`,
        );
    }
    return read.objects;
  }

  /** What a watcher is told, each event once its object is converted. The watcher alone waits, and ends where one cannot be. */
  async *ready(
    kind: Descriptor,
    emissions: AsyncIterable<readonly Emission[]>,
  ): AsyncGenerator<readonly Emission[]> {
    for await (const batch of emissions) {
      const refused = await this.prepare(kind, objectsIn(batch));
      if (refused !== undefined) {
        yield [errorEmission(refused.status)];
        return;
      }
      yield batch;
    }
  }
}

const isOfObject = (event: WatchEvent): event is Extract<WatchEvent, { object: KubeObject }> =>
  event.type !== "ERROR" && event.type !== "BOOKMARK";

const objectsIn = (batch: readonly Emission[]): KubeObject[] =>
  batch.flatMap(({ event }) => (isOfObject(event) ? [event.object] : []));

async function firstOf(waiting: Iterable<Promise<Refusal | undefined>>): Promise<Refusal | undefined> {
  const all = await Promise.all(waiting);
  return all.find((one) => one !== undefined);
}
