// Owns the check of the tree against the house rules, and the proof that each rule bites.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeOf, importsOf, violations, type Violation } from "./tidy.ts";

const planted: readonly { name: string; path: string; text: string; rule: Violation["rule"] | "none" }[] = [
  {
    name: "a lower room imports a higher",
    path: "src/lib/x.ts",
    text: '// X\nimport { a } from "../model/a.ts";\n',
    rule: "layer",
  },
  {
    name: "siblings",
    path: "src/scheduler/x.ts",
    text: '// X\nimport { a } from "../kubelet/a.ts";\n',
    rule: "layer",
  },
  {
    name: "nothing imports main",
    path: "src/cli/x.ts",
    text: '// X\nimport { a } from "../main/a.ts";\n',
    rule: "layer",
  },
  {
    name: "a type import counts",
    path: "src/lib/x.ts",
    text: '// X\nimport type { A } from "../store/a.ts";\n',
    rule: "layer",
  },
  {
    name: "an import of many lines counts",
    path: "src/lib/x.ts",
    text: '// X\nimport {\n  a,\n  b,\n} from "../store/a.ts";\n',
    rule: "layer",
  },
  {
    name: "a re-export counts",
    path: "src/lib/x.ts",
    text: '// X\nexport * from "../store/a.ts";\n',
    rule: "layer",
  },
  { name: "an unknown room", path: "src/attic/x.ts", text: "// X\n", rule: "layer" },
  {
    name: "source imports a test",
    path: "src/lib/x.ts",
    text: '// X\nimport { a } from "../../test/a.ts";\n',
    rule: "layer",
  },
  {
    name: "the file system",
    path: "src/kubelet/x.ts",
    text: '// X\nimport fs from "node:fs";\n',
    rule: "door",
  },
  {
    name: "a dynamic import of a door",
    path: "src/kubelet/x.ts",
    text: '// X\nconst a = await import("node:net");\n',
    rule: "door",
  },
  {
    name: "a network package",
    path: "src/client/x.ts",
    text: '// X\nimport { request } from "undici";\n',
    rule: "door",
  },
  { name: "the clock", path: "src/client/x.ts", text: "// X\nconst a = Date.now();\n", rule: "door" },
  {
    name: "the clock by construction",
    path: "src/client/x.ts",
    text: "// X\nconst a = new Date();\n",
    rule: "door",
  },
  { name: "a timer", path: "src/client/x.ts", text: "// X\nsetTimeout(() => 1, 2);\n", rule: "door" },
  { name: "chance", path: "src/client/x.ts", text: "// X\nconst a = Math.random();\n", rule: "door" },
  {
    name: "the environment",
    path: "src/cli/x.ts",
    text: '// X\nconst a = process.env["HOME"];\n',
    rule: "door",
  },
  {
    name: "a plan that awaits",
    path: "src/scheduler/plan-x.ts",
    text: "// X\nexport async function a() {}\n",
    rule: "purity",
  },
  {
    name: "a plan that imports a client",
    path: "src/scheduler/plan-x.ts",
    text: '// X\nimport { a } from "../client/a.ts";\n',
    rule: "purity",
  },
  {
    name: "a step that logs",
    path: "src/kubelet/step-x.ts",
    text: '// X\nimport { a } from "../world/log.ts";\n',
    rule: "purity",
  },
  { name: "too long", path: "src/lib/x.ts", text: `// X\n${"const a = 1;\n".repeat(400)}`, rule: "size" },
  { name: "camel case", path: "src/lib/someThing.ts", text: "// X\n", rule: "name" },
  { name: "a name that says nothing", path: "src/lib/string-utils.ts", text: "// X\n", rule: "name" },
  { name: "no first line", path: "src/lib/x.ts", text: "export const a = 1;\n", rule: "name" },
  { name: "any", path: "src/lib/x.ts", text: "// X\nconst a = 1 as any;\n", rule: "cast" },
  {
    name: "prose about a clock is fine",
    path: "src/client/x.ts",
    text: '// X\n// Date.now() is not used\nconst a = "Math.random()";\n',
    rule: "none",
  },
  {
    name: "a date from a value is fine",
    path: "src/client/x.ts",
    text: "// X\nconst a = new Date(0);\n",
    rule: "none",
  },
  {
    name: "world may use its doors",
    path: "src/world/x.ts",
    text: '// X\nimport fs from "node:fs";\nDate.now();\n',
    rule: "none",
  },
  {
    name: "a plan may import a plan",
    path: "src/scheduler/plan-x.ts",
    text: '// X\nimport { a } from "./plan-y.ts";\nimport { b } from "../model/b.ts";\n',
    rule: "none",
  },
];

describe("the tidy rules", () => {
  it.each(planted)("$name: $rule", ({ path, text, rule }) => {
    const found = violations([{ path, text }]).map((violation) => violation.rule);
    if (rule === "none") expect(found).toEqual([]);
    else expect(found).toContain(rule);
  });

  it("reads imports and leaves prose out", () => {
    expect(importsOf('import a, { b } from "x";\nimport "y";\nexport type { c } from \'z\';\n')).toEqual([
      "x",
      "y",
      "z",
    ]);
    expect(codeOf('a("Date.now()") // Date.now()\n/* b */ c')).not.toContain("Date");
  });
});

describe("the tree", () => {
  it("follows the house rules", () => {
    const paths = ["src", "test", "bench"]
      .filter((folder) => existsSync(folder))
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
      )
      .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("src/model/generated/"));
    expect(paths.length).toBeGreaterThan(10);
    const files = paths.map((path) => ({ path, text: readFileSync(path, "utf8") }));
    expect(violations(files)).toEqual([]);
  });
});
