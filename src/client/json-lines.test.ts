// Owns the proof that JSON lines are read the same however their bytes are cut.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createJsonLines } from "./json-lines.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  { name: "whole lines", chunks: ['{"a":1}\n{"a":2}\n'], values: [[{ a: 1 }, { a: 2 }]] },
  { name: "a line over three chunks", chunks: ['{"a"', ":", "1}\n"], values: [[], [], [{ a: 1 }]] },
  { name: "a line's end and the next one's begin", chunks: ["1\n2", "3\n"], values: [[1], [23]] },
  { name: "empty lines and returns", chunks: ["\n\r\n1\r\n\n", "\n2\n"], values: [[1], [2]] },
  { name: "nothing", chunks: [""], values: [[]] },
])("reads $name", ({ chunks, values }) => {
  const lines = createJsonLines();
  expect(chunks.map((chunk) => lines.take(bytesOf(chunk)))).toEqual(values);
});

it("reads the same values wherever the bytes are cut, in the middle of a character too", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat(400)), (values, cuts) => {
      // A value that survives JSON: -0 doesn't.
      const written = values.map((value) => `${JSON.stringify(value)}\n`);
      const bytes = bytesOf(written.join(""));
      const lines = createJsonLines();
      const read: unknown[] = [];
      let from = 0;
      for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
        const to = Math.min(Math.max(cut, from), bytes.length);
        read.push(...lines.take(bytes.slice(from, to)));
        from = to;
      }
      expect(read).toEqual(written.map((line): unknown => JSON.parse(line)));
    }),
  );
});

it("throws on a line that is no JSON", () => {
  expect(() => createJsonLines().take(bytesOf("{]\n"))).toThrow(SyntaxError);
});
