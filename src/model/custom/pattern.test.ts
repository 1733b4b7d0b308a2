// Tests the patterns of schemas: RE2's syntax, and no pattern that makes a short text long work.
import { describe, expect, it } from "vitest";
import { fitsFormat } from "./formats.ts";
import { readPattern } from "./pattern.ts";

const matches = (pattern: string, text: string): boolean | string => {
  const read = readPattern(pattern);
  return read.is === "bad" ? read.because : read.test(text);
};

describe("readPattern", () => {
  it.each([
    ["^a+$", "aaa", true],
    ["(?i)^[[:alpha:]]+$", "Ab", true],
    ["^(?P<name>a)$", "a", true],
    ["\\Aab\\z", "ab", true],
    ["b", "abc", true],
    ["^\\pL+$", "é", true],
    ["(?s)a.b", "a\nb", true],
    ["(?U)^a+", "a", true],
    // No engine without backtracking could run these, in the time that they take one with it.
    ["^(a+)+$", `${"a".repeat(50_000)}b`, false],
    ["^(a|a)*$", `${"a".repeat(50_000)}b`, false],
  ])("%s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it.each([["("], ["(?=a)b"], ["(?<!a)b"], ["(a)\\1"], ["a{1001}"], ["[b-a]"]])("refuses %s", (pattern) => {
    expect(matches(pattern, "")).toMatch(/^error parsing regexp: /);
  });

  it("gives up on a program and a text that are both huge", () => {
    expect(matches("a[ab]{900}c", "ab".repeat(1_000_000))).toBe(false);
  });
});

describe("the format duration", () => {
  it.each([
    ["1h30m", true],
    ["-1.5 h", true],
    ["300ms", true],
    ["1 day", true],
    ["5 s 3 ms", true],
    ["h", false],
    [`1${" ".repeat(100_000)}x1`, false],
  ])("%s", (text, expected) => {
    expect(fitsFormat("duration", text)).toBe(expected);
  });
});
