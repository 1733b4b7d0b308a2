// Owns the proof that a SPDY/3.1 connection is read as it was written, in whatever pieces, and that no bytes break the reader.
import { constants, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dictionary } from "./dictionary.ts";
import { dataHead, goAwayFrame, openFrame, pingFrame, replyFrame, resetFrame } from "./encode-frame.ts";
import { readHeaders, writeHeaders } from "./header-block.ts";
import { freshSpdy, stepSpdy, type SpdyEvent } from "./step-spdy.ts";

/** Data in one piece, however it came. */
function told(bytes: readonly Uint8Array[]): SpdyEvent[] {
  const events: SpdyEvent[] = [];
  let state = freshSpdy;
  for (const piece of bytes) {
    const [next, more] = stepSpdy(state, piece);
    state = next;
    for (const event of more) {
      const last = events.at(-1);
      if (event.is === "data" && last?.is === "data" && last.stream === event.stream && !last.fin)
        events.splice(-1, 1, { ...event, bytes: Buffer.concat([last.bytes, event.bytes]) });
      else events.push(event.is === "data" ? { ...event, bytes: Buffer.from(event.bytes) } : event);
    }
  }
  return events;
}

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));

/** As every client packs it: with the dictionary, and a flush at the end. */
const packedHeaders = (plain: Uint8Array): Buffer =>
  deflateSync(plain, {
    dictionary: Buffer.from(dictionary),
    level: 9,
    finishFlush: constants.Z_SYNC_FLUSH,
  });

const plainHeaders = (headers: Readonly<Record<string, string>>): Buffer => {
  const parts: Buffer[] = [];
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  number(Object.keys(headers).length);
  for (const word of Object.entries(headers).flat()) {
    number(Buffer.byteLength(word));
    parts.push(Buffer.from(word));
  }
  return Buffer.concat(parts);
};

it("the dictionary is the one every client has", () => {
  let [low, high] = [1, 0];
  for (const byte of dictionary) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  // The checksum stands in the second to fifth byte of every SPDY/3 client's first header block.
  expect([dictionary.length, high * 65_536 + low]).toEqual([1423, 0xe3c6a7c2]);
});

describe("headers", () => {
  it("are read from what clients pack", () => {
    const headers = { streamtype: "error", "content-length": "0", ":path": "/ä" };
    expect(readHeaders({ is: "fresh" }, packedHeaders(plainHeaders(headers)))).toMatchObject({
      is: "read",
      headers,
    });
  });

  it("that are written are read back, block after block", () => {
    const words = fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ maxLength: 30 }), {
      maxKeys: 6,
    });
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), (blocks) => {
        let memory: Parameters<typeof readHeaders>[0] = { is: "fresh" };
        for (const [at, headers] of blocks.entries()) {
          const read = readHeaders(memory, writeHeaders(headers, at === 0));
          if (read.is === "bad") throw new Error(read.because);
          expect({ ...read.headers }).toEqual({ ...headers });
          memory = read.memory;
        }
      }),
    );
  });

  it.each([
    ["nothing", Buffer.alloc(0), /shorter than its prefix/],
    ["no zlib", Buffer.from("hello"), /not packed with zlib/],
    ["counts that lie", Buffer.from(writeHeaders({}, true)).fill(0xff, 7, 11), /shorter than its counts say/],
    ["a bomb", packedHeaders(Buffer.alloc(1 << 20)), /more than 65536 bytes/],
  ])("refuse %s", (_name, bytes, because) => {
    const read = readHeaders({ is: "fresh" }, bytes);
    expect(read.is === "bad" ? read.because : "read").toMatch(because);
  });
});

describe("a connection", () => {
  const frames: readonly (readonly [Uint8Array, SpdyEvent])[] = [
    [
      openFrame(1, { streamtype: "error" }, true),
      { is: "open", stream: 1, headers: { streamtype: "error" }, fin: false },
    ],
    [
      openFrame(3, { streamtype: "data" }, false),
      { is: "open", stream: 3, headers: { streamtype: "data" }, fin: false },
    ],
    [replyFrame(2, {}, false), { is: "reply", stream: 2, headers: {}, fin: false }],
    [
      Buffer.concat([dataHead(3, 5, false), Buffer.from("hello")]),
      { is: "data", stream: 3, bytes: Buffer.from("hello"), fin: false },
    ],
    [dataHead(1, 0, true), { is: "data", stream: 1, bytes: Buffer.alloc(0), fin: true }],
    [
      Buffer.concat([dataHead(3, 3, true), Buffer.from("end")]),
      { is: "data", stream: 3, bytes: Buffer.from("end"), fin: true },
    ],
    [resetFrame(3, 6), { is: "reset", stream: 3, status: 6 }],
    [pingFrame(7), { is: "ping", id: 7 }],
    [goAwayFrame(3), { is: "go-away" }],
  ];
  const bytes = Buffer.concat(frames.map(([frame]) => frame));
  const wanted = frames.map(([, event]) => event);

  it("is read whole", () => expect(told([bytes])).toEqual(wanted));

  it("is read the same in pieces of any size", () => {
    for (let size = 1; size < 40; size += 1) expect(told(inPieces(bytes, size))).toEqual(wanted);
  });

  it("hands data on as it comes, and holds none of it", () => {
    const [state, events] = stepSpdy(
      freshSpdy,
      Buffer.concat([dataHead(1, 1 << 23, false), Buffer.alloc(1000)]),
    );
    expect(events).toMatchObject([{ is: "data", stream: 1, fin: false }]);
    expect(state).toMatchObject({ is: "in-data", left: (1 << 23) - 1000 });
  });

  const withVersion = (version: number): Buffer => {
    const frame = Buffer.from(pingFrame(1));
    frame.writeUInt16BE(0x8000 | version, 0);
    return frame;
  };
  const withLength = (length: number): Buffer => {
    const frame = Buffer.from(pingFrame(1));
    frame.writeUInt32BE(length, 4);
    return frame;
  };
  it.each([
    ["another version", withVersion(2), /speaks SPDY\/2/],
    ["a control frame without end", withLength(1 << 20), /longer than 65536/],
    ["a frame that is too short", withLength(2), /short/],
    ["HTTP", Buffer.from("\x80GET / HTTP/1.1\r\n\r\n"), /speaks|longer/],
  ])("ends at %s", (_name, frame, because) => {
    const events = told([frame, pingFrame(1)]);
    expect(events).toHaveLength(1);
    expect(events[0]?.is === "bad" ? events[0].because : events[0]).toMatch(because);
  });

  it("passes over what it has no use for", () => {
    const unknown = Buffer.from(pingFrame(0));
    for (const type of [4, 9, 77]) {
      unknown.writeUInt16BE(type, 2);
      expect(told([unknown, pingFrame(5)])).toEqual([{ is: "ping", id: 5 }]);
    }
  });

  it("never throws, whatever the bytes and their pieces", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat({ max: bytes.length }), fc.nat({ max: 255 }), fc.nat({ max: bytes.length }))
        .map(([at, value, end]) => {
          const broken = Buffer.from(bytes);
          broken[at] = value;
          return broken.subarray(0, end);
        }),
    );
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 4 }), (pieces) => {
        let state = freshSpdy;
        for (const piece of pieces) [state] = stepSpdy(state, piece);
      }),
      { numRuns: 3000 },
    );
  });
});
