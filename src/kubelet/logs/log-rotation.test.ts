// Owns the proof that rotation loses nothing: files as they come to be, and a reader that follows over it.
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { oneContainer, Rig } from "../kubelet-rig.fixture.ts";
import { MemoryFiles } from "../memory-files.fixture.ts";
import { rotationStamp } from "./log-names.ts";
import { RotatingLog } from "./rotating-log.ts";

const limits = { sizeMax: 100, filesMax: 3, period: 10_000 };

async function withPod(): Promise<{ rig: Rig; folder: string }> {
  const rig = new Rig({ config: { logRotation: limits } });
  const pod = rig.put({ name: "a", spec: oneContainer() });
  await rig.start();
  return { rig, folder: `/logs/default_a_${pod.metadata.uid}/main` };
}
const line = (text: string) => `2026-01-02T03:04:05.000000000Z stdout F ${text}\n`;

describe("a running container's log", () => {
  it("is rotated, compressed and in the end removed; the runtime is told to open a new one", async () => {
    const { rig, folder } = await withPod();
    for (const round of [1, 2, 3]) {
      await rig.files.append(`${folder}/0.log`, line(`${round}`.repeat(80)));
      // Compression takes its time beside the virtual clock.
      await vi.waitFor(
        async () => {
          await rig.run(10_000);
          expect(await rig.files.facts(`${folder}/0.log`)).toBeUndefined();
        },
        { timeout: 20_000 },
      );
    }
    const names = ((await rig.files.list(folder)) ?? []).filter((name) => name !== "0.log");
    expect(names).toHaveLength(2);
    const [older = "", newer = ""] = names;
    expect(older).toMatch(/^0\.log\.\d{8}-\d{6}\.gz$/);
    const packed = (await rig.files.readBytes(`${folder}/${older}`, 0, 1e6)) ?? new Uint8Array();
    expect(gunzipSync(packed).toString()).toBe(line("2".repeat(80)));
    expect(await rig.files.readText(`${folder}/${newer}`)).toBe(line("3".repeat(80)));
    await rig.halt();
  });

  it("is followed by one reader over any rotation", async () => {
    const { rig, folder } = await withPod();
    await rig.files.append(`${folder}/0.log`, line("one ".repeat(30)));
    const asked = rig.ask("/containerLogs/default/a/main?follow=true", "kube-apiserver-kubelet-client");
    await rig.run(9000);
    await rig.files.append(`${folder}/0.log`, line("two"));
    await rig.run(2000);
    await rig.files.append(`${folder}/0.log`, line("three"));
    await rig.run(2000);
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 0);
    await rig.run(3000);
    expect((await asked).body).toBe(`${"one ".repeat(30)}\ntwo\nthree\n`);
    await rig.halt();
  });

  it("goes with its container, all of it", async () => {
    const { rig, folder } = await withPod();
    await rig.files.append(`${folder}/0.log`, line("x".repeat(200)));
    await rig.run(10_000);
    await rig.files.append(`${folder}/0.log`, line("y"));
    for (let deaths = 0; deaths < 2; deaths++) {
      rig.runtime.end(rig.runtime.running("main")?.id ?? "", 1);
      await rig.run(20_000);
    }
    // The last dead one keeps its log, the one before it nothing.
    expect(((await rig.files.list(folder)) ?? []).filter((name) => name.startsWith("0.log"))).toEqual([]);
    await rig.halt();
  });
});

type Deed = { do: "write" } | { do: "rotate" } | { do: "read"; length: number };

describe("a reader", () => {
  it("gets every byte once and in order, whatever is rotated while it reads", async () => {
    const deed: fc.Arbitrary<Deed> = fc.oneof(
      fc.constant<Deed>({ do: "write" }),
      fc.constant<Deed>({ do: "rotate" }),
      fc.record({ do: fc.constant("read" as const), length: fc.integer({ min: 1, max: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 60 }), async (deeds) => {
        const files = new MemoryFiles();
        await files.append("/l/0.log", "");
        const log = new RotatingLog(files, "/l/0.log", {
          offset: 0,
          inode: (await files.facts("/l/0.log"))?.inode,
        });
        let written = "";
        let read = "";
        let at = 0;
        const take = async (length: number) => (read += Buffer.from(await log.read(length)).toString());
        for (const [index, what] of deeds.entries()) {
          if (what.do === "read") await take(what.length);
          else if (what.do === "write") {
            written += `line ${index}\n`;
            await files.append("/l/0.log", `line ${index}\n`);
          } else {
            await files.rename("/l/0.log", `/l/0.log.${rotationStamp((at += 1000))}`);
            await files.append("/l/0.log", "");
          }
        }
        for (let before = -1; before !== read.length;) {
          before = read.length;
          await take(1000);
        }
        expect(read).toBe(written);
      }),
    );
  });
});
