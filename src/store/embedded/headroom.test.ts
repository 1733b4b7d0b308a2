// Owns the proof that lmdb finds room in its file before it writes, and that what is missing is missed before.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { open, type RootDatabase } from "lmdb";
import { fillHoles, Headroom } from "./headroom.ts";

const mebibyte = 1 << 20;
let folder = "";
let path = "";
let lmdb: RootDatabase<Buffer, string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everynode-headroom-"));
  path = join(folder, "store.mdb");
  lmdb = open<Buffer, string>({ path, noSubdir: true, overlappingSync: false, encoding: "binary" });
});
afterEach(async () => {
  await lmdb.close();
  rmSync(folder, { recursive: true });
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** A disk that takes so many bytes more. */
function diskOf(room: number, code = "ENOSPC") {
  const disk = {
    room,
    append(file: number, bytes: Uint8Array): number {
      const length = Math.min(bytes.length, disk.room);
      if (length === 0) throw failure(code);
      disk.room -= length;
      return writeSync(file, bytes, 0, length);
    },
  };
  return disk;
}

it("writes the room ahead of lmdb, which then grows into it", async () => {
  const headroom = new Headroom(path);
  expect(headroom.used()).toBe(8192);
  expect(headroom.has(mebibyte)).toBe(true);
  const { size, blocks } = statSync(path);
  expect(size).toBe(8192 + 3 * mebibyte);
  // A hole would be found by lmdb alone.
  expect(blocks * 512).toBeGreaterThanOrEqual(size);
  await lmdb.put("a", Buffer.alloc(mebibyte, "a"));
  expect(headroom.used()).toBeGreaterThan(mebibyte);
  expect(headroom.has(mebibyte)).toBe(true);
  expect(statSync(path).size).toBe(size);
  expect(headroom.has(2 * mebibyte)).toBe(true);
  expect(statSync(path).size).toBe(headroom.used() + 4 * mebibyte);
  headroom.close();
  await lmdb.close();
  lmdb = open<Buffer, string>({ path, noSubdir: true, overlappingSync: false, encoding: "binary" });
  expect(lmdb.get("a")?.equals(Buffer.alloc(mebibyte, "a"))).toBe(true);
});

it.each(["ENOSPC", "EDQUOT"])("has what the disk took before %s, and more when there is more", (code) => {
  const disk = diskOf(mebibyte + 1000, code);
  const headroom = new Headroom(path, (file, bytes) => disk.append(file, bytes));
  expect(headroom.has(2 * mebibyte)).toBe(false);
  expect(headroom.has(mebibyte)).toBe(true);
  expect(headroom.has(mebibyte + 1001)).toBe(false);
  disk.room = mebibyte;
  expect(headroom.has(2 * mebibyte)).toBe(true);
  expect(statSync(path).size).toBe(8192 + 2 * mebibyte + 1000);
  headroom.close();
});

it("takes a broken disk for no full one", () => {
  const disk = diskOf(0, "EIO");
  const headroom = new Headroom(path, (file, bytes) => disk.append(file, bytes));
  expect(() => headroom.has(1)).toThrow("EIO");
  headroom.close();
});

it("gives holes their room and changes nothing", async () => {
  await lmdb.put("a", Buffer.alloc(100_000, "a"));
  const sparse = join(folder, "sparse.mdb");
  copyFileSync(path, sparse);
  truncateSync(sparse, 3 * mebibyte + 1000);
  const before = readFileSync(sparse);
  const holes = statSync(sparse);
  expect(holes.blocks * 512).toBeLessThan(holes.size);
  expect(fillHoles(sparse)).toBe(true);
  expect(statSync(sparse).blocks * 512).toBeGreaterThanOrEqual(3 * mebibyte);
  expect(readFileSync(sparse).equals(before)).toBe(true);
});
