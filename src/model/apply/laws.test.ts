// Owns the laws of apply: twice is once, what was applied stands there, different fields commute.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../patch/patched.ts";
import { apply, nothing, shape, texts, update } from "./apply.fixture.ts";
import { compare, fieldsOf } from "./compare.ts";
import { areDisjoint, covers, difference, intersection, union } from "./field-set.ts";

const word = fc.constantFrom("a", "b", "c", "d");
const config: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      labels: fc.dictionary(word, word),
      finalizers: fc.uniqueArray(word),
      containers: fc.uniqueArray(
        fc.record(
          {
            name: word,
            image: word,
            env: fc.uniqueArray(fc.record({ name: word, value: word }), { selector: ({ name }) => name }),
          },
          { requiredKeys: ["name"] },
        ),
        { selector: ({ name }) => name },
      ),
      min: fc.nat(3),
    },
    { requiredKeys: [] },
  )
  .map(({ labels, finalizers, containers, min }) => ({
    metadata: {
      ...(labels === undefined ? {} : { labels }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: {
      ...(min === undefined ? {} : { minReadySeconds: min }),
      ...(containers === undefined ? {} : { template: { spec: { containers } } }),
    },
  }));

/** One form for objects that differ in the order of keyed items and sets only. */
function unordered(value: Json): Json {
  if (isJsonList(value))
    return value.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, unordered(value[key] ?? null)]),
  );
}

describe("laws of apply", () => {
  it("applying twice changes nothing", () => {
    fc.assert(
      fc.property(config, config, config, (first, other, last) => {
        const before = apply(apply(nothing, "a", first), "b", other, true);
        const once = apply(before, "a", last, true);
        const twice = apply(once, "a", last);
        expect(JSON.stringify(twice.object)).toBe(JSON.stringify(once.object));
        expect(new Set(twice.managed)).toEqual(new Set(once.managed));
      }),
    );
  });

  it("what was applied stands there", () => {
    fc.assert(
      fc.property(config, config, (first, last) => {
        const { object } = apply(apply(nothing, "a", first), "b", last, true);
        const { changed } = compare(shape, object, last);
        expect(texts(intersection(fieldsOf(shape, last), changed))).toEqual([]);
      }),
    );
  });

  it("appliers of different fields commute", () => {
    const renamed = (value: Json, mark: string): Json =>
      isJsonList(value)
        ? value.map((item) => (typeof item === "string" ? `${mark}${item}` : renamed(item, mark)))
        : isJsonObject(value)
          ? Object.fromEntries(
              Object.entries(value)
                .filter(([key]) => key !== "minReadySeconds")
                .map(([key, part]) => [
                  /^[a-d]$/.test(key) ? `${mark}${key}` : key,
                  key === "name" && typeof part === "string" ? `${mark}${part}` : renamed(part, mark),
                ]),
            )
          : value;
    fc.assert(
      fc.property(config, config, (left, right) => {
        const [a, b] = [renamed(left, "a"), renamed(right, "b")];
        if (!isJsonObject(a) || !isJsonObject(b)) return;
        const one = apply(apply(nothing, "a", a), "b", b);
        const other = apply(apply(nothing, "b", b), "a", a);
        expect(unordered(one.object)).toEqual(unordered(other.object));
      }),
    );
  });

  it("letting everything go leaves what the other applied", () => {
    fc.assert(
      fc.property(config, config, (mine, theirs) => {
        const both = apply(apply(nothing, "a", mine), "b", theirs, true);
        const left = apply(both, "a", {});
        const { changed } = compare(shape, left.object, theirs);
        expect(texts(intersection(fieldsOf(shape, theirs), changed))).toEqual([]);
        expect(
          texts(difference(fieldsOf(shape, left.object), fieldsOf(shape, theirs))).filter(
            (path) => !/\.metadata$|\.spec$/.test(path),
          ),
        ).toEqual([]);
      }),
    );
  });

  it("an updater owns what it changed last, and none else does, whoever changed it before", () => {
    fc.assert(
      fc.property(
        config,
        config,
        fc.array(fc.tuple(fc.constantFrom("b", "c"), config)),
        (base, last, more) => {
          const begun = update(nothing, "a", base);
          const before = more.reduce((state, [name, next]) => update(state, name, next), begun);
          const after = update(before, "c", last);
          const { changed, removed } = compare(shape, before.object, last);
          const gone = new Set([...texts(changed), ...texts(removed)]);
          const own = new Set(texts(changed));
          for (const { manager, fields } of before.managed) {
            const now = after.managed.find((one) => one.manager.name === manager.name);
            const left = texts(fields).filter((path) => !gone.has(path));
            const expected = manager.name === "c" ? [...new Set([...left, ...own])].sort() : left;
            expect(texts(now?.fields ?? {})).toEqual(expected);
          }
        },
      ),
    );
  });

  it("sets of fields are an algebra", () => {
    const sets = config.map((value) => fieldsOf(shape, value));
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [inA, inB] = [new Set(texts(a)), new Set(texts(b))];
        expect(texts(union(a, b))).toEqual([...new Set([...inA, ...inB])].sort());
        expect(texts(intersection(a, b))).toEqual([...inA].filter((path) => inB.has(path)));
        expect(texts(difference(a, b))).toEqual([...inA].filter((path) => !inB.has(path)));
        expect(covers(a, b)).toBe([...inB].every((path) => inA.has(path)));
        expect(covers(union(a, b), b)).toBe(true);
        expect(areDisjoint(a, b)).toBe(![...inA].some((path) => inB.has(path)));
        expect(areDisjoint(difference(a, b), b)).toBe(true);
      }),
    );
  });
});
