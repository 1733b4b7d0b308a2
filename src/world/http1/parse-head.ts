// Owns reading the head of an HTTP/1 request: what RFC 9112 allows and no more, so that no two readers differ on where it ends.

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How the end of the body is told. */
export type Framing =
  { readonly is: "none" } | { readonly is: "length"; readonly length: number } | { readonly is: "chunked" };

export interface Head {
  readonly method: string;
  readonly target: string;
  /** HTTP/1.0 knows no chunks. */
  readonly minor: 0 | 1;
  readonly headers: Headers;
  readonly framing: Framing;
  /** Whether the connection serves on after this request. */
  readonly stays: boolean;
  readonly upgrades: boolean;
  /** The client waits for a word before it sends the body. */
  readonly asksToContinue: boolean;
}

export type HeadFault = 400 | 417 | 431 | 501 | 505;

export type ReadHead =
  | { readonly is: "head"; readonly head: Head; /** Where the body begins. */ readonly end: number }
  | { readonly is: "incomplete" }
  | { readonly is: "bad"; readonly status: HeadFault };

/** As upstream's; of long selectors a shorter head has no room. */
export const headBytesMax = 1024 * 1024;
const headEnd = Buffer.from("\r\n\r\n");
const carriageReturn = 0x0d;

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\u0021-\u00ff]+) HTTP\/(\d)\.(\d)$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// A line's end is CR LF; either alone, and other controls, are what smuggled requests are made of.
// eslint-disable-next-line no-control-regex -- controls are what it looks for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)|(?<!\r)\n/;

const bad = (status: HeadFault): ReadHead => ({ is: "bad", status });

/** What the lines below the request line come to; the same for many requests of one connection. */
export type Below = Omit<Head, "method" | "target" | "minor">;

/** Remembers the last lines read on a connection, which clients repeat. */
export interface Remembered {
  text: string;
  below: Below | undefined;
}

// Every connection keeps them.
const rememberedMax = 2048;

export const nothingRemembered = (): Remembered => ({ text: "", below: undefined });

/** Reads the head that begins with the bytes; empty lines before it are passed over. So many bytes were `searched` before, in vain. */
export function readHead(bytes: Buffer, last: Remembered, searched = 0): ReadHead {
  let start = 0;
  while (bytes[start] === carriageReturn && bytes[start + 1] === 0x0a) start += 2;
  const end = bytes.indexOf(headEnd, Math.max(start, searched - headEnd.length));
  if (end < 0) return bytes.length - start > headBytesMax ? bad(431) : { is: "incomplete" };
  if (end - start > headBytesMax) return bad(431);
  const text = bytes.toString("latin1", start, end);
  const lineEnd = text.indexOf("\r\n");
  const line = requestLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (line === null) return bad(400);
  const [, method = "", target = "", major, minor] = line;
  if (major !== "1") return bad(505);
  const version = minor === "0" ? 0 : 1;
  const rest = `${version}${lineEnd < 0 ? "" : text.slice(lineEnd)}`;
  const below =
    rest === last.text && last.below !== undefined ? last.below : readBelow(rest.slice(1), version);
  if (typeof below === "number") return bad(below);
  if (rest.length <= rememberedMax) {
    last.text = rest;
    last.below = below;
  }
  return { is: "head", head: { ...below, method, target, minor: version }, end: end + headEnd.length };
}

function readBelow(text: string, minor: 0 | 1): Below | HeadFault {
  if (control.test(text)) return 400;
  const headers = readLines(text);
  if (headers === undefined) return 400;
  const framing = framingOf(headers, minor);
  if (typeof framing === "number") return framing;
  if (minor === 1 && headers["host"] === undefined) return 400;
  const expected = headers["expect"];
  if (expected !== undefined && expected.toLowerCase() !== "100-continue") return 417;
  const options = (headers["connection"] ?? "").toLowerCase().split(",").map(trimmed);
  return {
    headers,
    framing,
    stays: minor === 1 ? !options.includes("close") : options.includes("keep-alive"),
    upgrades: minor === 1 && options.includes("upgrade") && headers["upgrade"] !== undefined,
    asksToContinue: minor === 1 && expected !== undefined,
  };
}

/** Of these a second one would say something else; of others the values are one list. */
const single: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "authorization",
  "expect",
  "user-agent",
]);

/** Without blanks and tabs around it; other white space is no such thing to HTTP. */
const trimmed = (text: string): string => text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");

function readLines(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = Object.create(null);
  for (const line of text.split("\r\n")) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    // A line that begins with a blank once went on with the line before; such a one has no name either.
    if (!token.test(name)) return undefined;
    const key = name.toLowerCase();
    const value = trimmed(line.slice(colon + 1));
    const before = headers[key];
    if (before !== undefined && single.has(key)) return undefined;
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

function framingOf(headers: Record<string, string>, minor: 0 | 1): Framing | HeadFault {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) {
    // Two ends are one too many.
    if (length !== undefined || minor === 0) return 400;
    return coding.toLowerCase() === "chunked" ? { is: "chunked" } : 501;
  }
  if (length === undefined) return { is: "none" };
  if (!/^\d{1,15}$/.test(length)) return 400;
  return length === "0" ? { is: "none" } : { is: "length", length: Number(length) };
}
