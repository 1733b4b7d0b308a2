// Owns the proof that a stream goes at its client's pace within bounds: what lags is waited for, and then ended (V.2).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import type { ResponseStream } from "../../world/http.ts";
import { joined, sendChunks } from "./send-lines.ts";

const kib = 1024;
const chunk = (size: number): Uint8Array => new Uint8Array(size).fill(97);

/** A connection that takes only what it is told to take. */
class Slow implements ResponseStream {
  pending = 0;
  most = 0;
  written = 0;
  writes = 0;
  private waiting: (() => void)[] = [];

  write(bytes: string | Uint8Array): boolean {
    this.pending += bytes.length;
    this.written += bytes.length;
    this.writes += 1;
    this.most = Math.max(this.most, this.pending);
    return this.pending < 16 * kib;
  }
  drained(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
  take(): void {
    this.pending = 0;
    for (const wake of this.waiting.splice(0)) wake();
  }
  end(): void {
    this.pending = 0;
  }
}

async function* burstsOf(...bursts: (readonly Uint8Array[])[]): AsyncGenerator<readonly Uint8Array[]> {
  yield* bursts;
}
const manyOf = (count: number, size: number): Uint8Array[] =>
  Array.from({ length: count }, () => chunk(size));

describe("joined", () => {
  it("keeps every byte in order, and joins small chunks to few pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (burst) => {
        const pieces = [...joined(burst)];
        expect(Buffer.concat(pieces).equals(Buffer.concat(burst))).toBe(true);
        expect(pieces.length).toBeLessThanOrEqual(1);
      }),
    );
    expect([...joined(manyOf(100, 3 * kib))].map(({ length }) => length / kib)).toEqual(
      Array.from({ length: 10 }, () => 30),
    );
    expect([...joined([chunk(kib), chunk(100 * kib), chunk(kib)])]).toHaveLength(3);
  });

  it("hands on a chunk that stands alone as it is", () => {
    const only = chunk(10);
    expect([...joined([only])][0]).toBe(only);
  });
});

describe("sendChunks", () => {
  const never = new AbortController().signal;

  it("holds a bounded part of any burst for a client that takes nothing, and ends it", async () => {
    const clock = new VirtualClock();
    const stream = new Slow();
    const end = sendChunks(stream, burstsOf(manyOf(5000, 2 * kib)), never, clock);
    await settle();
    expect(stream.most).toBeLessThanOrEqual((256 + 32) * kib);
    clock.advance(30_000);
    expect(await end).toBe("client-lags");
    expect(stream.most).toBeLessThanOrEqual((256 + 32) * kib);
  });

  it("tells a client everything that catches up each time", async () => {
    const clock = new VirtualClock();
    const stream = new Slow();
    let ended = false;
    const bursts = burstsOf(manyOf(1000, 2 * kib), manyOf(3, 10), manyOf(500, 2 * kib));
    const end = sendChunks(stream, bursts, never, clock).finally(() => (ended = true));
    while (!ended) {
      await settle();
      clock.advance(20_000);
      stream.take();
      await settle();
    }
    expect(await end).toBe("ended");
    expect(stream.written).toBe(1500 * 2 * kib + 30);
    expect(stream.most).toBeLessThanOrEqual((256 + 32) * kib);
    expect(clock.nextDue()).toBeUndefined();
  });

  it("writes a burst of small events at once", async () => {
    const stream = new Slow();
    expect(await sendChunks(stream, burstsOf(manyOf(50, 100)), never, new VirtualClock())).toBe("ended");
    expect(stream.writes).toBe(1);
  });

  it("ends with the client", async () => {
    const left = new AbortController();
    const stream = new Slow();
    const end = sendChunks(stream, burstsOf(manyOf(500, 2 * kib)), left.signal, new VirtualClock());
    await settle();
    left.abort();
    stream.take();
    expect(await end).toBe("client-left");
  });
});

describe("what many are told alike", () => {
  const lines = manyOf(60, kib);

  it("is joined once for all of them", () => {
    const first = [...joined(lines)];
    const second = [...joined([...lines])];
    expect(first.length).toBeGreaterThan(1);
    expect(second.every((piece, at) => piece === first[at])).toBe(true);
  });

  it("is told apart from what only begins alike", () => {
    const other = [...lines.slice(0, 30), Uint8Array.of(1, 2, 3), ...lines.slice(30)];
    for (const burst of [lines, other, lines.slice(0, 40), other.slice(0, 31), lines])
      expect(Buffer.concat([...joined(burst)]).equals(Buffer.concat(burst))).toBe(true);
  });

  it("stays right however many different bursts there are in turn", () => {
    const chunks = Array.from({ length: 6 }, (_, at) => Uint8Array.of(at, at));
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...chunks), { maxLength: 4 })), (bursts) => {
        for (const burst of bursts)
          expect(Buffer.concat([...joined(burst)]).equals(Buffer.concat(burst))).toBe(true);
      }),
    );
  });
});
