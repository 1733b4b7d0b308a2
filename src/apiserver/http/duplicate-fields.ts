// Owns finding fields that stand twice in one JSON object, which JSON.parse passes over in silence.

interface Frame {
  readonly path: string;
  /** Keys seen; absent in an array. */
  readonly keys?: Set<string>;
  index: number;
  /** The path of the value that comes next. */
  next: string;
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

const arrayFrame = (path: string): Frame => ({ path, index: 0, next: `${path}[0]` });
const objectFrame = (path: string): Frame => ({ path, keys: new Set(), index: 0, next: path });

function isKey(text: string, afterString: number): boolean {
  let at = afterString;
  while (text.charCodeAt(at) <= 32) at += 1;
  return text.charCodeAt(at) === colon;
}

/** Takes in one key of the innermost object; a path if it stood there before. */
function meetKey(frame: Frame, key: string): string | undefined {
  const path = frame.path === "" ? key : `${frame.path}.${key}`;
  frame.next = path;
  if (frame.keys?.has(key) === true) return path;
  frame.keys?.add(key);
  return undefined;
}

/** As the schema's check: deeper values could exhaust the stack of whoever walks them. */
const depthMax = 1000;

/** Whether lists and objects stand within each other deeper than any object does. The text must be valid JSON. */
export function isTooDeep(text: string): boolean {
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
  const frames: Frame[] = [];
  let top: Frame | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      if (top?.keys !== undefined && isKey(text, end + 1)) {
        const repeated = meetKey(top, keyAt(text, at, end));
        if (repeated !== undefined) found.add(repeated);
      }
      at = end;
    } else if (code === openBrace || code === openBracket) {
      const path: string = top?.next ?? "";
      top = code === openBrace ? objectFrame(path) : arrayFrame(path);
      frames.push(top);
    } else if (code === closeBrace || code === closeBracket) {
      frames.pop();
      top = frames.at(-1);
    } else if (code === comma && top !== undefined && top.keys === undefined) {
      top.index += 1;
      top.next = `${top.path}[${top.index}]`;
    }
  }
  return [...found];
}
