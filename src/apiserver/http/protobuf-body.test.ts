// Owns the proof that protobuf bodies are read as the JSON they stand for, and that no bytes do harm.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schemas } from "../../model/generated/schemas.ts";
import { kinds } from "../../model/kinds/kinds.ts";
import { seededRandom } from "../../world/random.ts";
import { reachable } from "../openapi/definition-names.ts";
import { message } from "../openapi/protobuf.ts";
import { reviews } from "../reviews.ts";
import { fieldNumbers } from "./field-numbers.ts";
import { readProtobuf } from "./protobuf-body.ts";
import { bytesField, drawObject, enveloped, varint, writeMessage } from "./protobuf-write.fixture.ts";

const bytes = (...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const entry = (key: string, value: string | Uint8Array): Uint8Array =>
  message([
    [1, key],
    [2, value],
  ]);
/** A field whose value is a varint, given in its bytes. */
const number = (field: number, ...varint: number[]): number[] => [field * 8, ...varint];

/** Added to the API after the release whose field numbers are known here. */
const newer = ["PodSpec.schedulingGroup", "PodStatus.nodeAllocatableResourceClaimStatuses"];

const fieldsOf = (message: string): string[] =>
  [...(fieldNumbers(message)?.values() ?? [])].flatMap(({ name, is }) =>
    is === "part" ? fieldsOf(name) : [name],
  );

describe("readProtobuf", () => {
  it("reads maps, bytes, empty strings and zero times as Go writes them", () => {
    const fields = message([
      [1, "x"],
      [2, ""],
      [3, "default"],
      [8, new Uint8Array()],
      [11, entry("a", "b")],
      [11, entry("__proto__", "c")],
      [14, "one"],
      [14, "two"],
    ]);
    const metadata = bytes(fields, number(7, 0));
    const secret = message([
      [1, metadata],
      [2, entry("key", Uint8Array.of(0, 255))],
      [3, "Opaque"],
      [5, false],
    ]);
    const read = readProtobuf(enveloped("v1", "Secret", secret));
    expect(JSON.stringify(read.is === "read" && read.value)).toBe(
      JSON.stringify({
        kind: "Secret",
        apiVersion: "v1",
        metadata: JSON.parse(
          '{"name":"x","namespace":"default","labels":{"a":"b","__proto__":"c"},"finalizers":["one","two"]}',
        ),
        data: { key: "AP8=" },
        type: "Opaque",
        immutable: false,
      }),
    );
  });

  it("reads numbers, negative ones too, times with microseconds, and owners", () => {
    const owner = bytes(
      message([
        [1, "Node"],
        [3, "n"],
      ]),
      number(6, 1),
    );
    const metadata = message([
      [13, owner],
      [
        17,
        message([
          [1, "me"],
          [7, message([[1, '{"f:a":{}}']])],
        ]),
      ],
    ]);
    const time = bytes(number(1, 0x80, 0xe8, 0x92, 0xcb, 0x06), number(2, 0xc0, 0x84, 0x3d));
    const minusTwo = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const spec = bytes(message([[1, "n"]]), number(2, 40), message([[4, time]]), number(5, ...minusTwo));
    expect(
      readProtobuf(
        enveloped(
          "coordination.k8s.io/v1",
          "Lease",
          message([
            [1, metadata],
            [2, spec],
          ]),
        ),
      ),
    ).toEqual({
      is: "read",
      unknown: [],
      value: {
        kind: "Lease",
        apiVersion: "coordination.k8s.io/v1",
        metadata: {
          ownerReferences: [{ kind: "Node", name: "n", controller: true }],
          managedFields: [{ manager: "me", fieldsV1: { "f:a": {} } }],
        },
        spec: {
          holderIdentity: "n",
          leaseDurationSeconds: 40,
          renewTime: `${new Date(1_768_207_360_000).toISOString().slice(0, 19)}.001000Z`,
          leaseTransitions: -2,
        },
      },
    });
  });

  it.each([
    ["no envelope", new TextEncoder().encode("{}"), "it does not begin with k8s"],
    ["a value cut short", enveloped("v1", "ConfigMap", Uint8Array.of(0x0a, 9, 1)), "longer than the message"],
    ["a number for an object", enveloped("v1", "ConfigMap", Uint8Array.of(8, 1)), "a number stands where"],
    ["a wire type that is none", enveloped("v1", "ConfigMap", Uint8Array.of(14, 0)), "wire type 6"],
    ["a group that does not end", enveloped("v1", "ConfigMap", Uint8Array.of(11, 8, 1)), "does not end"],
    [
      "a time no calendar has",
      enveloped(
        "v1",
        "ConfigMap",
        message([[1, message([[8, Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 127)]])]]),
      ),
      "out of range",
    ],
    [
      "a nested object that is no JSON",
      enveloped("apps/v1", "ControllerRevision", message([[2, message([[1, "{"]])]])),
      "not JSON",
    ],
    ["broken text", enveloped("v1", "Secret", message([[3, Uint8Array.of(255)]])), "not UTF-8"],
  ])("refuses %s", (_name, given, words) => {
    const read = readProtobuf(given);
    expect(read.is === "malformed" && read.because).toContain(words);
  });

  it("refuses messages within messages deeper than any walker of them should go", () => {
    // A schema that says what it is not, over and over: what stands within is made first.
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let count = 0; count < 100_000; count += 1) {
      const head = Uint8Array.from([...varint(27 * 8 + 2), ...varint(size)]);
      parts.push(head);
      size += head.length;
    }
    const wrap = (field: number, value: Uint8Array): Uint8Array => bytesField(field, value);
    const schema = Buffer.concat(parts.toReversed());
    const body = wrap(2, wrap(7, wrap(4, wrap(1, schema))));
    expect(readProtobuf(enveloped("apiextensions.k8s.io/v1", "CustomResourceDefinition", body))).toEqual({
      is: "malformed",
      because: "exceeded max depth",
    });
  });

  it("says which kinds it cannot read", () => {
    expect(readProtobuf(enveloped("example.com/v1", "Widget", new Uint8Array()))).toEqual({
      is: "unsupported",
      kind: "Widget",
    });
  });

  it("passes over fields of the future, and says which", () => {
    const future = bytes(
      message([[99, "x"]]),
      [0x91, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x95, 0x06, 1, 2, 3, 4],
      [0x93, 0x06, 0x0b, 0x08, 0x01, 0x0c, 0x94, 0x06],
    );
    const body = bytes(future, message([[2, entry("a", "b")]]), future);
    expect(readProtobuf(enveloped("v1", "ConfigMap", body))).toEqual({
      is: "read",
      value: { kind: "ConfigMap", apiVersion: "v1", data: { a: "b" } },
      unknown: ["ConfigMap 99", "ConfigMap 98"],
    });
  });

  it("says nothing of fields that are no more and were not set", () => {
    const metadata = bytes(message([[1, "x"]]), message([[15, ""]]), [0x80, 0x01, 0]);
    expect(readProtobuf(enveloped("v1", "ConfigMap", message([[1, metadata]])))).toEqual({
      is: "read",
      value: { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "x" } },
      unknown: [],
    });
  });

  it("joins what comes in pieces, and takes numbers packed", () => {
    const security = (...part: (readonly number[])[]) => message([[14, bytes(...part)]]);
    const spec = bytes(security([0x22, 3, 1, 2, 3]), security([0x20, 4], [8 * 3, 1]));
    const read = readProtobuf(enveloped("v1", "Pod", message([[2, spec]])));
    expect(read.is === "read" && read.value).toEqual({
      kind: "Pod",
      apiVersion: "v1",
      spec: { securityContext: { supplementalGroups: [1, 2, 3, 4], runAsNonRoot: true } },
    });
  });

  const roots: [apiVersion: string, kind: string, schema: string][] = [
    ...kinds
      // Schemas, which stand for either of two things in places, are read in a test of their own.
      .filter(({ schema, kind }) => fieldNumbers(schema) !== undefined && kind !== "CustomResourceDefinition")
      .map((kind): [string, string, string] => [
        kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
        kind.kind,
        kind.schema,
      ]),
    ...reviews.map((one): [string, string, string] => [`${one.group}/${one.version}`, one.kind, one.schema]),
    ["v1", "Binding", "Binding"],
    ["v1", "DeleteOptions", "DeleteOptions"],
    ["policy/v1", "Eviction", "Eviction"],
    ["authentication.k8s.io/v1", "TokenRequest", "AuthenticationTokenRequest"],
    ["apps/v1", "Deployment", "Deployment"],
    ["batch/v1", "Job", "Job"],
    ["v1", "Service", "Service"],
    ["events.k8s.io/v1", "Event", "EventsEvent"],
    ["autoscaling/v2", "HorizontalPodAutoscaler", "V2HorizontalPodAutoscaler"],
  ];

  it.each(roots)("reads %s %s as the JSON its sender would have sent", (apiVersion, kind, schema) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (seed) => {
        const object = drawObject(seededRandom(seed), schema, 9);
        const read = readProtobuf(enveloped(apiVersion, kind, writeMessage(schema, object)));
        expect(read).toEqual({ is: "read", value: { ...object, kind, apiVersion }, unknown: [] });
      }),
      { numRuns: 40 },
    );
  });

  it("knows every field that the kinds served have, but for those newer than its tables", () => {
    const known = [...reachable(kinds.map(({ schema }) => schema))].filter(fieldNumbers);
    const lacking = known.flatMap((schema) => {
      const given = new Set(["apiVersion", "kind", ...fieldsOf(schema)]);
      return Object.keys(schemas[schema] ?? {})
        .filter((field) => !given.has(field))
        .map((field) => `${schema}.${field}`);
    });
    expect(lacking.sort()).toEqual(newer);
  });

  it("takes no longer than its bytes are many", () => {
    const items = Buffer.concat(Array.from({ length: 200_000 }, () => message([[14, ""]])));
    const read = readProtobuf(enveloped("v1", "ConfigMap", message([[1, items]])));
    expect(read.is === "read" && read.value).toHaveProperty("metadata.finalizers.length", 200_000);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("Secret", "Pod", "Event"),
        (raw, kind) => {
          expect(["read", "malformed"]).toContain(readProtobuf(enveloped("v1", kind, raw)).is);
          expect(["malformed", "unsupported"]).toContain(readProtobuf(bytes([0x6b, 0x38, 0x73, 0], raw)).is);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
