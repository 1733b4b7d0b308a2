// Owns the proof that selectors read, match and print as kubectl's.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatLabels,
  formatLabelSelector,
  matchesLabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from "./selector.ts";

describe("parseLabelSelector", () => {
  test.each<[string, Record<string, string> | undefined, boolean]>([
    ["", undefined, true],
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "b" }, true],
    ["a=b", { a: "c" }, false],
    ["a=b", undefined, false],
    ["a=", { a: "" }, true],
    ["a=,b", { a: "", b: "1" }, true],
    ["a!=b", { a: "c" }, true],
    ["a!=b", {}, true],
    ["a!=b", { a: "b" }, false],
    ["a in (b,c)", { a: "c" }, true],
    ["a in (b, c )", { a: "d" }, false],
    ["a in (,b)", { a: "" }, true],
    ["a in ()", { a: "" }, true],
    ["a in ()", { a: "b" }, false],
    ["a notin ()", { a: "b" }, true],
    ["a notin (b,c)", {}, true],
    ["a notin (b,c)", { a: "b" }, false],
    ["a", { a: "x" }, true],
    ["a", {}, false],
    ["!a", {}, true],
    ["! a", { a: "x" }, false],
    ["a>3", { a: "4" }, true],
    ["a<3", { a: "4" }, false],
    ["a>3", { a: "x" }, false],
    [" example.com/role = db , tier notin (web) ", { "example.com/role": "db" }, true],
    ["in=notin", { in: "notin" }, true],
    ["in in (in,notin)", { in: "in" }, true],
    ["toString", {}, false],
  ])("%j on %j: %j", (text, labels, expected) => {
    const parsed = parseLabelSelector(text);
    expect(parsed.is === "ok" && parsed.matches(labels)).toBe(expected);
    expect(parsed.is).toBe("ok");
  });

  test.each([
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["-a=b", 'key: Invalid value: "-a": name part must consist of alphanumeric characters'],
    ["a=-b", 'values[0][a]: Invalid value: "-b": a valid label must be'],
    ["a>x", "the value must be an integer"],
  ])("%j is refused", (text, message) => {
    const parsed = parseLabelSelector(text);
    expect(parsed.is === "bad" ? parsed.message : "").toContain(message);
  });

  test("what an object's selector prints, the parser reads back to the same verdicts", () => {
    const key = fc.constantFrom("a", "b", "c.d/e");
    const value = fc.constantFrom("", "x", "y-1");
    const expression = fc.oneof(
      fc.record({ key, operator: fc.constantFrom("Exists", "DoesNotExist") }),
      fc.record({
        key,
        operator: fc.constantFrom("In", "NotIn"),
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(expression, { minLength: 1, maxLength: 3 }),
        fc.dictionary(key, value),
        fc.dictionary(key, value),
        (matchExpressions, matchLabels, labels) => {
          const selector = { matchExpressions, matchLabels };
          const parsed = parseLabelSelector(formatLabelSelector(selector));
          expect(parsed.is === "ok" && parsed.matches(labels)).toBe(matchesLabelSelector(selector, labels));
        },
      ),
    );
  });
});

describe("matchesLabelSelector", () => {
  test("absent matches nothing, empty everything, an unknown operator nothing", () => {
    expect(matchesLabelSelector(undefined, { a: "b" })).toBe(false);
    expect(matchesLabelSelector({}, undefined)).toBe(true);
    const odd = { matchExpressions: [{ key: "a", operator: "constructor" }] };
    expect(matchesLabelSelector(odd, { a: "b" })).toBe(false);
  });
});

test.each([
  [undefined, "<none>"],
  [{}, "<none>"],
  [{ matchLabels: { b: "2", a: "1" } }, "a=1,b=2"],
  [
    {
      matchLabels: { z: "1" },
      matchExpressions: [
        { key: "b", operator: "In", values: ["y", "x"] },
        { key: "c", operator: "DoesNotExist" },
        { key: "a", operator: "Exists" },
      ],
    },
    "a,b in (x,y),!c,z=1",
  ],
])("the SELECTOR column of %j", (selector, expected) => {
  expect(formatLabelSelector(selector)).toBe(expected);
});

test("the NODE SELECTOR column is sorted, or <none>", () => {
  expect(formatLabels({ b: "2", a: "1" })).toBe("a=1,b=2");
  expect(formatLabels({})).toBe("<none>");
});

describe("parseFieldSelector", () => {
  test.each([
    ["", []],
    ["spec.nodeName=n1", [{ field: "spec.nodeName", op: "=", value: "n1" }]],
    [
      "status.phase!=Running,metadata.name==a",
      [
        { field: "status.phase", op: "!=", value: "Running" },
        { field: "metadata.name", op: "=", value: "a" },
      ],
    ],
    ["a=", [{ field: "a", op: "=", value: "" }]],
    ["a=b\\,c\\=d\\\\", [{ field: "a", op: "=", value: "b,c=d\\" }]],
  ])("%j", (text, terms) => {
    expect(parseFieldSelector(text)).toEqual({ is: "ok", terms });
  });

  test.each([
    ["abc", "invalid selector: 'abc'; can't understand 'abc'"],
    ["a=\\b", "invalid field selector: invalid escape sequence: \\b"],
    ["a=b=c", "invalid field selector: unescaped character in value: ="],
  ])("%j is refused", (text, message) => {
    expect(parseFieldSelector(text)).toEqual({ is: "bad", message });
  });
});
