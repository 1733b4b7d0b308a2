// Owns the proof that the log holds every raw byte once, whatever the cuts.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coveredBy, cutLines, partMax } from "./log-lines.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const time = "2026-01-02T03:04:05.678000000Z";

describe("cutLines", () => {
  const cases = [
    {
      name: "whole lines",
      raw: "a\nb\n",
      end: false,
      text: `${time} stdout F a\n${time} stdout F b\n`,
      consumed: 4,
    },
    {
      name: "a line still being written is held",
      raw: "a\nb",
      end: false,
      text: `${time} stdout F a\n`,
      consumed: 2,
    },
    {
      name: "at the end it is a part",
      raw: "a\nb",
      end: true,
      text: `${time} stdout F a\n${time} stdout P b\n`,
      consumed: 3,
    },
    { name: "an empty line", raw: "\n", end: false, text: `${time} stdout F \n`, consumed: 1 },
    {
      name: "a long line in parts",
      raw: `${"x".repeat(partMax + 5)}\n`,
      end: false,
      text: `${time} stdout P ${"x".repeat(partMax)}\n${time} stdout F xxxxx\n`,
      consumed: partMax + 6,
    },
    { name: "nothing", raw: "", end: true, text: "", consumed: 0 },
  ];
  test.each(cases)("$name", ({ raw, end, text, consumed }) => {
    const cut = cutLines(Buffer.from(raw), "stdout", at, end);
    expect(cut.text.toString()).toBe(text);
    expect(cut.consumed).toBe(consumed);
  });
});

test("the log tells how much of each stream it holds", () => {
  const output = fc.array(fc.constantFrom("a", "\n", "F ", "x".repeat(partMax), " stdout P ", "\u00e4"), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("stdout" as const, "stderr" as const), output)),
      fc.string(),
      (batches, torn) => {
        const written = { stdout: 0, stderr: 0 };
        const log: Buffer[] = [];
        for (const [stream, parts] of batches) {
          const cut = cutLines(Buffer.from(parts.join("")), stream, at, true);
          written[stream] += cut.consumed;
          log.push(cut.text);
        }
        const whole = Buffer.concat(log);
        const tail = Buffer.from(torn.replaceAll("\n", ""));
        expect(coveredBy(Buffer.concat([whole, tail]))).toEqual({ ...written, whole: whole.length });
      },
    ),
  );
});
