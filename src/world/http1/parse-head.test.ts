// Owns the proof that the head of a request is read as RFC 9112 has it, and refused where two readers could differ.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nothingRemembered, readHead, type ReadHead } from "./parse-head.ts";

const read = (text: string): ReadHead => readHead(Buffer.from(text, "latin1"), nothingRemembered());
const get = (lines: string, line = "GET / HTTP/1.1"): ReadHead => read(`${line}\r\n${lines}\r\n\r\n`);

describe("readHead", () => {
  it.each([
    ["no body", "Host: x", { is: "none" }],
    ["an empty body", "Host: x\r\nContent-Length: 0", { is: "none" }],
    ["a counted body", "Host: x\r\nContent-Length:  12 ", { is: "length", length: 12 }],
    ["a body in chunks", "Host: x\r\ntransfer-encoding: Chunked", { is: "chunked" }],
  ])("tells the end of %s", (_name, lines, framing) => {
    expect(get(lines)).toMatchObject({ is: "head", head: { framing, stays: true, upgrades: false } });
  });

  it.each([
    ["two lengths", "Host: x\r\nContent-Length: 1\r\nContent-Length: 1", 400],
    ["a list of lengths", "Host: x\r\nContent-Length: 1, 1", 400],
    ["a signed length", "Host: x\r\nContent-Length: +1", 400],
    ["a length and chunks", "Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400],
    ["another coding", "Host: x\r\nTransfer-Encoding: gzip, chunked", 501],
    ["a coding behind other white space", "Host: x\r\nTransfer-Encoding: \u00a0chunked", 501],
    ["a blank before the colon", "Host : x", 400],
    ["a folded line", "Host: x\r\n folded: y", 400],
    ["a line without a colon", "Host: x\r\nnonsense", 400],
    ["a bare line feed", "Host: x\nContent-Length: 3", 400],
    ["a bare carriage return", "Host: x\rContent-Length: 3", 400],
    ["a control", "Host: x\r\nA: \u0000", 400],
    ["no host", "A: b", 400],
    ["two hosts", "Host: x\r\nHost: y", 400],
    ["an expectation nobody knows", "Host: x\r\nExpect: miracles", 417],
  ])("refuses %s", (_name, lines, status) => {
    expect(get(lines)).toEqual({ is: "bad", status });
  });

  it.each([
    ["GET  / HTTP/1.1", 400],
    ["GET /a b HTTP/1.1", 400],
    ["GET / HTTP/2.0", 505],
    ["GET / http/1.1", 400],
    ["G@T / HTTP/1.1", 400],
    ["\u0016\u0003\u0001", 400],
  ])("refuses the line %j", (line, status) => {
    expect(get("Host: x", line)).toEqual({ is: "bad", status });
  });

  it.each([
    ["GET / HTTP/1.1", "Host: x\r\nConnection: close", { stays: false }],
    ["GET / HTTP/1.0", "A: b", { stays: false, minor: 0 }],
    ["GET / HTTP/1.0", "Connection: Keep-Alive", { stays: true }],
    ["GET / HTTP/1.1", "Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: SPDY/3.1", { upgrades: true }],
    ["GET / HTTP/1.1", "Host: x\r\nUpgrade: SPDY/3.1", { upgrades: false }],
    ["PUT / HTTP/1.1", "Host: x\r\nExpect: 100-continue\r\nContent-Length: 1", { asksToContinue: true }],
  ])("%s, %j", (line, lines, expected) => {
    expect(get(lines, line)).toMatchObject({ is: "head", head: expected });
  });

  it("joins what may stand several times, and reads no name as the prototype's", () => {
    const found = get("Host: x\r\nAccept: a\r\naccept: b\r\n__proto__: c");
    const headers = found.is === "head" ? found.head.headers : {};
    expect(Object.entries(headers)).toEqual([
      ["host", "x"],
      ["accept", "a, b"],
      ["__proto__", "c"],
    ]);
  });

  it("passes over empty lines before a request, and waits for all of its head", () => {
    const text = "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nrest";
    const end = text.length - 4;
    for (let size = 4; size < end; size += 1) {
      expect(read(text.slice(0, size))).toEqual({ is: "incomplete" });
      expect(readHead(Buffer.from(text), nothingRemembered(), size)).toMatchObject({ is: "head", end });
    }
    expect(read(text)).toMatchObject({ is: "head", end, head: { target: "/a" } });
  });

  it("bounds a head, whole or not", () => {
    const lines = `Host: x\r\nA: ${"a".repeat(1024 * 1024)}`;
    expect(get(lines)).toEqual({ is: "bad", status: 431 });
    expect(read(`GET / HTTP/1.1\r\n${lines}`)).toEqual({ is: "bad", status: 431 });
  });

  it("remembers the lines below the first for the next request, and only for the same ones", () => {
    const last = nothingRemembered();
    const head = (text: string) => {
      const found = readHead(Buffer.from(text), last);
      return found.is === "head" ? found.head : undefined;
    };
    const one = head("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    const two = head("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(two?.headers).toBe(one?.headers);
    expect(two?.target).toBe("/b");
    expect(head("GET /b HTTP/1.0\r\nHost: x\r\n\r\n")).toMatchObject({ minor: 0, stays: false });
    expect(head("GET /b HTTP/1.1\r\nHost: y\r\n\r\n")?.headers["host"]).toBe("y");
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("GET", " ", "/", "HTTP/1.1", "\r\n", ":", "a", "\u0000", "é")),
        (parts) => {
          expect(["head", "incomplete", "bad"]).toContain(read(parts.join("")).is);
        },
      ),
    );
  });
});
