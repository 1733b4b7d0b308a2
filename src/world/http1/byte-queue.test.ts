// Owns the proof that bytes leave as they came, and that what was handed out never changes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

test("bytes are added at the end and dropped from the front, and what was seen stays as it was", () => {
  const act = fc.oneof(
    fc.record({ add: fc.uint8Array({ maxLength: 2000 }) }),
    fc.record({ drop: fc.nat(3000) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const queue = new ByteQueue();
      const seen: { readonly view: Buffer; readonly copy: Buffer }[] = [];
      let model: Buffer = Buffer.alloc(0);
      for (const one of acts) {
        if ("add" in one) {
          queue.add(Buffer.from(one.add));
          model = Buffer.concat([model, one.add]);
        } else {
          const count = Math.min(one.drop, model.length);
          queue.drop(count);
          model = model.subarray(count);
        }
        expect(queue.size).toBe(model.length);
        expect(queue.bytes.equals(model)).toBe(true);
        seen.push({ view: queue.bytes, copy: Buffer.from(model) });
      }
      for (const { view, copy } of seen) expect(view.equals(copy)).toBe(true);
    }),
  );
});
