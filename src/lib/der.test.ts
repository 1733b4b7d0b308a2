// Owns the proof of the DER reader.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { objectIdentifier, readDer } from "./der.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("reading DER", () => {
  test.each([
    ["an integer", "02 01 05", { tag: 2, children: 0 }],
    ["a sequence of two", "30 06 02 01 01 02 01 02", { tag: 0x30, children: 2 }],
    ["a long length", `04 81 80 ${"00".repeat(128)}`, { tag: 4, children: 0 }],
    ["nothing", "", undefined],
    ["a value that ends early", "30 05 02 01 01", undefined],
    ["a length that ends early", "04 82 01", undefined],
    ["an indefinite length", "30 80 00 00", undefined],
    ["a length of five bytes", "04 85 00 00 00 00 01 00", undefined],
    ["a tag of several bytes", "1f 81 00 00", undefined],
    ["two values", "02 01 01 02 01 01", undefined],
    ["a child that ends early", "30 02 02 05", undefined],
  ])("%s", (_name, text, expected) => {
    const value = readDer(hex(text));
    expect(value === undefined ? undefined : { tag: value.tag, children: value.children.length }).toEqual(
      expected,
    );
  });

  test.each([
    ["55 04 03", "2.5.4.3"],
    ["2a 86 48 86 f7 0d 01 09 0e", "1.2.840.113549.1.9.14"],
    ["88 37", "2.999"],
  ])("%s is %s", (text, expected) => {
    expect(objectIdentifier({ tag: 6, content: hex(text), children: [] })).toBe(expected);
  });

  test("too deep is refused, not followed", () => {
    let nested = hex("02 01 01");
    for (let depth = 0; depth < 40; depth += 1) nested = Uint8Array.from([0x30, nested.length, ...nested]);
    expect(readDer(nested)).toBeUndefined();
  });

  test("any bytes give a value or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const value = readDer(bytes);
        if (value !== undefined) expect(value.content.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
