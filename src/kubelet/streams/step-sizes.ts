// Owns reading the sizes a client's window takes: JSON objects one after another, in whatever pieces they come.

interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** A longer rest without an end is no size. */
const restMax = 1024;
const sizeMax = 0xffff;

const isSide = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= sizeMax;

function sizeOf(text: string): WindowSize | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null) return undefined;
    const { Width, Height } = found as { readonly Width?: unknown; readonly Height?: unknown };
    return isSide(Width) && isSide(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
}

/** What is left over, and the sizes that are whole; what is no size is passed over. */
export function stepSizes(rest: string, text: string): readonly [string, readonly WindowSize[]] {
  const parts = (rest + text).split("}");
  const last = parts.pop() ?? "";
  const sizes = parts.map((part) => sizeOf(`${part}}`)).filter((size) => size !== undefined);
  return [last.length > restMax ? "" : last, sizes];
}
