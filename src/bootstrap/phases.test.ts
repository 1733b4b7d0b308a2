// Owns the proof of phases and of the checks before them.
import { describe, expect, test } from "vitest";
import { runPhases, type Phase } from "./phases.ts";
import { nodeNameFits, preflight, programThere, type Check } from "./preflight.ts";

describe("phases", () => {
  const phasesOver = (ran: string[]): Phase[] =>
    ["preflight", "certs", "show"].map((name) => ({
      name,
      run: async () => void ran.push(name),
      dry: () => [`do ${name}`],
    }));

  test.each<[string, { skip: string[]; dryRun: boolean }, string[], string[]]>([
    ["all", { skip: [], dryRun: false }, ["preflight", "certs", "show"], []],
    ["one left out", { skip: ["certs"], dryRun: false }, ["preflight", "show"], ["[certs] skipped"]],
    [
      "dry: only the checks",
      { skip: [], dryRun: true },
      ["preflight"],
      ["[certs] would do certs", "[show] would do show"],
    ],
  ])("%s", async (_name, choice, expected, says) => {
    const ran: string[] = [];
    const said: string[] = [];
    await runPhases(phasesOver(ran), choice, (line) => said.push(line));
    expect(ran).toEqual(expected);
    expect(said).toEqual(says);
  });

  test("a name that is none is told before anything is done", async () => {
    const ran: string[] = [];
    await expect(
      runPhases(phasesOver(ran), { skip: ["cert"], dryRun: false }, () => undefined),
    ).rejects.toThrow(
      'cannot skip phase "cert": there is none of that name; there are preflight, certs, show',
    );
    expect(ran).toEqual([]);
  });
});

describe("checks", () => {
  const check = (name: string, level: Check["level"], fault?: string): Check => ({
    name,
    level,
    fault: async () => fault,
  });
  const made = async (checks: Check[], ...ignored: string[]) => {
    const said: string[] = [];
    const failed = await preflight(checks, ignored, (line) => said.push(line)).then(
      () => "",
      (thrown: Error) => thrown.message,
    );
    return { said, failed };
  };

  test("all of what fails is told at once; warnings are only told", async () => {
    const { said, failed } = await made([
      check("Mem", "warning", "little"),
      check("Port-1", "error", "taken"),
      check("Port-2", "error"),
      check("Port-3", "error", "taken too"),
    ]);
    expect(said).toEqual(["[preflight] [WARNING Mem]: little"]);
    expect(failed).toContain("[ERROR Port-1]: taken\n\t[ERROR Port-3]: taken too");
  });

  test.each([
    ["port-1", ""],
    ["Port-1", ""],
    ["all", ""],
    ["Port-2", "[ERROR Port-1]: taken"],
  ])("%s passed over", async (ignored, expected) => {
    const { failed } = await made([check("Port-1", "error", "taken")], ignored);
    if (expected === "") expect(failed).toBe("");
    else expect(failed).toContain(expected);
  });

  test("names and programs", async () => {
    expect(await nodeNameFits("boat.sea").fault()).toBeUndefined();
    expect(await nodeNameFits("Boat_").fault()).toContain('"Boat_" cannot name a node');
    expect(await programThere("etcd", "/usr/bin/etcd").fault()).toBeUndefined();
    expect(await programThere("etcd", "etcd").fault()).toContain("there is no etcd on the PATH");
  });
});
