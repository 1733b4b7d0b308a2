// Owns the proof that limits become the right text in the right file of either version.
import { expect, test } from "vitest";
import { cgroupWrites, oomKills, wantsGroup } from "./cgroups.ts";

const texts = (...given: Parameters<typeof cgroupWrites>) =>
  cgroupWrites(...given).map(({ hierarchy, file, text }) => `${hierarchy} ${file} ${text}`);

test.each([
  { name: "nothing", resources: {}, version: 2 as const, expected: [] },
  {
    name: "memory, version 2",
    resources: { memoryLimit: 1024 },
    version: 2 as const,
    expected: ["unified memory.max 1024", "unified memory.oom.group 1"],
  },
  {
    name: "half a core, version 2",
    resources: { cpuLimitMillis: 500 },
    version: 2 as const,
    expected: ["unified cpu.max 50000 100000"],
  },
  {
    name: "a share of one core, version 2",
    resources: { cpuShares: 1024 },
    version: 2 as const,
    expected: ["unified cpu.weight 39"],
  },
  {
    name: "the largest share, version 2",
    resources: { cpuShares: 262_144 },
    version: 2 as const,
    expected: ["unified cpu.weight 10000"],
  },
  {
    name: "no less than the kernel takes",
    resources: { cpuLimitMillis: 1 },
    version: 2 as const,
    expected: ["unified cpu.max 1000 100000"],
  },
  {
    name: "all, version 1",
    resources: { memoryLimit: 1024, cpuLimitMillis: 2000, cpuShares: 512 },
    version: 1 as const,
    expected: [
      "memory memory.limit_in_bytes 1024",
      "cpu cpu.cfs_period_us 100000",
      "cpu cpu.cfs_quota_us 200000",
      "cpu cpu.shares 512",
    ],
  },
])("$name", ({ resources, version, expected }) => expect(texts(resources, version)).toEqual(expected));

test.each([
  { resources: {}, expected: false },
  { resources: { cpuShares: 2 }, expected: false },
  { resources: { cpuShares: 3 }, expected: true },
  { resources: { memoryLimit: 1 }, expected: true },
])("a group for $resources: $expected", ({ resources, expected }) =>
  expect(wantsGroup(resources)).toBe(expected),
);

test.each([
  { text: "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", expected: 2 },
  { text: "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n", expected: 1 },
  { text: "", expected: 0 },
])("oom kills in $text", ({ text, expected }) => expect(oomKills(text)).toBe(expected));
