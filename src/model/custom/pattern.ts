// Owns the patterns of schemas, which are written in Go's syntax, as expressions of ours.

const known = new Map<string, RegExp | undefined>();
const knownMax = 4096;

const classes: Readonly<Record<string, string>> = {
  "[:alnum:]": "0-9A-Za-z",
  "[:alpha:]": "A-Za-z",
  "[:digit:]": "0-9",
  "[:lower:]": "a-z",
  "[:upper:]": "A-Z",
  "[:word:]": "\\w",
  "[:xdigit:]": "0-9A-Fa-f",
  "[:space:]": "\\s",
};

/** Undefined where it is none that we can read. */
export function readPattern(text: string): RegExp | undefined {
  if (known.has(text)) return known.get(text);
  if (known.size >= knownMax) known.clear();
  const read = compile(text);
  known.set(text, read);
  return read;
}

function compile(text: string): RegExp | undefined {
  const [whole = "", flags = ""] = /^\(\?([imsU]+)\)/.exec(text) ?? [];
  const source = text
    .slice(whole.length)
    .replaceAll(/\[:[a-z]+:\]/g, (name) => classes[name] ?? name)
    .replaceAll("(?P<", "(?<")
    .replaceAll(/(?<!\\)((?:\\\\)*)\\A/g, "$1^")
    .replaceAll(/(?<!\\)((?:\\\\)*)\\z/g, "$1$");
  try {
    return new RegExp(source, flags.replaceAll("U", ""));
  } catch {
    return undefined;
  }
}
