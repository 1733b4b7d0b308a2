// Tests the rules of schemas: what they see, what they compare, what they may cost, and how their outcome is told.
import { describe, expect, it } from "vitest";
import type { ValidationRule } from "../../generated/types.ts";
import type { Schema } from "../schema.ts";
import { ruleFaults } from "./rule-faults.ts";
import { ruleTreeOf } from "./rule-tree.ts";

const withRules = (schema: Schema, ...rules: (string | ValidationRule)[]): Schema => ({
  ...schema,
  "x-kubernetes-validations": rules.map((rule) => (typeof rule === "string" ? { rule } : rule)),
});

const object = (properties: Record<string, Schema>): Schema => ({ type: "object", properties });
const text: Schema = { type: "string" };
const integer: Schema = { type: "integer" };
const listOf = (items: Schema, more: Schema = {}): Schema => ({ type: "array", items, ...more });

function faults(schema: Schema, value: unknown, old?: unknown): string[] {
  const tree = ruleTreeOf(schema);
  if (tree === undefined) throw new Error("no rule stands in the schema");
  return ruleFaults(tree, value, old).map(({ field, message }) => `${field}: ${message}`);
}

const everything = object({
  spec: object({
    count: integer,
    ratio: { type: "number" },
    on: { type: "boolean" },
    name: text,
    names: listOf(text),
    set: listOf(text, { "x-kubernetes-list-type": "set" }),
    ports: listOf(object({ name: text, port: integer }), {
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    }),
    labels: { type: "object", additionalProperties: text },
    either: { "x-kubernetes-int-or-string": true },
    any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    at: { type: "string", format: "date-time" },
    wait: { type: "string", format: "duration" },
    bytes: { type: "string", format: "byte" },
    maybe: { type: "string", nullable: true },
    namespace: text,
    "a-b": text,
    "a.b": text,
    a__b: text,
  }),
});

const spec = {
  count: 3,
  ratio: 1.5,
  on: true,
  name: "web-1",
  names: ["a", "b", "c"],
  set: ["x", "y"],
  ports: [
    { name: "http", port: 80 },
    { name: "https", port: 443 },
  ],
  labels: { app: "web", tier: "front" },
  either: "50%",
  any: { deep: { n: 1, list: [1, "two"] } },
  at: "2024-01-15T14:30:45Z",
  wait: "1h30m",
  bytes: "aGVsbG8=",
  maybe: null,
  namespace: "n",
  "a-b": "dash",
  "a.b": "dot",
  a__b: "under",
};

/** Whether the rule holds of the example: true, false, or why it cannot be told. */
function holds(rule: string): boolean | string {
  const whole = withRules(everything, rule);
  const found = faults(whole, { apiVersion: "x/v1", kind: "Thing", metadata: { name: "one" }, spec });
  if (found.length === 0) return true;
  return found[0]?.includes("failed rule:") === true ? false : (found[0] ?? "");
}

