// Owns the proof that what a set-up made can be taken away, all of it and nothing else.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realFiles } from "../world/real-files.ts";
import { readMade, recordMade, type Made } from "./made-files.ts";
import { removeEmptied, unmake } from "./unmake.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "everynode-made-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const none: Made = { by: "init", nodeName: "a", kubeletRoot: "/k", folders: [], files: [], trees: [] };
const begin = (record: string, from: Made = none) => recordMade(realFiles, record, from);
const recordOf = async (record: string): Promise<Made> => {
  const made = await readMade(realFiles, record);
  if (made === undefined || made === "unreadable") throw new Error("no record");
  return made;
};
const undo = async (record: string) => {
  const made = await recordOf(record);
  const undone = await unmake(realFiles, made, record);
  await realFiles.remove(record);
  await removeEmptied(realFiles, made);
  return undone;
};
const everything = (): string[] => readdirSync(root, { recursive: true, encoding: "utf8" }).sort();

describe("the record of what was made", () => {
  test("is written before the thing, and names the folders on the way", async () => {
    const record = join(root, "a/b/made.json");
    const { files, tree } = begin(record);
    await files.writeText(join(root, "a/b/c/one"), "1");
    await tree(join(root, "a/store"));
    expect(await recordOf(record)).toMatchObject({
      folders: [join(root, "a"), join(root, "a/b"), join(root, "a/b/c")],
      files: [join(root, "a/b/c/one")],
      trees: [join(root, "a/store")],
    });
  });

  test("holds all of what is written at once", async () => {
    const record = join(root, "made.json");
    const { files } = begin(record);
    const names = Array.from({ length: 20 }, (_, at) => join(root, `d${at % 3}`, `f${at}`));
    await Promise.all(names.map((name) => files.writeText(name, "x")));
    expect((await recordOf(record)).files.toSorted()).toEqual(names.toSorted());
  });

  test("a second set-up goes on with it", async () => {
    const record = join(root, "d/made.json");
    await begin(record).files.writeText(join(root, "d/one"), "1");
    await begin(record, await recordOf(record)).files.writeText(join(root, "d/two"), "2");
    await undo(record);
    expect(everything()).toEqual([]);
  });

  test.each([
    ["no JSON", "{"],
    ["another's", '{"by":"me"}'],
    ["lists of other things", JSON.stringify({ ...none, files: [1] })],
  ])("%s is unreadable", async (_name, text) => {
    writeFileSync(join(root, "made.json"), text);
    expect(await readMade(realFiles, join(root, "made.json"))).toBe("unreadable");
  });

  test("where there is none, there is none", async () => {
    expect(await readMade(realFiles, join(root, "made.json"))).toBeUndefined();
  });
});

describe("taking it away", () => {
  test("tells what stays and why, each once", async () => {
    const record = join(root, "d/made.json");
    const { files, tree } = begin(record);
    await files.writeText(join(root, "d/manifests/a.yaml"), "a");
    await tree(join(root, "d/store"));
    mkdirSync(join(root, "d/store/deep"), { recursive: true });
    writeFileSync(join(root, "d/manifests/mine.txt"), "mine");
    const { kept, removed } = await undo(record);
    expect(kept).toEqual([{ folder: join(root, "d/manifests"), because: ["mine.txt"] }]);
    expect(removed).toEqual([join(root, "d/store"), join(root, "d/manifests/a.yaml")]);
    expect(everything()).toEqual(["d", "d/manifests", "d/manifests/mine.txt"]);
  });

  test("whatever was made and whatever others put beside it, just theirs is left", async () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join("/"));
    const act = fc.record({ who: fc.constantFrom("ours", "theirs"), path });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        rmSync(root, { recursive: true });
        mkdirSync(root);
        const record = join(root, "r/made.json");
        const { files } = begin(record);
        await files.makeFolder(join(root, "r"));
        const theirs = new Set<string>();
        for (const [at, act] of acts.entries()) {
          const file = join(root, "r", act.path, `${act.who}-${at}`);
          if (act.who === "ours") await files.writeText(file, "ours");
          else {
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, "theirs");
            theirs.add(file);
          }
        }
        await undo(record);
        const left = everything().map((name) => join(root, name));
        expect(left.filter((name) => name.includes("ours-"))).toEqual([]);
        expect(left.includes(record)).toBe(false);
        for (const file of theirs) expect(readFileSync(file, "utf8")).toBe("theirs");
        if (theirs.size === 0) expect(left).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
