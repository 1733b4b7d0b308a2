// Owns the house rules a machine can check: layers, purity, doors to the world, sizes. Pure, so that planted violations test it.
import { dirname, join, normalize } from "node:path/posix";
import rooms from "../../rooms.json" with { type: "json" };

export interface SourceFile {
  /** From the project's root: `src/lib/units.ts`. */
  readonly path: string;
  readonly text: string;
}
export interface Violation {
  readonly path: string;
  readonly rule: "layer" | "door" | "purity" | "size" | "name" | "cast";
  readonly message: string;
}

/** What each room may import besides itself; `main` may import all. Rooms that the list lacks are a violation. */
const roomsBelow: Readonly<Record<string, readonly string[]>> = { ...rooms, main: Object.keys(rooms) };

/** Files over the limit or at a door. This list may only shrink. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  size: [],
};

const lineMax = 400;

// Node's modules that reach the outside or chance. Others (path, buffer, util, stream, events) are plain tools.
const doorModules =
  /^(?:node:)?(?:fs|fs\/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|crypto|timers|timers\/promises|os|perf_hooks|inspector|readline)$/;
const doorPackages = /^(?:undici|ws|lmdb|@peculiar\/x509|jose|@grpc\/grpc-js)(?:\/|$)/;
const doorGlobals = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(/,
  /\bperformance\./,
  /\bMath\.random\b/,
  /\bcrypto\.(?:random|get|subtle)/,
  /(?<![.\w])fetch\(/,
  /\bprocess\.(?:env|argv|pid|exit|kill|on|once|stdout|stderr|stdin|hrtime|cwd|nextTick|memoryUsage|cpuUsage)\b/,
];

/** Who may use which door besides world/: the composition roots, and the store's engines behind their port. */
const doorsOpen = (path: string): boolean => /^src\/(?:world|main|store\/embedded|store\/etcd)\//.test(path);

const purePattern = /(?:^|\/)(?:plan|step)-[\w-]+\.ts$/;

export function importsOf(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/(?:^|\n)\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']/g))
    if (match[1] !== undefined) found.push(match[1]);
  for (const match of text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g))
    if (match[1] !== undefined) found.push(match[1]);
  return found;
}

/** The text without comments and without the insides of strings, so that words in prose are no violations. */
export function codeOf(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g,
    (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found.startsWith("`") ? found : '""'),
  );
}

const roomOf = (path: string): string => path.split("/")[1] ?? "";
const resolveImport = (from: string, target: string): string => normalize(join(dirname(from), target));
const isTest = (path: string): boolean => path.endsWith(".test.ts") || path.endsWith(".fixture.ts");

function layerViolations(file: SourceFile): Violation[] {
  const room = roomOf(file.path);
  const below = roomsBelow[room];
  if (below === undefined)
    return [{ path: file.path, rule: "layer", message: `there is no room ${room}; add it to rooms.json` }];
  const found: Violation[] = [];
  for (const target of importsOf(file.text)) {
    if (!target.startsWith(".")) continue;
    const resolved = resolveImport(file.path, target);
    if (!resolved.startsWith("src/")) {
      if (!isTest(file.path))
        found.push({ path: file.path, rule: "layer", message: `imports ${resolved}, outside src/` });
      continue;
    }
    const other = roomOf(resolved);
    if (other !== room && !below.includes(other))
      found.push({ path: file.path, rule: "layer", message: `${room} may not import ${other} (${target})` });
  }
  return found;
}

function doorViolations(file: SourceFile): Violation[] {
  if (doorsOpen(file.path) || isTest(file.path)) return [];
  const found: Violation[] = [];
  for (const target of importsOf(file.text))
    if (doorModules.test(target) || doorPackages.test(target))
      found.push({
        path: file.path,
        rule: "door",
        message: `imports ${target}: take it through a port of world/`,
      });
  const code = codeOf(file.text);
  for (const pattern of doorGlobals) {
    const match = pattern.exec(code);
    if (match !== null)
      found.push({
        path: file.path,
        rule: "door",
        message: `uses ${match[0]}: take it through a port of world/`,
      });
  }
  return found;
}

function purityViolations(file: SourceFile): Violation[] {
  if (!purePattern.test(file.path) || isTest(file.path)) return [];
  const found: Violation[] = [];
  for (const target of importsOf(file.text)) {
    const resolved = target.startsWith(".") ? resolveImport(file.path, target) : target;
    const pure = /^src\/(?:lib|model)\//.test(resolved) || purePattern.test(resolved);
    if (!pure)
      found.push({ path: file.path, rule: "purity", message: `a plan or step may not import ${target}` });
  }
  const code = codeOf(file.text);
  if (/\basync\b|\bawait\b|\bPromise\b/.test(code))
    found.push({ path: file.path, rule: "purity", message: "a plan or step is synchronous" });
  return found;
}

function shapeViolations(file: SourceFile): Violation[] {
  const found: Violation[] = [];
  const lines = file.text.split("\n").length - 1;
  if (lines > lineMax && !(exceptions["size"] ?? []).includes(file.path))
    found.push({ path: file.path, rule: "size", message: `${lines} lines, over ${lineMax}` });
  const name = file.path.split("/").at(-1) ?? "";
  if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.tsx?$/.test(name))
    found.push({ path: file.path, rule: "name", message: "file names are kebab-case" });
  if (/(?:^|-)(?:util|utils|helper|helpers|common|misc|(?<!controller-)manager)(?:-|\.)/.test(name))
    found.push({ path: file.path, rule: "name", message: "the name says nothing of what the file owns" });
  if (!file.text.startsWith("// "))
    found.push({ path: file.path, rule: "name", message: "the first line says what the file owns" });
  const code = codeOf(file.text);
  if (file.path.startsWith("src/") && /\bas any\b|:\s*any\b|@ts-ignore|@ts-expect-error/.test(code))
    found.push({ path: file.path, rule: "cast", message: "no any, no silenced type error" });
  return found;
}

/** Every violation in the files given. Generated files are not given. */
export function violations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    file.path.startsWith("src/")
      ? [
          ...layerViolations(file),
          ...doorViolations(file),
          ...purityViolations(file),
          ...shapeViolations(file),
        ]
      : shapeViolations(file),
  );
}