describe("what a rule sees", () => {
  it.each([
    "self.spec.count == 3",
    "self.spec.count + 1 > 3 && self.spec.ratio < 1.6",
    "self.spec.on",
    "self.metadata.name == 'one' && self.kind == 'Thing' && self.apiVersion == 'x/v1'",
    "!has(self.metadata.generateName)",
    "has(self.spec.name) && !has(self.spec.labels.other)",
    "self.spec.names.all(n, n.size() == 1) && self.spec.names.exists(n, n == 'b')",
    "self.spec.names.exists_one(n, n == 'b')",
    "self.spec.names.map(n, n + '!') == ['a!', 'b!', 'c!']",
    "self.spec.names.filter(n, n > 'a').size() == 2",
    "self.spec.names.all(i, n, self.spec.names[i] == n)",
    "self.spec.labels.exists(k, v, k == 'app' && v == 'web')",
    "self.spec.labels.all(k, k in ['app', 'tier'])",
    "self.spec.labels['app'] == 'web' && 'tier' in self.spec.labels",
    "self.spec.set == ['y', 'x']",
    "size(self.spec.set + ['x', 'z']) == 3",
    "self.spec.ports.exists(p, p.name == 'http' && p.port == 80)",
    "self.spec.ports[1].port == 443",
    "type(self.spec.either) == string && self.spec.either.endsWith('%')",
    "type(self.spec.either) == int ? self.spec.either < 10 : true",
    "self.spec.any.deep.n == 1 && has(self.spec.any.deep) && !has(self.spec.any.other)",
    "self.spec.any.deep.list.size() == 2",
    "self.spec.at < timestamp('2025-01-01T00:00:00Z') && self.spec.at.getFullYear() == 2024",
    "self.spec.wait == duration('90m') && self.spec.wait > duration('1h')",
    "self.spec.bytes == b'hello'",
    "self.spec.maybe == null",
    "self.spec.__namespace__ == 'n' && self.spec.a__dash__b == 'dash'",
    "self.spec.a__dot__b == 'dot' && self.spec.a__underscores__b == 'under'",
    "self.spec.?name.orValue('none') == 'web-1' && self.spec.labels[?'no'].orValue('none') == 'none'",
    "self.spec.?name.optMap(n, n + '!').orValue('') == 'web-1!'",
    "self.spec.?name == optional.of('web-1') && self.spec.?name != optional.none()",
    "self.spec.?ports == self.spec.?ports",
    "cel.bind(n, self.spec.name, n == 'web-1')",
    "self.spec == self.spec",
    "self.spec.ports == self.spec.ports",
  ])("%s", (rule) => {
    expect(holds(rule)).toBe(true);
  });

  it.each([
    ["self.spec.count > 3", false],
    [
      "self.spec.labels['none'] == ''",
      "<nil>: Invalid value: \"object\": no such key: none evaluating rule: self.spec.labels['none'] == ''",
    ],
    ["self.spec.names[7] == ''", /index out of bounds/],
    ["1 / (self.spec.count - 3) == 1", /division by zero evaluating rule/],
    ["self.spec.either > 10", /call arguments did not match a supported operator/],
    ["self.spec.name.matches('(')", /error parsing regexp/],
    ["quantity('x').sign() == 1", /quantities must match/],
  ])("%s comes to %s", (rule, expected) => {
    if (typeof expected === "boolean") expect(holds(rule)).toBe(expected);
    else expect(holds(rule)).toMatch(expected);
  });

  it.each([
    ["self.spec.nothing == 1", "No such key: nothing"],
    ["has(self.spec.nothing)", "No such key: nothing"],
    ["self.spec.count == 'three'", "no such overload: int == string"],
    ["self.spec.count", "must evaluate to a bool"],
    ["other == 1", "Unknown variable: other"],
    ["self.metadata.labels == {}", "No such key: labels"],
    ["self.spec.count >", "1:18"],
    ["self.spec.name.unknown()", "no matching overload"],
    ["self.spec.names.all(n, n)", "must return bool"],
  ])("%s does not compile", (rule, why) => {
    const found = faults(withRules(everything, rule), { spec });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("rule compile error: ");
    expect(found[0]).toContain(why);
  });
});

describe("Kubernetes' own functions", () => {
  it.each([
    "[1, 2, 3].isSorted() && ![2, 1].isSorted() && ['a', 'b'].isSorted()",
    "[1, 2, 3].sum() == 6 && [1.5, 2.5].sum() == 4.0",
    "[3, 1, 2].min() == 1 && [3, 1, 2].max() == 3",
    "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2",
    "['a'].indexOf('z') == -1",
    "'abc 123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
    "'a1b2c3'.findAll('[0-9]', 2).size() == 2",
    "'abc'.charAt(1) == 'b' && 'abab'.replace('a', 'x') == 'xbxb' && 'abab'.replace('a', 'x', 1) == 'xbab'",
    "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && ' x '.trim() == 'x'",
    "'Ab'.lowerAscii() == 'ab' && 'Ab'.upperAscii() == 'AB' && 'hello'.substring(1, 3) == 'el'",
    "'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'abc'.reverse() == 'cba'",
    "'%s has %d, %.2f and %%'.format(['x', 3, 1.5]) == 'x has 3, 1.50 and %'",
    "'x-1'.matches('^[a-z]+-[0-9]$') && matches('x', 'x')",
    "quantity('1Gi').isGreaterThan(quantity('1000Mi')) && quantity('500m').compareTo(quantity('0.5')) == 0",
    "quantity('1').add(quantity('500m')) == quantity('1500m') && quantity('3').sub(1).asInteger() == 2",
    "isQuantity('10Mi') && !isQuantity('10Mo') && quantity('-1').sign() == -1 && !quantity('1.5').isInteger()",
    "quantity('1500m').asApproximateFloat() == 1.5",
    "isURL('https://example.com:80/a?b=c') && !isURL('nope') && isURL('/path')",
    "url('https://u@example.com:80/a b?x=1&x=2').getHost() == 'example.com:80'",
    "url('https://[::1]:80/').getHostname() == '::1' && url('https://h/').getPort() == ''",
    "url('https://h/a b').getEscapedPath() == '/a%20b' && url('https://h/?x=1&x=2').getQuery() == {'x': ['1', '2']}",
    "isIP('10.0.0.1') && !isIP('10.0.0.256') && ip('::1').family() == 6 && ip('127.0.0.1').isLoopback()",
    "ip('10.0.0.1') == ip('10.0.0.1') && ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')",
    "ip('8.8.8.8').isGlobalUnicast() && ip('169.254.1.1').isLinkLocalUnicast() && ip('0.0.0.0').isUnspecified()",
    "string(ip('2001:0db8:0:0:0:0:0:1')) == '2001:db8::1'",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.0'))",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
    "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8' && cidr('::/0').prefixLength() == 0 && !isCIDR('10.0.0.0')",
    "sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])",
  ])("%s", (rule) => {
    expect(holds(rule)).toBe(true);
  });
});

