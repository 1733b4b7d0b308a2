// Owns the proof that a body ends where it ends, into however many pieces the network cuts it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyDecoder } from "./body-decoder.ts";
import type { Framing } from "./parse-head.ts";

const chunked: Framing = { is: "chunked" };

/** What is decoded of pieces of the given sizes, over and over. */
function decode(framing: Framing, bytes: Buffer, sizes: readonly number[]) {
  const decoder = new BodyDecoder(framing);
  const parts: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const piece = bytes.subarray(at, at + size);
    at += piece.length;
    const taken = decoder.take(piece, (part) => parts.push(Buffer.from(part)));
    if (taken.is === "bad") return { is: "bad" as const };
    if (taken.is === "whole")
      return {
        is: "whole" as const,
        body: Buffer.concat(parts).toString(),
        rest: Buffer.concat([taken.rest, bytes.subarray(at)]).toString(),
      };
  }
  return { is: "incomplete" as const };
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

describe("BodyDecoder", () => {
  it("finds body and rest of chunks, however they are cut", () => {
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(
        pieces,
        fc.constantFrom("", ";x=y"),
        fc.constantFrom("", "A: b\r\n"),
        sizes,
        (texts, extension, trailer, cut) => {
          const chunks = texts.map(
            (text) => `${Buffer.byteLength(text).toString(16)}${extension}\r\n${text}\r\n`,
          );
          const bytes = Buffer.from(`${chunks.join("")}0\r\n${trailer}\r\nnext`);
          expect(decode(chunked, bytes, cut)).toEqual({ is: "whole", body: texts.join(""), rest: "next" });
        },
      ),
    );
  });

  it("finds body and rest of a counted body", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), sizes, (text, cut) => {
        const framing: Framing = { is: "length", length: Buffer.byteLength(text) };
        expect(decode(framing, Buffer.from(`${text}next`), cut)).toEqual({
          is: "whole",
          body: text,
          rest: "next",
        });
      }),
    );
  });

  it.each([
    ["no size", "\r\nabc\r\n0\r\n\r\n"],
    ["a signed size", "+3\r\nabc\r\n0\r\n\r\n"],
    ["a size with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"],
    ["a size past all bounds", "fffffffff\r\n"],
    ["a size ended by a line feed alone", "3\nabc\r\n0\r\n\r\n"],
    ["more than the size says", "3\r\nabcd\r\n0\r\n\r\n"],
    ["endless extensions", `3;${"x".repeat(2000)}`],
    ["endless trailers on one line", `0\r\n${"x".repeat(2000)}`],
  ])("refuses %s", (_name, text) => {
    for (const cut of [[1], [1000]]) expect(decode(chunked, Buffer.from(text), cut)).toEqual({ is: "bad" });
  });

  it("waits for all of it", () => {
    const text = "3\r\nabc\r\n0\r\n\r\n";
    for (let size = 1; size < text.length; size += 1)
      expect(decode(chunked, Buffer.from(text.slice(0, size)), [2])).toEqual({ is: "incomplete" });
  });
});
