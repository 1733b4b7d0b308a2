// Owns the proof that objects are written byte for byte as programs in Go write them, and read back as they were.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kinds } from "../../model/kinds/kinds.ts";
import { seededRandom } from "../../world/random.ts";
import { drawObject, writeMessage } from "../http/protobuf-write.fixture.ts";
import { readProtobuf } from "../http/protobuf-body.ts";
import { groupVersion } from "../registry/decode.ts";
import { reviews } from "../reviews.ts";
import { encodeObject, isEncodable } from "./encode-object.ts";
import { frameOf, protobufOf } from "./envelope.ts";
import { bodies, objects } from "./golden.fixture.ts";

/** Schemas stand for either of two things in places, which objects are not drawn with. */
const isPlain = (kind: string): boolean => kind !== "CustomResourceDefinition";

const roots: [apiVersion: string, kind: string, schema: string][] = [
  ...[...kinds, ...reviews]
    .filter(({ schema, kind }) => isEncodable(schema) && isPlain(kind))
    .map((kind): [string, string, string] => [groupVersion(kind), kind.kind, kind.schema]),
  ["v1", "Status", "Status"],
  ["v1", "APIGroup", "APIGroup"],
  ["v1", "APIResourceList", "APIResourceList"],
  ["policy/v1", "Eviction", "Eviction"],
  ["autoscaling/v1", "Scale", "Scale"],
  ["autoscaling/v2", "HorizontalPodAutoscaler", "V2HorizontalPodAutoscaler"],
  ["batch/v1", "Job", "Job"],
  ["authentication.k8s.io/v1", "TokenRequest", "AuthenticationTokenRequest"],
];
const none = new Uint8Array();

describe("an object in protobuf", () => {
  it.each(roots)(
    "%s %s is read back as it was, and has the bytes of the plain way",
    (apiVersion, kind, schema) => {
      fc.assert(
        fc.property(fc.integer({ min: 1 }), (seed) => {
          const object = drawObject(seededRandom(seed), schema, 9);
          expect(Buffer.compare(encodeObject(schema, object), writeMessage(schema, object))).toBe(0);
          const value = { ...object, apiVersion, kind };
          expect(readProtobuf(protobufOf(value) ?? none)).toEqual({ is: "read", value, unknown: [] });
        }),
        { numRuns: 40 },
      );
    },
  );

  it("is written at any size, of any text", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary", maxLength: 200 })),
        (data) => {
          const value = {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: {},
            data: { ...data, large: "é".repeat(90_000) },
          };
          expect(readProtobuf(protobufOf(value) ?? none)).toMatchObject({
            is: "read",
            value: { data: value.data },
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("has its zero, null and odd values as Go would", () => {
    const given = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { creationTimestamp: null, labels: null, finalizers: null, name: 5 },
      firstTimestamp: "2026-01-02T05:04:05.9+02:00",
      lastTimestamp: "0001-01-01T00:00:00Z",
      eventTime: "2026-01-02T03:04:05.5Z",
      count: 2.5,
    };
    expect(readProtobuf(protobufOf(given) ?? none)).toMatchObject({
      value: {
        metadata: { name: "5" },
        firstTimestamp: "2026-01-02T03:04:05Z",
        eventTime: "2026-01-02T03:04:05.500000Z",
        count: 2,
      },
    });
  });

  it("is nothing where its kind has no message", () => {
    expect(protobufOf({ apiVersion: "example.com/v1", kind: "Widget" })).toBeUndefined();
    expect(protobufOf({ apiVersion: "example.com/v1", kind: "WidgetList", items: [] })).toBeUndefined();
  });
});

describe("a schema in protobuf", () => {
  const nested = { maxDepth: 2, depthIdentifier: "schema" };
  const { schema } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
    schema: fc.record(
      {
        type: fc.constantFrom("object", "string"),
        minimum: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
        maxLength: fc.nat(),
        default: fc.oneof(fc.integer(), fc.string(), fc.record({ a: fc.array(fc.boolean()) })),
        enum: fc.array(fc.oneof(fc.constant(null), fc.integer(), fc.string()), {
          minLength: 1,
          maxLength: 3,
        }),
        items: fc.oneof(nested, fc.constant({}), tie("schema"), fc.array(tie("schema"), { maxLength: 2 })),
        additionalProperties: fc.oneof(nested, fc.boolean(), tie("schema")),
        dependencies: fc.dictionary(
          fc.constantFrom("a", "b", "__proto__"),
          fc.oneof(nested, fc.array(fc.string(), { minLength: 1 }), tie("schema")),
          { minKeys: 1 },
        ),
        not: fc.oneof(nested, fc.constant({}), tie("schema")),
        nullable: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
  }));
  const definitionOf = (openAPIV3Schema: unknown): object => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {},
    spec: {
      names: {},
      versions: [{ name: "v1", schema: { openAPIV3Schema }, subresources: { status: {} } }],
    },
  });

  it("is read back as it was", () => {
    fc.assert(
      fc.property(schema, (given) => {
        const read = readProtobuf(protobufOf(definitionOf(given)) ?? none);
        if (read.is !== "read") throw new Error(`it is ${read.is}`);
        // Prototypes are nobody's: what was drawn has none, what is read has one.
        expect(JSON.parse(JSON.stringify(read.value))).toMatchObject(
          JSON.parse(JSON.stringify(definitionOf(given))),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe("against upstream's own bytes", () => {
  it.each(bodies)("$path is the same, read and written again", ({ bytes }) => {
    const read = readProtobuf(Buffer.from(bytes, "base64"));
    if (read.is !== "read") throw new Error(`it is ${read.is}`);
    const written = protobufOf(Object(read.value)) ?? none;
    expect(Buffer.from(written).toString("base64")).toBe(bytes);
  });

  // An unset clusterName, which upstream no longer has, and the lengths around it are all that may differ.
  const isOfNow = (name: string): boolean => ["Status", "APIResourceList", "APIGroupList"].includes(name);
  const events = objects.filter(({ name }) => name === "WatchEvent");
  const alone = objects.filter(({ name }) => name !== "WatchEvent");

  it.each(alone.filter(({ name }) => isOfNow(name)))("$name has the same bytes", ({ json, bytes }) => {
    expect(Buffer.from(protobufOf(json) ?? none).toString("base64")).toBe(bytes);
  });

  it.each(alone.filter(({ name }) => !name.endsWith("List")))(
    "$name is read as the same",
    ({ json, bytes }) => {
      const theirs = readProtobuf(Buffer.from(bytes, "base64"));
      expect(theirs.is).toBe("read");
      expect(readProtobuf(protobufOf(json) ?? none)).toEqual(theirs);
    },
  );

  it.each(alone)("$name differs by unset fields at most", ({ json, bytes }) => {
    const metadata = JSON.stringify(json).split('"metadata":').length;
    const theirs = Buffer.from(bytes, "base64").byteLength;
    const ours = (protobufOf(json) ?? none).byteLength;
    expect(theirs - ours).toBeGreaterThanOrEqual(0);
    expect(theirs - ours).toBeLessThanOrEqual(2 * metadata);
  });

  it.each(events)("a frame has the same bytes", ({ json, bytes }) => {
    const frame = frameOf({ type: "ERROR", object: json });
    expect(Buffer.from(frame ?? none).toString("base64")).toBe(bytes);
  });
});