describe("how a fault is told", () => {
  const under = (rule: ValidationRule): string[] =>
    faults(object({ spec: withRules(object({ count: integer, name: text }), rule) }), {
      spec: { count: 5, name: "x" },
    });
  it.each<[ValidationRule, string]>([
    [{ rule: "self.count < 5" }, 'spec: Invalid value: "object": failed rule: self.count < 5'],
    [{ rule: "self.count < 5", message: "too many" }, 'spec: Invalid value: "object": too many'],
    [
      { rule: "self.count < 5", messageExpression: "'%d is too many'.format([self.count])" },
      'spec: Invalid value: "object": 5 is too many',
    ],
    [
      { rule: "self.count < 5", message: "usual", messageExpression: "string(1 / (self.count - 5))" },
      'spec: Invalid value: "object": usual',
    ],
    [{ rule: "false", message: "no", reason: "FieldValueForbidden" }, "spec: Forbidden: no"],
    [{ rule: "false", message: "no", reason: "FieldValueRequired" }, "spec: Required value: no"],
    [{ rule: "false", reason: "FieldValueDuplicate" }, 'spec: Duplicate value: "object"'],
    [{ rule: "false", message: "no", fieldPath: ".count" }, 'spec.count: Invalid value: "object": no'],
  ])("%j", (rule, expected) => {
    expect(under(rule)).toEqual([expected]);
  });

  it("names the place, of items and of keys", () => {
    const short = withRules(text, "self.size() < 3");
    const schema = object({ list: listOf(short), map: { type: "object", additionalProperties: short } });
    expect(faults(schema, { list: ["a", "long"], map: { k: "long" } })).toEqual([
      'list[1]: Invalid value: "string": failed rule: self.size() < 3',
      'map[k]: Invalid value: "string": failed rule: self.size() < 3',
    ]);
  });

  it("has rules of many places, each typed by its own", () => {
    const inner = withRules(object({ b: withRules(integer, "self < 2") }), "self.b < 3");
    const schema = withRules(object({ a: inner, c: listOf(inner) }), "self.c.all(one, one == self.a)");
    expect(faults(schema, { a: { b: 1 }, c: [{ b: 1 }] })).toEqual([]);
    expect(faults(schema, { a: { b: 2 }, c: [{ b: 1 }] })).toHaveLength(2);
  });

  it("says nothing of what is null or absent", () => {
    expect(faults(object({ a: withRules({ ...text, nullable: true }, "false") }), { a: null })).toEqual([]);
    expect(faults(object({ a: withRules(text, "false") }), {})).toEqual([]);
  });
});

