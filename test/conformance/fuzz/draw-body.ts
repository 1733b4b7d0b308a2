// Owns bodies to try a server with: objects nearly right and quite wrong, as JSON, YAML and protobuf, and bytes that are neither.
import { drawObject, enveloped, writeMessage } from "../../../src/apiserver/http/protobuf-write.fixture.ts";
import type { Descriptor } from "../../../src/model/kinds/descriptor.ts";
import type { Random } from "../../../src/world/random.ts";
import { daemonSetNamed, podNamed } from "../api/harness.ts";

export const pick = <T>(random: Random, from: readonly T[]): T => {
  const found = from[random.int(from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
};
export const chance = (random: Random, oneIn: number): boolean => random.int(oneIn) === 0;

export const names = ["a", "b", "web-1", "default", "kube-system"] as const;
const junk: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  true,
  "",
  "x",
  "-",
  "a/b",
  "ü",
  "\u0000",
  "x".repeat(300),
  "9".repeat(400),
  "1Gi",
  "-1h",
  "2026-01-01T00:00:00Z",
  [],
  [null],
  [[]],
  {},
  { $patch: "delete" },
  { $patch: "replace" },
  { "": "" },
  JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}}}'),
];
const strangeKeys = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "metadata",
  "spec",
  "status",
  "$patch",
  "$retainKeys",
  "$setElementOrder/containers",
  "f:a",
  "a/b",
  "ü",
];

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** Stands for a value too deep to be written by recursion. */
const deepMark = "@deep";
const deepText = (random: Random): string => {
  const depth = pick(random, [20, 200, 3000, 20_000]);
  return chance(random, 2)
    ? "[".repeat(depth) + "]".repeat(depth)
    : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
};

const set = (tree: Tree, key: string, value: unknown): void => {
  Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
};

/** Changes a value somewhere within, in place. */
export function mutate(random: Random, root: unknown): void {
  let at = root;
  for (;;) {
    if (!isTree(at)) return;
    const keys = Object.keys(at);
    const key = keys.length === 0 || chance(random, 12) ? pick(random, strangeKeys) : pick(random, keys);
    // What is not its own is every object's.
    const below = Object.hasOwn(at, key) ? at[key] : undefined;
    if (isTree(below) && !chance(random, 4)) {
      at = below;
      continue;
    }
    if (Array.isArray(at) && !/^\d+$/.test(key)) at.push(structuredClone(pick(random, junk)));
    else if (chance(random, 5) && !Array.isArray(at)) delete at[key];
    else if (chance(random, 40)) set(at, key, deepMark);
    else if (Array.isArray(at) && chance(random, 3)) at.push(structuredClone(below));
    else set(at, key, structuredClone(pick(random, junk)));
    return;
  }
}

const metadata = (random: Random) => ({
  name: pick(random, names),
  ...(chance(random, 6) ? { generateName: "drawn-" } : {}),
  ...(chance(random, 6) ? { labels: { app: pick(random, names) } } : {}),
  ...(chance(random, 8) ? { finalizers: ["example.com/keep"] } : {}),
  ...(chance(random, 8) ? { resourceVersion: String(random.int(40)) } : {}),
  ...(chance(random, 10) ? { uid: "00000000-0000-0000-0000-000000000000" } : {}),
  ...(chance(random, 10)
    ? { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "a", uid: "u", controller: true }] }
    : {}),
  ...(chance(random, 12)
    ? {
        managedFields: [
          {
            manager: "m",
            operation: "Apply",
            apiVersion: "v1",
            fieldsType: "FieldsV1",
            fieldsV1: { "f:data": {} },
          },
        ],
      }
    : {}),
});

const rests: Readonly<Record<string, (random: Random) => object>> = {
  pods: (random) => podNamed("x", { spec: chance(random, 2) ? { nodeName: "a" } : {} }),
  daemonsets: () => daemonSetNamed("x"),
  events: () => ({
    involvedObject: { kind: "Pod", namespace: "default", name: "a" },
    reason: "R",
    message: "m",
  }),
  controllerrevisions: () => ({ revision: 1, data: { spec: {} } }),
  priorityclasses: (random) => ({ value: random.int(100) }),
  configmaps: (random) => ({ data: { a: pick(random, names) }, binaryData: { b: "AAEC" } }),
  secrets: () => ({ stringData: { a: "b" }, type: "Opaque" }),
  leases: () => ({
    spec: { holderIdentity: "me", leaseDurationSeconds: 40, renewTime: "2026-01-01T00:00:00.000000Z" },
  }),
};

export const versionOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? version : `${group}/${version}`;

export function drawKindObject(random: Random, kind: Descriptor): Tree {
  if (chance(random, 5))
    return {
      ...drawObject(random, kind.schema, 7),
      kind: kind.kind,
      apiVersion: versionOf(kind),
      metadata: metadata(random),
    };
  const rest = rests[kind.resource]?.(random) ?? {};
  return {
    ...structuredClone(rest),
    apiVersion: versionOf(kind),
    kind: kind.kind,
    metadata: metadata(random),
  };
}

const pointers = [
  "",
  "/",
  "/metadata/name",
  "/metadata/labels/app",
  "/metadata/labels",
  "/data/a",
  "/data",
  "/spec",
  "/spec/template/spec/containers/0/image",
  "/spec/containers/-",
  "/spec/containers/0",
  "/status",
  "/a~1b",
  "/~",
  "/metadata/finalizers/-",
  "/metadata/managedFields",
  "/kind",
];
const operations = ["add", "remove", "replace", "move", "copy", "test", "frob"];

