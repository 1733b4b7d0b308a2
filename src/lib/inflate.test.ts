// Owns the proof that unpacking agrees with zlib, in pieces, and ends on whatever bytes.
import { constants, createDeflateRaw, deflateRawSync, type ZlibOptions } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inflate } from "./inflate.ts";

const none = new Uint8Array();
const limit = 1 << 20;

/** Each piece flushed to a whole byte, as one stream. */
function packed(pieces: readonly Buffer[], options: ZlibOptions): Promise<Buffer[]> {
  const deflate = createDeflateRaw(options);
  const out: Buffer[] = [];
  return pieces.reduce<Promise<Buffer[]>>(
    (before, piece) =>
      before.then(
        () =>
          new Promise((resolve) => {
            deflate.write(piece);
            deflate.flush(constants.Z_SYNC_FLUSH, () => {
              const parts: Buffer[] = [];
              for (let part: unknown = deflate.read(); part !== null; part = deflate.read())
                // A stream without an encoding reads as buffers.
                parts.push(part as Buffer);
              out.push(Buffer.concat(parts));
              resolve(out);
            });
          }),
      ),
    Promise.resolve(out),
  );
}

describe("inflate", () => {
  it.each([
    ["nothing", Buffer.alloc(0), {}],
    ["a word", Buffer.from("hello"), {}],
    ["stored", Buffer.from("hello"), { level: 0 }],
    ["a fixed code", Buffer.from("hello hello hello"), { strategy: constants.Z_FIXED }],
    ["a code of its own", Buffer.from("the quick brown fox ".repeat(200)), { level: 9 }],
    ["one long repetition", Buffer.alloc(200_000, "x"), { level: 9 }],
    ["every byte", Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7 + (at >> 3)) & 255)), {}],
  ])("unpacks %s", (_name, bytes, options) => {
    const found = inflate(none, deflateRawSync(bytes, options), limit);
    expect(found.is === "unpacked" && Buffer.from(found.bytes).equals(bytes)).toBe(true);
  });

  it("agrees with zlib over pieces of one stream, with a dictionary", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.string({ maxLength: 200 }).map((text) => Buffer.from(text.repeat(20))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 1, 6, 9),
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        async (pieces, level, words) => {
          let window: Uint8Array = words;
          const wanted = pieces.map((one) => Buffer.from(one));
          const parts = await packed(wanted, { level, dictionary: Buffer.from(words) });
          for (const [at, part] of parts.entries()) {
            const found = inflate(window, part, limit);
            if (found.is === "bad") throw new Error(found.because);
            expect(Buffer.from(found.bytes).equals(wanted[at] ?? Buffer.alloc(0))).toBe(true);
            window = found.window;
            expect(window.length).toBeLessThanOrEqual(32 * 1024);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ["more than it may", deflateRawSync(Buffer.alloc(5000)), /more than 4096 bytes/],
    ["a block of no kind", Buffer.from([0x07]), /invalid block type/],
    ["a stored block that lies", Buffer.from([0x01, 1, 0, 1, 0, 9]), /invalid stored block lengths/],
    ["the past before its beginning", Buffer.from([0x03, 0x02, 0x00]), /too far back/],
  ])("refuses %s", (_name, bytes, because) => {
    const found = inflate(none, bytes, 4096);
    expect(found.is === "bad" ? found.because : "unpacked").toMatch(because);
  });

  it("ends on whatever bytes, within its limit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const found = inflate(none, bytes, 2048);
        expect(found.is === "bad" || found.bytes.length <= 2048).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