describe("rules that compare with the old value", () => {
  const fixed = object({ spec: object({ name: withRules(text, "self == oldSelf") }) });
  const ports = object({
    ports: listOf(withRules(object({ name: text, port: integer }), "self.port >= oldSelf.port"), {
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    }),
  });
  const set = object({
    names: withRules(listOf(text, { "x-kubernetes-list-type": "set" }), "oldSelf.all(n, n in self)"),
  });
  const optional = object({
    a: withRules(text, { rule: "oldSelf.hasValue() || self == 'first'", optionalOldSelf: true }),
  });
  it.each([
    ["not at creation", fixed, { spec: { name: "a" } }, undefined, 0],
    ["where both are", fixed, { spec: { name: "a" } }, { spec: { name: "b" } }, 1],
    ["equal", fixed, { spec: { name: "a" } }, { spec: { name: "a" } }, 0],
    ["not where it was absent", fixed, { spec: { name: "a" } }, { spec: {} }, 0],
    [
      "items by their keys",
      ports,
      {
        ports: [
          { name: "b", port: 2 },
          { name: "a", port: 0 },
        ],
      },
      {
        ports: [
          { name: "a", port: 1 },
          { name: "b", port: 2 },
        ],
      },
      1,
    ],
    ["appended alone", set, { names: ["c", "b"] }, { names: ["b"] }, 0],
    ["something taken away", set, { names: ["c"] }, { names: ["b"] }, 1],
    ["optional, at creation", optional, { a: "other" }, undefined, 1],
    ["optional, at creation and right", optional, { a: "first" }, undefined, 0],
    ["optional, at update", optional, { a: "other" }, { a: "first" }, 0],
  ])("%s", (...[, schema, value, old, count]) => {
    expect(faults(schema, value, old)).toHaveLength(count);
  });
});

describe("what is unchanged", () => {
  const schema = object({
    spec: object({ a: withRules(integer, "self > 10"), b: integer }),
    list: listOf(withRules(integer, "self > 10")),
  });
  it("is not held against the object", () => {
    expect(faults(schema, { spec: { a: 1, b: 2 } }, { spec: { a: 1, b: 1 } })).toEqual([]);
    expect(faults(schema, { spec: { a: 2 } }, { spec: { a: 1 } })).toHaveLength(1);
    expect(faults(schema, { list: [1], spec: { b: 1 } }, { list: [1] })).toEqual([]);
    // Of a list without keys nobody knows which item is which.
    expect(faults(schema, { list: [1, 2] }, { list: [1] })).toHaveLength(2);
  });
});

describe("what rules may cost", () => {
  const many = Array.from({ length: 3000 }, (_, index) => `item-${index}`);
  const schema = (...rules: string[]): Schema => object({ list: withRules(listOf(text), ...rules) });

  it("ends a rule that takes the square of a long list, and runs none after it", () => {
    const [first, ...more] = faults(schema("self.all(a, !self.exists(b, a == b + 'x'))", "false"), {
      list: many,
    });
    expect(first).toContain("'operation cancelled: actual cost limit exceeded'");
    expect(first).toContain(
      "no further validation rules will be run due to call cost exceeds limit for rule",
    );
    expect(more).toEqual([]);
  });

  it("is not escaped by what swallows errors", () => {
    const costly = "self.all(a, !self.exists(b, a == b + 'x'))";
    expect(faults(schema(`true || (${costly})`), { list: many })).toEqual([]);
    expect(faults(schema(`(${costly}) || true`), { list: many })).toHaveLength(1);
    expect(faults(schema(`self.exists(a, ${costly})`), { list: many })).toHaveLength(1);
  });

  it.each([
    [
      "text that doubles",
      "[1,2,3,4,5,6,7,8,9].map(a, self[0] + self[0]).map(t, t + t + t + t).map(t, t + t + t + t).map(t, t + t + t + t).size() > 0",
    ],
    ["text put in for every character", "self[0].replace('', self[0]).size() > 0"],
    ["sets of long lists", "sets.equivalent(self, self)"],
    ["a long joint", "self.map(a, a).join(self[0]).size() > 0"],
    ["a hostile pattern", "self[0].matches('(a|b|ab)*(a[ab]{200})*c')"],
    ["a duration of many digits", "duration(self[0]) > duration('1s')"],
    [
      "clocks elsewhere",
      "self.all(a, self.all(b, timestamp('2024-01-01T00:00:00Z').getHours('Europe/Berlin') >= 0))",
    ],
  ])("bounds %s", (_name, rule) => {
    const list = ["ab".repeat(200_000), ...many];
    expect(faults(schema(rule), { list })).toHaveLength(1);
  });

  it("bounds all rules of an object together", () => {
    const rule = "self.all(a, self.exists(b, a == b))";
    const some = many.slice(0, 430);
    expect(faults(schema(rule), { list: some })).toEqual([]);
    const found = faults(schema(...Array.from({ length: 30 }, () => rule)), { list: some });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("running out of cost budget, no further validation rules will be run");
  });
});
