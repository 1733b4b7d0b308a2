// Owns the proof that a WebSocket is read as its client wrote it, in whatever pieces, and that no bytes break the reader.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeFrame, frameHead, pongFrame } from "./encode-frame.ts";
import { freshWebSocket, opcode, stepWebSocket, type WebSocketEvent } from "./step-websocket.ts";

interface Masked {
  readonly code?: number;
  readonly fin?: boolean;
  readonly payload?: Uint8Array;
  readonly key?: readonly number[];
}

/** As a client sends it. */
function masked({
  code = opcode.binary,
  fin = true,
  payload = Buffer.alloc(0),
  key = [1, 2, 3, 4],
}: Masked): Buffer {
  const head = Buffer.from(frameHead(code, payload.length));
  head[0] = (fin ? 0x80 : 0) | code;
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, Buffer.from(key), payload.map((byte, at) => byte ^ (key[at & 3] ?? 0))]);
}

/** Whole messages, and the rest as it was told. */
function told(pieces: readonly Uint8Array[]): (WebSocketEvent | string)[] {
  const found: (WebSocketEvent | string)[] = [];
  let state = freshWebSocket;
  let message: Buffer[] = [];
  for (const piece of pieces) {
    const [next, events] = stepWebSocket(state, piece);
    state = next;
    for (const event of events) {
      if (event.is !== "part") {
        found.push(event.is === "ping" ? { ...event, bytes: Buffer.from(event.bytes) } : event);
        continue;
      }
      expect(event.first).toBe(message.length === 0);
      message.push(Buffer.from(event.bytes));
      if (!event.last) continue;
      found.push(Buffer.concat(message).toString("latin1"));
      message = [];
    }
  }
  return found;
}

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));

const text = Buffer.from("hello");

describe("a client's frames", () => {
  const bytes = Buffer.concat([
    masked({ payload: text }),
    masked({ code: opcode.text, fin: false, payload: Buffer.from("one ") }),
    masked({ code: opcode.ping, payload: Buffer.from("p") }),
    masked({ code: opcode.continuation, payload: Buffer.from("two") }),
    masked({}),
    masked({ code: opcode.pong }),
    masked({ payload: Buffer.alloc(300, "x") }),
    masked({ code: opcode.close, payload: Buffer.from([0x03, 0xe8]) }),
  ]);
  const wanted = [
    "hello",
    { is: "ping", bytes: Buffer.from("p") },
    "one two",
    "",
    { is: "pong" },
    "x".repeat(300),
    { is: "close", code: 1000 },
  ];

  it("are read the same in pieces of any size", () => {
    expect(told([bytes])).toEqual(wanted);
    for (let size = 1; size < 40; size += 1) expect(told(inPieces(bytes, size))).toEqual(wanted);
  });

  it("of any length are unmasked, and handed on as they come", () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.nat(70_000), fc.nat(250))
          .map(([length, step]) => Buffer.from(Array.from({ length }, (_, at) => at * step + (at >> 8)))),
        fc.array(fc.nat({ max: 255 }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 9000 }),
        (payload, key, size) => {
          const found = told(inPieces(masked({ payload, key }), size));
          expect(found).toEqual([Buffer.from(payload).toString("latin1")]);
        },
      ),
      { numRuns: 60 },
    );
    const [state, events] = stepWebSocket(
      freshWebSocket,
      masked({ payload: Buffer.alloc(100_000) }).subarray(0, 5000),
    );
    expect(events).toMatchObject([{ is: "part", first: true, last: false }]);
    expect(state.is).toBe("in-payload");
  });

  const unmasked = Buffer.concat([frameHead(opcode.binary, text.length), text]);
  const extended = masked({ payload: text });
  extended[0] = 0xc2;
  it.each([
    ["no mask", unmasked, /not masked/],
    ["an extension", extended, /extension/],
    ["an unknown opcode", masked({ code: 3 }), /unknown opcode 3/],
    ["a ping in parts", masked({ code: opcode.ping, fin: false }), /fragmented or too long/],
    ["a long ping", masked({ code: opcode.ping, payload: Buffer.alloc(126) }), /fragmented or too long/],
    ["a continuation of nothing", masked({ code: opcode.continuation }), /never began/],
    ["a message within another", Buffer.concat([masked({ fin: false }), masked({})]), /within another/],
    [
      "a frame beyond counting",
      Buffer.from([0x82, 0xff, ...Buffer.alloc(12, 0xff)]),
      /longer than can be counted/,
    ],
  ])("end the connection at %s", (_name, frame, because) => {
    const last = told([frame, masked({ payload: text })]).at(-1);
    expect(typeof last === "object" && last.is === "bad" ? last.because : last).toMatch(because);
  });

  it("never break the reader, whatever they are", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })).map(([at, value]) => {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        return broken;
      }),
    );
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 4 }), (pieces) => {
        let state = freshWebSocket;
        for (const piece of pieces) [state] = stepWebSocket(state, piece);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a server's frames", () => {
  it.each([
    [0, "8200"],
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ])("of %i bytes begin with %s", (length, head) =>
    expect(Buffer.from(frameHead(opcode.binary, length)).toString("hex")).toBe(head),
  );
  it("close with a code and a short reason, and answer pings", () => {
    expect(Buffer.from(closeFrame(1000, "x".repeat(500))).length).toBe(2 + 122);
    expect(Buffer.from(pongFrame(text)).toString("latin1")).toBe("\x8a\x05hello");
  });
});
