// Owns the tests of bytes that are stored, served and told: however they are made, they are the object's JSON.
import fc from "fast-check";
import { expect, it } from "vitest";
import { cloneJson, deepFreeze } from "../../lib/json.ts";
import type { KubeObject } from "../../model/meta.ts";
import { heldOf, Held, lastStateOf, sealed, type Told } from "./held.ts";
import { storedBytes } from "./stored-bytes.ts";

const key = "/registry/pods/default/a";
const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** A pod as it comes from a decoder. */
const pod = (parts: object, labels: Record<string, string> = {}): KubeObject =>
  ({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", uid: "u", labels }, ...parts }) as never;

/** Stored in place of what was there, and read back by the process that wrote it. */
function stored(object: KubeObject, revision: number, before?: Held): Held {
  const { value, tails } = storedBytes(object, before?.before);
  const created = before === undefined ? revision : 1;
  return heldOf({ key, value, created, modified: revision }, { object, tails });
}

const part = fc.oneof(
  fc.constant(undefined),
  fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean())),
);
const parts = fc.record({ spec: part, status: part, data: part });
const order = fc.shuffledSubarray(["spec", "status", "data"] as const, { minLength: 3 });

it("what stands as it stood is taken over, and the whole is the object's JSON all the same", () => {
  const change = fc.record({ parts, kept: fc.array(fc.constantFrom("spec", "status", "data")), order });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.boolean(), (changes, isServed) => {
      let held: Held | undefined;
      for (const [at, { parts: made, kept, order: names }] of changes.entries()) {
        const old = held?.object as unknown as Record<string, unknown> | undefined;
        const fields = Object.fromEntries(
          names.map((name) => [name, kept.includes(name) && old ? old[name] : cloneJson(made[name])]),
        );
        const object = pod(fields, { at: `é${at}` });
        const whole = JSON.stringify(object);
        held = stored(object, at + 1, held);
        if (isServed || at === changes.length - 1) {
          const { metadata, ...rest } = JSON.parse(whole) as KubeObject;
          const shown = { ...rest, metadata: { ...metadata, resourceVersion: String(at + 1) } };
          expect(parsed(held.bytes)).toEqual(shown);
          expect(parsed(held.lineAs("MODIFIED"))).toEqual({ type: "MODIFIED", object: shown });
        }
      }
    }),
  );
});

it("the bytes stored are the same whether parts were taken over or not", () => {
  const spec = deepFreeze({ containers: [{ name: "a" }] });
  const first = stored(pod({ spec, status: { phase: "Pending" } }), 1);
  const next = pod({ spec: first.object && spec, status: { phase: "Running" } });
  expect(Buffer.from(storedBytes(next, first.before).value).toString()).toBe(
    Buffer.from(storedBytes(next).value).toString(),
  );
  expect(Buffer.from(storedBytes(next).value).toString()).toBe(JSON.stringify(next));
});

it.each<[told: Told, created: number]>([
  ["ADDED", 7],
  ["MODIFIED", 2],
  ["ADDED", 2],
  ["DELETED", 7],
])("a line says %s of an object created at %i and modified at 7", (told, created) => {
  const object = pod({ spec: { nodeName: "n" } });
  const { value, tails } = storedBytes(object);
  const held = heldOf({ key, value, created, modified: 7 }, { object, tails });
  const line = Buffer.from(held.lineAs(told)).toString();
  expect(line).toBe(`{"type":"${told}","object":${Buffer.from(held.bytes).toString()}}\n`);
  expect(parsed(held.bytes)).toEqual(held.object);
});

it.each([true, false])("the last state bears the revision of its end (served before: %s)", (isServed) => {
  const held = stored(pod({ spec: { nodeName: "n" }, status: { phase: "Running" } }), 3);
  if (isServed) expect(held.bytes.length).toBeGreaterThan(0);
  const last = lastStateOf(held, 9);
  expect(parsed(last.lineAs("DELETED"))).toEqual({ type: "DELETED", object: last.object });
  expect(last.object.metadata.resourceVersion).toBe("9");
  expect(parsed(held.bytes)).toEqual(held.object);
});

it("what someone else wrote in another order is served and ends as it is", () => {
  const value = Buffer.from(
    '{"kind":"Pod","metadata":{"name":"a"},"apiVersion":"v1","status":{},"spec":{"a":"ü"}}',
  );
  const held = heldOf({ key, value, created: 1, modified: 5 });
  expect(held.before).toBeUndefined();
  expect(parsed(held.bytes)).toEqual(held.object);
  expect(parsed(lastStateOf(held, 6).lineAs("DELETED"))).toMatchObject({
    object: { metadata: { name: "a", resourceVersion: "6" } },
  });
});

it("objects longer than the usual room, and trees of fields, are whole", () => {
  const long = "ж".repeat(100_000);
  const metadata = {
    name: "a",
    uid: "u",
    managedFields: [{ manager: "m", operation: "Update", fieldsV1: { "f:data": {} } }, {}],
  };
  const object = { ...pod({ data: { long }, status: { long } }), metadata } as KubeObject;
  expect(Buffer.from(storedBytes(object).value).toString()).toBe(JSON.stringify(object));
  const held = new Held(key, 4, sealed(object, 4));
  expect(parsed(held.bytes)).toEqual(held.object);
});
