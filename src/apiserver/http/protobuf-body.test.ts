// Owns the proof that protobuf bodies are read as the JSON they stand for, and that no bytes do harm.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { message } from "../openapi/protobuf.ts";
import { readProtobuf } from "./protobuf-body.ts";

const bytes = (...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const enveloped = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  bytes(
    [0x6b, 0x38, 0x73, 0],
    message([
      [
        1,
        message([
          [1, apiVersion],
          [2, kind],
        ]),
      ],
      [2, raw],
      [3, ""],
      [4, ""],
    ]),
  );
const entry = (key: string, value: string | Uint8Array): Uint8Array =>
  message([
    [1, key],
    [2, value],
  ]);
/** A field whose value is a varint, given in its bytes. */
const number = (field: number, ...varint: number[]): number[] => [field * 8, ...varint];

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
    [
      "a field of the future",
      enveloped("v1", "ConfigMap", message([[99, "x"]])),
      "ConfigMap has no field of number 99",
    ],
    ["a number for an object", enveloped("v1", "ConfigMap", Uint8Array.of(8, 1)), "a number stands where"],
    ["a float", enveloped("v1", "ConfigMap", Uint8Array.of(13, 0, 0, 0, 0)), "unknown wire type 5"],
    ["broken text", enveloped("v1", "Secret", message([[3, Uint8Array.of(255)]])), "not UTF-8"],
  ])("refuses %s", (_name, given, words) => {
    const read = readProtobuf(given);
    expect(read.is === "malformed" && read.because).toContain(words);
  });

  it("says which kinds it cannot read", () => {
    expect(readProtobuf(enveloped("v1", "Pod", new Uint8Array()))).toEqual({
      is: "unsupported",
      kind: "Pod",
    });
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("Secret", "Lease", "Event"),
        (raw, kind) => {
          expect(["read", "malformed"]).toContain(readProtobuf(enveloped("v1", kind, raw)).is);
          expect(["malformed", "unsupported"]).toContain(readProtobuf(bytes([0x6b, 0x38, 0x73, 0], raw)).is);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
