// Owns the proof of file systems in memory on this machine, where it lets us make them.
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { realFiles } from "./real-files.ts";
import { realMounts } from "./real-mounts.ts";
import { realProcesses } from "./real-processes.ts";

const mounts = realMounts(realFiles, realProcesses);
const makesThem = async (): Promise<boolean> => {
  const { code } = await realProcesses.run(["unshare", "--mount", "true"]).catch(() => ({ code: 1 }));
  return code === 0 && realProcesses.self.uid === 0;
};
const can = await makesThem();
if (!can) console.warn("skipped: only root may mount file systems, and only where the machine lets it");

describe("a file system in memory", () => {
  it.skipIf(!can)("is as large as asked, is seen, blanks in its name and all, and goes again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "everynode mounts-"));
    try {
      await mounts.mountMemory(folder, 1024 * 1024);
      expect(await mounts.under(folder)).toEqual([folder]);
      const { blocks, bsize } = await statfs(folder);
      expect(blocks * bsize).toBe(1024 * 1024);
      await realFiles.writeText(`${folder}/sub/file`, "x".repeat(5000));
      expect((await realFiles.usage(folder)).inodes).toBe(3);
      expect((await realFiles.usage(folder)).bytes).toBeGreaterThanOrEqual(8192);
    } finally {
      await mounts.unmount(folder).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    }
    expect(await mounts.under(folder)).toEqual([]);
  });

  it("that can't be made is told why", async () => {
    await expect(mounts.mountMemory("/no/such/folder", undefined)).rejects.toThrow(/mount/);
  });
});
