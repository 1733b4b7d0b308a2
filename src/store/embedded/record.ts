// Owns how a version lies on disk: a key that sorts by revision, and a record that knows whether it is whole.
import { crc32 } from "node:zlib";
import type { Version } from "../version-index.ts";

/** What is on disk is not what was written. */
export class DamageError extends Error {}

const keyLength = 12;
const wordSize = 2 ** 32;
// checksum 4, kind 1, length of the key 2, created 8, lease 8 (0 is none)
const headLength = 23;
const kindPut = 1;
const kindDeleted = 2;

/** Revision, then place in the commit, so that the medium's order is the order of making. */
export function recordKey(version: Pick<Version, "modified" | "order">): Buffer {
  const key = Buffer.allocUnsafe(keyLength);
  key.writeUInt32BE(Math.floor(version.modified / wordSize), 0);
  key.writeUInt32BE(version.modified % wordSize, 4);
  key.writeUInt32BE(version.order, 8);
  return key;
}

/** The checksum covers the record's key too: a whole record in the wrong place is damage as well. */
const checksum = (recordKey: Buffer, record: Buffer): number => crc32(record.subarray(4), crc32(recordKey));

// A character is at most three bytes of UTF-8.
const widest = 3;

/** As many bytes as the record of the version may take. */
export const recordRoom = ({ key, entry }: Version): number =>
  headLength + widest * key.length + (entry?.value.length ?? 0);

/** The record, written into the room from its start on. */
export function encodeRecord(version: Version, recordKey: Buffer, room: Buffer): Buffer {
  const keyBytes = room.write(version.key, headLength);
  const value = version.entry?.value;
  const record = room.subarray(0, headLength + keyBytes + (value?.length ?? 0));
  record.writeUInt8(version.is === "put" ? kindPut : kindDeleted, 4);
  record.writeUInt16LE(keyBytes, 5);
  record.writeDoubleLE(version.created, 7);
  record.writeDoubleLE(version.lease ?? 0, 15);
  if (value !== undefined) record.set(value, headLength + keyBytes);
  record.writeUInt32LE(checksum(recordKey, record), 0);
  return record;
}

/** Throws `DamageError` where the record is not what was written there. */
export function decodeRecord(recordKey: Buffer, record: Buffer): { version: Version; value: Uint8Array } {
  const whole =
    recordKey.length === keyLength &&
    record.length >= headLength &&
    record.readUInt32LE(0) === checksum(recordKey, record);
  if (!whole) throw new DamageError(`the record at ${recordKey.toString("hex")} is damaged`);
  const valueAt = headLength + record.readUInt16LE(5);
  const lease = record.readDoubleLE(15);
  const version: Version = {
    is: record[4] === kindPut ? "put" : "deleted",
    key: record.toString("utf8", headLength, valueAt),
    modified: recordKey.readUInt32BE(0) * wordSize + recordKey.readUInt32BE(4),
    order: recordKey.readUInt32BE(8),
    created: record.readDoubleLE(7),
    lease: lease === 0 ? undefined : lease,
    previous: undefined,
    entry: undefined,
  };
  return { version, value: record.subarray(valueAt) };
}
