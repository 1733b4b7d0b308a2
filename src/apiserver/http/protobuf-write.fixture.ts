// Owns writing protobuf bodies as programs in Go do, for tests: every field that is no pointer, set or not; and objects to write.
import { schemas } from "../../model/generated/schemas.ts";
import type { Random } from "../../world/random.ts";
import { fieldNumbers } from "./field-numbers.ts";

type JsonObject = Record<string, unknown>;
interface Field {
  readonly t: string;
  readonly f?: string;
  readonly r?: 1;
}

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  while (rest > 0x7fn) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...out, Number(rest)];
}

export const numberField = (number: number, value: number): Uint8Array =>
  Uint8Array.from([...varint(number * 8), ...varint(value)]);

export function bytesField(number: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function timeBytes(text: string): Buffer {
  const seconds = Math.floor(Date.parse(text) / 1000);
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? "";
  return Buffer.concat([numberField(1, seconds), numberField(2, Number(fraction.padEnd(9, "0")))]);
}

function writeValue(number: number, { t: type, f: format }: Field, value: unknown): Uint8Array {
  if (format === "byte") return bytesField(number, Buffer.from(textOf(value), "base64"));
  switch (type) {
    case "string":
      return bytesField(number, textOf(value));
    case "number":
      return numberField(number, Number(value));
    case "boolean":
      return numberField(number, value === true ? 1 : 0);
    case "time":
      return bytesField(number, value === undefined ? "" : timeBytes(textOf(value)));
    case "any":
      return bytesField(number, value === undefined ? "" : bytesField(1, textOf(value)));
    case "quantity":
      return bytesField(number, bytesField(1, textOf(value)));
    case "int-or-string":
      return bytesField(
        number,
        typeof value === "number"
          ? Buffer.concat([numberField(1, 0), numberField(2, value), bytesField(3, "")])
          : Buffer.concat([numberField(1, 1), numberField(2, 0), bytesField(3, textOf(value))]),
      );
    case "[]string":
      return bytesField(
        number,
        Buffer.concat((Array.isArray(value) ? value : []).map((one) => bytesField(1, textOf(one)))),
      );
    default:
      // What is no leaf is an object by its schema.
      return bytesField(number, writeMessage(type, value as JsonObject));
  }
}

const isLeaf = (type: string): boolean => !(type in schemas) && !/^(?:\[\]|\{\})/.test(type);

/** The bytes of a message; `schema` is the owner's where the message is a part of it. */
export function writeMessage(name: string, object: JsonObject, schema = name): Buffer {
  const parts: Uint8Array[] = [];
  for (const [number, field] of [...(fieldNumbers(name) ?? [])].sort(([left], [right]) => left - right)) {
    const shape: Field | undefined = schemas[schema]?.[field.name];
    const value = object[field.name];
    if (field.is === "part") parts.push(bytesField(number, writeMessage(field.name, object, schema)));
    else if (shape === undefined) continue;
    else if (field.isBoxed && value !== undefined) parts.push(writeValue(number, shape, value));
    else if (shape.t.startsWith("[]") && Array.isArray(value))
      for (const one of value) parts.push(writeValue(number, { ...shape, t: shape.t.slice(2) }, one));
    else if (shape.t.startsWith("{}") && typeof value === "object" && value !== null)
      for (const [key, one] of Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
        parts.push(
          bytesField(
            number,
            Buffer.concat([bytesField(1, key), writeValue(2, { ...shape, t: shape.t.slice(2) }, one)]),
          ),
        );
    else if (value !== undefined) parts.push(writeValue(number, shape, value));
    else if (field.isAlwaysWritten && isLeaf(shape.t))
      parts.push(
        writeValue(
          number,
          shape,
          ["time", "any"].includes(shape.t) ? undefined : shape.t === "number" ? 0 : "",
        ),
      );
  }
  return Buffer.concat(parts);
}

/** As a client sends it. */
export function enveloped(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const typeMeta = Buffer.concat([bytesField(1, apiVersion), bytesField(2, kind)]);
  const unknown = [bytesField(1, typeMeta), bytesField(2, raw), bytesField(3, ""), bytesField(4, "")];
  return Buffer.concat([Buffer.from("k8s\0"), ...unknown]);
}

const words = ["a", "app", "kube-system", "ü", "x".repeat(200), "__proto__", "1Gi"];
const pick = <T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T => {
  const found = from[random.int(from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
};

function drawLeaf(random: Random, { t: type, f: format }: Field): unknown {
  if (format === "byte") return Buffer.from(pick(random, words)).toString("base64");
  switch (type) {
    case "number": {
      const size = 2 ** 31;
      const far = format === "int64" ? Number.MAX_SAFE_INTEGER : size - 1;
      return pick(random, [1, 7, -1, 1 + random.int(size), -1 - random.int(size), far]);
    }
    case "boolean":
      return true;
    case "time":
      return format === "date-time-micro" ? "2026-01-02T03:04:05.678901Z" : "1969-07-20T20:17:40Z";
    case "quantity":
      return pick(random, ["100m", "1Gi", "0"]);
    case "int-or-string":
      return pick(random, [0, 8080, "http", "", "25%"]);
    case "any":
      return { "f:metadata": { "f:labels": {} } };
    case "[]string":
      return ["a", ""];
    default:
      return pick(random, words);
  }
}

const zeros: Readonly<Record<string, unknown>> = { number: 0, boolean: false, string: "" };

function drawValue(random: Random, field: Field, depth: number): unknown {
  return field.t in schemas ? drawObject(random, field.t, depth - 1) : drawLeaf(random, field);
}

function drawMany(random: Random, field: Field, depth: number): unknown {
  const inner = { ...field, t: field.t.slice(2) };
  const count = 1 + random.int(2);
  if (field.t.startsWith("[]")) return Array.from({ length: count }, () => drawValue(random, inner, depth));
  const keys = Array.from({ length: count }, (_, at) => `${pick(random, words)}${at}`);
  return Object.fromEntries(keys.map((key) => [key, drawValue(random, inner, depth)]));
}

/** An object as a program in Go would write it in JSON: what it must always write, and some of the rest. */
export function drawObject(random: Random, name: string, depth: number, schema = name): JsonObject {
  const out: JsonObject = {};
  for (const field of fieldNumbers(name)?.values() ?? []) {
    const shape: Field | undefined = schemas[schema]?.[field.name];
    const isMany = shape !== undefined && /^(?:\[\]|\{\})/.test(shape.t);
    const isWanted = depth > 0 && random.int(3) === 0;
    if (field.is === "part") Object.assign(out, drawObject(random, field.name, depth, schema));
    else if (shape === undefined || name === "ObjectMeta") continue;
    else if (isMany) {
      if (isWanted) out[field.name] = drawMany(random, shape, depth);
    } else if (field.isAlwaysWritten && shape.t in schemas) out[field.name] = drawValue(random, shape, depth);
    else if (shape.t in zeros && shape.f !== "byte" && (shape.r === 1 || !field.isAlwaysWritten)) {
      // Zero is a value where it was set, or where it has to be said.
      if (isWanted) out[field.name] = random.int(2) === 0 ? zeros[shape.t] : drawLeaf(random, shape);
      else if (field.isAlwaysWritten) out[field.name] = zeros[shape.t];
    } else if (isWanted || (field.isAlwaysWritten && ["quantity", "int-or-string"].includes(shape.t)))
      out[field.name] = drawValue(random, shape, depth);
  }
  return out;
}
