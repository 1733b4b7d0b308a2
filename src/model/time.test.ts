// Owns the proof that times and ages read and print as upstream's.
import { describe, expect, test } from "vitest";
import { ageOf, humanDuration } from "./duration.ts";
import { canonicalMicroTime, formatMicroTime, formatTime, parseTime } from "./time.ts";

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;
const y = 365 * d;

describe("humanDuration", () => {
  // Rows of upstream's duration_test.go, and the edges between its units.
  test.each([
    [-2 * s, "<invalid>"],
    [-1 * s, "0s"],
    [0, "0s"],
    [s - 1, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [3 * m + 20 * s, "3m20s"],
    [9 * m + 59 * s, "9m59s"],
    [10 * m + 59 * s, "10m"],
    [3 * h - 1, "179m"],
    [3 * h, "3h"],
    [7 * h + 59 * m, "7h59m"],
    [8 * h + 59 * m, "8h"],
    [47 * h + 59 * m, "47h"],
    [2 * d, "2d"],
    [2 * d + 3 * h, "2d3h"],
    [8 * d - 1, "7d23h"],
    [8 * d + 5 * h, "8d"],
    [2 * y - 1, "729d"],
    [2 * y, "2y"],
    [2 * y + 3 * d, "2y3d"],
    [8 * y + 300 * d, "8y"],
  ])("%d ms is %s", (length, expected) => {
    expect(humanDuration(length)).toBe(expected);
  });

  test("an object without a timestamp has an unknown age", () => {
    expect(ageOf(undefined, 0)).toBe("<unknown>");
    expect(ageOf("2026-01-02T03:04:05Z", Date.UTC(2026, 0, 2, 3, 9, 5))).toBe("5m");
  });
});

describe("parseTime", () => {
  test.each([
    ["2026-01-02T03:04:05Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["2026-01-02T03:04:05.678901Z", Date.UTC(2026, 0, 2, 3, 4, 5) + 678.901],
    ["2026-01-02T03:04:05+02:00", Date.UTC(2026, 0, 2, 1, 4, 5)],
    ["2026-02-31T03:04:05Z", undefined],
    ["2026-01-02T24:04:05Z", undefined],
    ["2026-01-02 03:04:05", undefined],
    ["yesterday", undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(parseTime(text)).toBe(expected);
  });
});

test("times print to the second, micro times to the microsecond", () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  expect(formatTime(at)).toBe("2026-01-02T03:04:05Z");
  expect(formatMicroTime(at)).toBe("2026-01-02T03:04:05.678000Z");
  expect(formatMicroTime(at + 0.25)).toBe("2026-01-02T03:04:05.678250Z");
});

describe("canonicalMicroTime", () => {
  test.each([
    // As an Instant it would be a microsecond less.
    ["2026-11-21T09:56:18.906327Z", "2026-11-21T09:56:18.906327Z"],
    ["2026-11-21T09:56:18.906327999+01:00", "2026-11-21T08:56:18.906327Z"],
    ["2026-11-21T23:59:59.99999999999Z", "2026-11-21T23:59:59.999999Z"],
    ["2026-11-21T09:56:18,5Z", "2026-11-21T09:56:18.500000Z"],
    ["2026-11-21T09:56:18Z", "2026-11-21T09:56:18.000000Z"],
    ["2026-11-21T09:56:18.1.2Z", undefined],
    ["2026-02-30T09:56:18.1Z", undefined],
    ["today", undefined],
  ])("%s is %s", (text, expected) => {
    expect(canonicalMicroTime(text)).toBe(expected);
  });
});
