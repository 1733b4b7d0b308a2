// Owns finding fields that stand twice in one JSON object, which JSON.parse passes over in silence.

/** An object or array that is not yet closed. Paths are made of frames only where something is wrong. */
interface Frame {
  readonly parent: Frame | undefined;
  /** Absent in an array. */
  readonly keys?: Keys;
  /** The key or index whose value comes next. */
  at: string | number;
}

// Most objects have few keys, and looking through a few costs less than a set of them.
const listedMax = 12;

class Keys {
  private readonly listed: string[] = [];
  private further: Set<string> | undefined;

  /** Whether the key was there before. */
  add(key: string): boolean {
    if (this.further?.has(key) ?? this.listed.includes(key)) return true;
    if (this.further !== undefined) this.further.add(key);
    else if (this.listed.length < listedMax) this.listed.push(key);
    else this.further = new Set([...this.listed, key]);
    return false;
  }
}

function pathOf({ parent, keys, at }: Frame): string {
  const above = parent === undefined ? "" : pathOf(parent);
  if (keys === undefined) return `${above}[${at}]`;
  return above === "" ? String(at) : `${above}.${at}`;
}

const quote = 34;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;
const comma = 44;
const colon = 58;

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}

const keyAt = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end);
  return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
};

function isKey(text: string, afterString: number): boolean {
  let at = afterString;
  while (text.charCodeAt(at) <= 32) at += 1;
  return text.charCodeAt(at) === colon;
}

/** As the schema's check: deeper values could exhaust the stack of whoever walks them. */
const depthMax = 1000;

/** Whether lists and objects stand within each other deeper than any object does. The text must be valid JSON. */
export function isTooDeep(text: string): boolean {
  // Each depth has a bracket at both its ends: most bodies are too short to be looked through.
  if (text.length <= 2 * depthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}

/** Paths of the repeated fields, `spec.containers[0].name`, each once. The text must be valid JSON. */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  let top: Frame | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      if (top?.keys !== undefined && isKey(text, end + 1)) {
        top.at = keyAt(text, at, end);
        if (top.keys.add(top.at)) found.add(pathOf(top));
      }
      at = end;
    } else if (code === openBrace) top = { parent: top, keys: new Keys(), at: "" };
    else if (code === openBracket) top = { parent: top, at: 0 };
    else if (code === closeBrace || code === closeBracket) top = top?.parent;
    else if (code === comma && typeof top?.at === "number") top.at += 1;
  }
  return [...found];
}