const drawJsonPatch = (random: Random): unknown =>
  Array.from({ length: random.int(4) }, () => ({
    op: pick(random, operations),
    path: pick(random, pointers),
    ...(chance(random, 3) ? { from: pick(random, pointers) } : {}),
    ...(chance(random, 6) ? {} : { value: structuredClone(pick(random, junk)) }),
  }));

function drawPatch(random: Random, kind: Descriptor, type: string): unknown {
  if (type.startsWith("application/json-patch") && !chance(random, 12)) return drawJsonPatch(random);
  const { apiVersion, kind: name, ...rest } = drawKindObject(random, kind);
  const part: Tree =
    type.startsWith("application/apply") || chance(random, 2) ? { apiVersion, kind: name, ...rest } : rest;
  if (chance(random, 3)) for (const key of Object.keys(part)) if (chance(random, 2)) delete part[key];
  return part;
}

const deleteOptions = (random: Random): unknown => ({
  kind: "DeleteOptions",
  apiVersion: "v1",
  ...(chance(random, 2)
    ? { propagationPolicy: pick(random, ["Orphan", "Background", "Foreground", "Sideways"]) }
    : {}),
  ...(chance(random, 2) ? { gracePeriodSeconds: pick(random, [0, 1, 30, -1]) } : {}),
  ...(chance(random, 4) ? { preconditions: { uid: "u" } } : {}),
  ...(chance(random, 4) ? { dryRun: ["All"] } : {}),
});

const subresourceBodies: Readonly<Record<string, (random: Random) => Tree>> = {
  binding: (random) => ({
    kind: "Binding",
    apiVersion: "v1",
    metadata: { name: pick(random, names) },
    target: { kind: "Node", name: "a" },
  }),
  eviction: (random) => ({
    kind: "Eviction",
    apiVersion: "policy/v1",
    metadata: { name: pick(random, names) },
    deleteOptions: deleteOptions(random),
  }),
  token: (random) => ({ spec: { audiences: ["a"], expirationSeconds: pick(random, [600, 1, 3600]) } }),
};

const protobufKinds: Readonly<Record<string, readonly [string, string, string]>> = {
  binding: ["v1", "Binding", "Binding"],
  eviction: ["policy/v1", "Eviction", "Eviction"],
  token: ["authentication.k8s.io/v1", "TokenRequest", "AuthenticationTokenRequest"],
};

export interface Drawn {
  readonly bytes: Buffer;
  readonly contentType: string;
}

const garbled = (random: Random, bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  for (let count = 1 + random.int(4); count > 0 && copy.length > 0; count -= 1) {
    const at = random.int(copy.length);
    if (chance(random, 3)) return copy.subarray(0, at);
    copy[at] = random.int(256);
  }
  return copy;
};

function jsonBytes(random: Random, value: unknown): Buffer {
  const text = (JSON.stringify(value) ?? "").replaceAll(`"${deepMark}"`, () => deepText(random));
  // The first object says everything twice.
  return Buffer.from(
    chance(random, 15) && text.startsWith("{") && text.length > 2
      ? `${text.slice(0, -1)},${text.slice(1)}`
      : text,
  );
}

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const otherTypes = [
  "application/yaml",
  "text/plain",
  "",
  "application/json; charset=utf-8",
  "application/vnd.kubernetes.protobuf",
  "multipart/form-data",
];

export interface BodyAsked {
  readonly method: string;
  readonly kind: Descriptor;
  readonly subresource: string | undefined;
}

function protobufBody(random: Random, { method, kind, subresource = "" }: BodyAsked): Buffer {
  const own = [versionOf(kind), kind.kind, kind.schema] as const;
  const [version, name, schema] =
    method === "DELETE"
      ? (["v1", "DeleteOptions", "DeleteOptions"] as const)
      : (protobufKinds[subresource] ?? own);
  const object =
    method === "DELETE" || subresource in protobufKinds
      ? drawObject(random, schema, 4)
      : drawKindObject(random, kind);
  const raw = writeMessage(schema, {
    ...object,
    ...(chance(random, 3) ? {} : { metadata: { name: pick(random, names) } }),
  });
  return enveloped(version, name, raw);
}

export function drawBody(random: Random, asked: BodyAsked): Drawn {
  const { method, kind, subresource = "" } = asked;
  if (chance(random, 30))
    return {
      bytes: Buffer.from(random.bytes(random.int(60))),
      contentType: pick(random, [...patchTypes, ...otherTypes]),
    };
  if (chance(random, 30))
    return { bytes: Buffer.alloc(0), contentType: pick(random, [...patchTypes, ...otherTypes]) };
  if (method !== "PATCH" && chance(random, 5)) {
    const bytes = protobufBody(random, asked);
    return {
      bytes: chance(random, 3) ? garbled(random, bytes) : bytes,
      contentType: "application/vnd.kubernetes.protobuf",
    };
  }
  const contentType = method === "PATCH" ? pick(random, patchTypes) : "application/json";
  const value =
    method === "PATCH"
      ? drawPatch(random, kind, contentType)
      : method === "DELETE"
        ? deleteOptions(random)
        : (subresourceBodies[subresource]?.(random) ?? drawKindObject(random, kind));
  for (let count = random.int(3); count > 0; count -= 1) mutate(random, value);
  const bytes = jsonBytes(random, value);
  return {
    bytes: chance(random, 15) ? garbled(random, bytes) : bytes,
    contentType: chance(random, 25) ? pick(random, [...patchTypes, ...otherTypes]) : contentType,
  };
}
