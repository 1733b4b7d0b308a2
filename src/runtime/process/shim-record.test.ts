// Owns the proof that the shim's record is read as it was written, torn ones too.
import { expect, test } from "vitest";
import { parseShimRecord } from "./shim-record.ts";

const stat = (pid: number, started: number) =>
  `${pid} (sh) R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${started} 1 2 3`;
const shim = { boot: "boot-1", identity: { pid: 7, started: 99 } };

test.each([
  { name: "nothing yet", text: "", expected: { ready: false } },
  { name: "a line not yet whole", text: `shim boot-1 ${stat(7, 99)}`, expected: { ready: false } },
  { name: "a shim", text: `shim boot-1 ${stat(7, 99)}\n`, expected: { ready: false, shim } },
  {
    name: "a running container",
    text: `shim boot-1 ${stat(7, 99)}\nfirst ${stat(8, 100)}\nready\n`,
    expected: { ready: true, shim, first: { pid: 8, started: 100 } },
  },
  {
    name: "an ended one",
    text: `shim boot-1 ${stat(7, 99)}\nfirst ${stat(8, 100)}\nready\nexited 127\n`,
    expected: { ready: true, shim, first: { pid: 8, started: 100 }, exitCode: 127 },
  },
  {
    name: "a refused one",
    text: `shim boot-1 ${stat(7, 99)}\nrefused not-found\nexited 1\n`,
    expected: { ready: false, shim, refused: { what: "not-found", detail: "" }, exitCode: 1 },
  },
  {
    name: "the first reason counts",
    text: "refused setup volume 2\nrefused exec 126\n",
    expected: { ready: false, refused: { what: "setup", detail: "volume 2" } },
  },
])("$name", ({ text, expected }) => expect(parseShimRecord(text)).toEqual(expected));
