// Owns the tables of managedFields as they are read and written.
import { describe, expect, it } from "vitest";
import { isReset, readManagers, writeManagers } from "./managers.ts";

describe("managedFields", () => {
  const entry = (name: string, operation: string, time: string) => ({
    manager: name,
    operation,
    apiVersion: "v1",
    time,
    fieldsType: "FieldsV1",
    fieldsV1: { [`f:${name}`]: {} },
  });

  it("are written appliers first, then by age", () => {
    const read = readManagers([
      entry("b", "Update", "2"),
      entry("a", "Update", "1"),
      entry("c", "Apply", "3"),
    ]);
    expect(writeManagers(read ?? []).map(({ manager }) => manager)).toEqual(["c", "a", "b"]);
  });

  it("join the oldest updaters where there are too many", () => {
    const many = Array.from({ length: 13 }, (_, at) => entry(`m${at + 10}`, "Update", String(at + 10)));
    const written = writeManagers(readManagers([...many, entry("c", "Apply", "0")]) ?? []);
    expect(written).toHaveLength(11);
    const ancient = written.find(({ manager }) => manager === "ancient-changes");
    expect(Object.keys(ancient?.fieldsV1 ?? {})).toEqual(["f:m10", "f:m11", "f:m12", "f:m13"]);
  });

  it.each([
    [[{ operation: "Mend" }]],
    [[{ operation: "Apply", fieldsType: "FieldsV2" }]],
    [[{ operation: "Apply", fieldsV1: { a: {} } }]],
    [[{ operation: "Apply", fieldsV1: { "f:a": 1 } }]],
  ])("that nobody would have written are not read: %j", (entries) => {
    expect(readManagers(entries)).toBeUndefined();
  });

  it("are given up by one empty entry", () => {
    expect(isReset([{}])).toBe(true);
    expect(isReset([])).toBe(false);
  });
});
