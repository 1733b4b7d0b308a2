// Owns finding the end of a request's body, counted or in chunks, in bytes that come in pieces of any size.
import type { Framing } from "./parse-head.ts";

export type Decoded =
  /** `rest` is what follows the body. */
  { readonly is: "whole"; readonly rest: Buffer } | { readonly is: "incomplete" } | { readonly is: "bad" };

const incomplete: Decoded = { is: "incomplete" };
const bad: Decoded = { is: "bad" };
const nothing = Buffer.alloc(0);
// A size, and extensions that nobody sends; trailers, which nobody reads.
const lineMax = 1024;
const linefeed = 0x0a;
const carriageReturn = 0x0d;

type Place = "size" | "data" | "data-end" | "trailer" | "end";

export class BodyDecoder {
  private readonly chunked: boolean;
  private left: number;
  private place: Place;
  private line: Buffer = nothing;

  constructor(framing: Framing) {
    this.left = framing.is === "length" ? framing.length : 0;
    this.place = framing.is === "chunked" ? "size" : framing.is === "none" ? "end" : "data";
    this.chunked = framing.is === "chunked";
  }

  get isWhole(): boolean {
    return this.place === "end";
  }

  /** Takes the next bytes; what of them is the body goes to `data`. */
  take(bytes: Buffer, data: (part: Buffer) => void): Decoded {
    let rest = bytes;
    while (this.place !== "end") {
      if (rest.length === 0) return incomplete;
      if (this.place === "data") rest = this.takeData(rest, data);
      else {
        const line = this.takeLine(rest);
        if (line === "incomplete") return incomplete;
        if (line === "bad" || !this.meetLine(line.text)) return bad;
        rest = line.rest;
      }
    }
    return { is: "whole", rest };
  }

  private takeData(bytes: Buffer, data: (part: Buffer) => void): Buffer {
    const size = Math.min(this.left, bytes.length);
    data(size === bytes.length ? bytes : bytes.subarray(0, size));
    this.left -= size;
    if (this.left === 0) this.place = this.chunked ? "data-end" : "end";
    return bytes.subarray(size);
  }

  private takeLine(bytes: Buffer): { readonly text: string; readonly rest: Buffer } | "incomplete" | "bad" {
    const end = bytes.indexOf(linefeed);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    const line = this.line.length === 0 ? part : Buffer.concat([this.line, part]);
    if (line.length > lineMax) return "bad";
    if (end < 0) {
      // A copy: what came together with it may be large.
      this.line = Buffer.from(line);
      return "incomplete";
    }
    this.line = nothing;
    if (line.at(-1) !== carriageReturn) return "bad";
    return { text: line.toString("latin1", 0, line.length - 1), rest: bytes.subarray(end + 1) };
  }

  /** Whether the line may stand where it stands. */
  private meetLine(text: string): boolean {
    if (this.place === "data-end") {
      this.place = "size";
      return text === "";
    }
    if (this.place === "trailer") {
      if (text === "") this.place = "end";
      return !text.includes("\r");
    }
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r]*)?$/.exec(text)?.[1];
    if (size === undefined) return false;
    this.left = Number.parseInt(size, 16);
    this.place = this.left === 0 ? "trailer" : "data";
    return true;
  }
}
