// Owns the text of an HTTP/1 answer's head.
import { STATUS_CODES } from "node:http";

export type Given = Readonly<Record<string, string | readonly string[]>>;

// eslint-disable-next-line no-control-regex -- all but these may stand in a header
const unfit = /[^\t\u0020-\u007e\u0080-\u00ff]/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Text from outside must not become a header of its own. */
function line(name: string, value: string): string {
  if (unfit.test(value) || !token.test(name))
    throw new TypeError(
      `cannot send the header ${JSON.stringify(`${name}: ${value}`)}: a character may not stand there`,
    );
  return `${name}: ${value}\r\n`;
}

let second = 0;
let date = "";

/** Made once a second. */
function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = `date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return date;
}

/** `below` are lines that say how the answer ends, and what becomes of the connection. */
export function headText(status: number, headers: Given, below: string): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? "";
    if (typeof value === "string") text += line(name, value);
    else for (const one of value) text += line(name, one);
  }
  return `${text}${dateLine()}${below}\r\n`;
}
