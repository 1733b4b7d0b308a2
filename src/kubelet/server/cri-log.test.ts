// Owns tests of the reading of container logs.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CriReader, lastLinesStart, parseCriLine, type LogWish } from "./cri-log.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");
const words = (content: Uint8Array) => Buffer.from(content).toString("utf8");
const at = (second: number) => `2026-01-01T00:00:0${second}.123456789Z`;
const log = `${at(1)} stdout F first\n${at(2)} stderr P hal\n${at(3)} stderr F f\nnonsense\n${at(4)} stdout F \n`;
const read = (wish: Partial<LogWish>, text = log) =>
  words(
    new CriReader({ timestamps: false, since: undefined, limitBytes: undefined, ...wish }).take(bytes(text)),
  );

describe("CriReader", () => {
  it.each<[string, Partial<LogWish>, string]>([
    ["all", {}, "first\nhalf\n\n"],
    [
      "with times, one for a line in parts",
      { timestamps: true },
      `${at(1)} first\n${at(2)} half\n${at(4)} \n`,
    ],
    ["since a time", { since: Date.UTC(2026, 0, 1, 0, 0, 4) }, "\n"],
    ["no more than the limit", { limitBytes: 7 }, "first\nh"],
  ])("gives %s", (_name, wish, expected) => {
    expect(read(wish)).toBe(expected);
  });

  it("gives the same however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(log.length)), (cuts) => {
        const reader = new CriReader({ timestamps: true, since: undefined, limitBytes: undefined });
        const edges = [0, ...cuts.sort((a, b) => a - b), log.length];
        let out = "";
        for (let edge = 1; edge < edges.length; edge++)
          out += words(reader.take(bytes(log).subarray(edges[edge - 1], edges[edge])));
        expect(out).toBe(read({ timestamps: true }));
      }),
    );
  });
});

it.each([
  ["", undefined],
  ["one two", undefined],
  [`${at(1)} stdin F x`, undefined],
  [`${at(1)} stdout X x`, undefined],
  [`${at(1)} stdout F`, { time: at(1), stream: "stdout", partial: false, text: "" }],
  [`${at(1)} stderr P:y a b`, { time: at(1), stream: "stderr", partial: true, text: "a b" }],
])("reads %j", (line, expected) => {
  const record = parseCriLine(bytes(line));
  expect(record === undefined ? undefined : { ...record, text: words(record.text) }).toEqual(expected);
});

describe("lastLinesStart", () => {
  it.each([
    ["a\nb\nc\n", 1, 4],
    ["a\nb\nc\n", 2, 2],
    ["a\nb\nc\n", 3, undefined],
    ["a\nb\nc", 1, 4],
    ["\n\n\n", 2, 1],
    ["abc", 0, 3],
    ["", 1, undefined],
  ])("of %j the last %i begin at %s", (text, count, expected) => {
    expect(lastLinesStart(bytes(text), count)).toBe(expected);
  });
});
