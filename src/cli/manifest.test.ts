// Owns the table of what manifests read as.
import { describe, expect, it } from "vitest";
import { readManifests } from "./manifest.ts";

const rows: readonly { name: string; text: string; expected: unknown }[] = [
  {
    name: "several documents, empty ones skipped",
    text: "---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n",
    expected: {
      is: "read",
      manifests: [
        expect.objectContaining({ kind: "Pod" }),
        expect.objectContaining({ metadata: { name: "b" } }),
      ],
    },
  },
  {
    name: "YAML 1.1: octal modes and yes",
    text: "apiVersion: v1\nkind: X\nmetadata: {name: a}\nmode: 0755\non: 2026-01-01\n",
    expected: { is: "read", manifests: [expect.objectContaining({ mode: 493, true: "2026-01-01" })] },
  },
  {
    name: "broken syntax",
    text: "apiVersion: v1\nkind: [\n",
    expected: { is: "bad", problems: [expect.stringMatching(/^f\.yaml:\d+:\d+: /)] },
  },
  {
    name: "a key twice",
    text: "apiVersion: v1\nkind: X\nkind: Y\nmetadata: {}\n",
    expected: { is: "bad", problems: [expect.stringMatching(/^f\.yaml:3:1: .*unique/)] },
  },
  {
    name: "no kind",
    text: "apiVersion: v1\nmetadata: {}\n",
    expected: { is: "bad", problems: [expect.stringMatching(/^f\.yaml:1:1: kind is missing/)] },
  },
  {
    name: "a list",
    text: "- 1\n",
    expected: { is: "bad", problems: [expect.stringMatching(/not an object/)] },
  },
];

describe("readManifests", () => {
  it.each(rows)("$name", ({ text, expected }) => {
    expect(readManifests("f.yaml", text)).toEqual(expected);
  });
});
