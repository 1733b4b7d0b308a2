// Owns the exclusive claim on a folder. The kernel gives Node no flock, so claims are numbered files that name a live process.
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Pids are reused: the boot and the start (clock ticks since boot) tell one holder from a later namesake. */
export interface Holder {
  readonly pid: number;
  readonly started: number;
  readonly boot: string;
}

export type Claim =
  { readonly is: "held"; readonly release: () => void } | { readonly is: "taken"; readonly by: Holder };

const pattern = /^lock\.(\d+)$/;
let claims = 0;

/**
 * The highest-numbered file is the claim in force; it is never removed, only superseded by the next number, which exactly one
 * process can create. So two that find the same dead holder cannot both succeed it.
 */
export function claimFolder(folder: string): Claim {
  const self = identify(process.pid) ?? { pid: process.pid, started: 0, boot: bootId() };
  const draft = join(folder, `lock-draft.${process.pid}.${claims++}`);
  try {
    writeFileSync(draft, JSON.stringify(self));
    for (;;) {
      const highest = Math.max(0, ...numbersIn(folder));
      const holder = highest === 0 ? undefined : readHolder(join(folder, `lock.${highest}`));
      if (holder !== undefined && isAlive(holder)) return { is: "taken", by: holder };
      const mine = highest + 1;
      if (!create(draft, join(folder, `lock.${mine}`))) continue;
      const numbers = numbersIn(folder);
      // Someone went on while we looked: our number came too late.
      if (numbers.some((number) => number > mine)) {
        rmSync(join(folder, `lock.${mine}`), { force: true });
        continue;
      }
      for (const number of numbers)
        if (number < mine) rmSync(join(folder, `lock.${number}`), { force: true });
      return { is: "held", release: () => release(folder, mine) };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The file stays, naming nobody, so that numbers never start over. Emptying it works on a full disk too. */
function release(folder: string, number: number): void {
  try {
    truncateSync(join(folder, `lock.${number}`));
  } catch (thrown) {
    // A folder that is gone needs no release.
    if (!hasCode(thrown, "ENOENT")) throw thrown;
  }
}

function create(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, "EEXIST")) return false;
    throw thrown;
  }
}

function numbersIn(folder: string): number[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).flatMap((name) => {
    const number = pattern.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Nothing where the claim was released or superseded. */
function readHolder(path: string): Holder | undefined {
  const text = readOrUndefined(path);
  if (text === undefined || !text.startsWith("{")) return undefined;
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder !== "object" || holder === null) return undefined;
    const { pid, started, boot } = holder as Partial<Holder>; // each field is checked below
    return typeof pid === "number" && typeof started === "number" && typeof boot === "string"
      ? { pid, started, boot }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  const found = identify(holder.pid);
  return found !== undefined && found.started === holder.started && found.boot === holder.boot;
}

/** The process with this pid; nothing where there is none or it has ended and only its parent has not noticed. */
function identify(pid: number): Holder | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field, the name, is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, started: Number(fields[19]), boot: bootId() };
}

const bootId = (): string => readOrUndefined("/proc/sys/kernel/random/boot_id")?.trim() ?? "";

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT") || hasCode(thrown, "ESRCH")) return undefined;
    throw thrown;
  }
}

const hasCode = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === code;
