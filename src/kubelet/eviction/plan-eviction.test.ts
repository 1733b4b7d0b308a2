// Owns the proof of who is evicted, and who never is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import {
  evictionSettings,
  type EvictionSignal,
  type Threshold,
} from "../../model/kubelet-configuration/eviction-settings.ts";
import { isCritical, planEviction, rankForEviction, type Candidate } from "./plan-eviction.ts";
import { hasStorageLimits, planStorageLimits } from "./plan-storage-limits.ts";

const mi = 1024 * 1024;
interface Given {
  readonly memory?: number;
  readonly disk?: number;
  readonly processes?: number;
  readonly request?: string;
  readonly priority?: number;
  readonly isStatic?: boolean;
}
function candidate(name: string, given: Given): Candidate {
  const { memory = 0, disk = 0, processes = 1, request, priority, isStatic = false } = given;
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, resourceVersion: "1", creationTimestamp: "" },
    spec: {
      ...(priority === undefined ? {} : { priority }),
      containers: [
        { name: "main", ...(request === undefined ? {} : { resources: { requests: { memory: request } } }) },
      ],
    },
  };
  return {
    pod,
    isStatic,
    use: { memory: memory * mi, disk: disk * mi, inodes: 1, processes },
    containers: { main: { memory: memory * mi, disk: disk * mi } },
  };
}
const rank = (signal: EvictionSignal, given: Readonly<Record<string, Given>>) =>
  rankForEviction(
    signal,
    Object.entries(given).map(([name, one]) => candidate(name, one)),
  ).map(({ pod }) => pod.metadata.name);

describe("who goes first", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      "those over their requests, however important",
      rank("memory.available", {
        kept: { memory: 90, request: "100Mi" },
        over: { memory: 20, request: "10Mi", priority: 1000 },
      }),
      ["over", "kept"],
    ],
    [
      "then the least important",
      rank("memory.available", { high: { memory: 50, priority: 5 }, low: { memory: 1 } }),
      ["low", "high"],
    ],
    [
      "then those that are most over",
      rank("memory.available", { much: { memory: 100, request: "99Mi" }, little: { memory: 50 } }),
      ["little", "much"],
    ],
    [
      "static and system-critical pods never",
      rank("memory.available", {
        file: { memory: 500, isStatic: true },
        critical: { memory: 500, priority: 2_000_000_000 },
        other: { memory: 1 },
      }),
      ["other"],
    ],
    [
      "for want of disk: whoever wrote most",
      rank("nodefs.available", { a: { disk: 1, memory: 99 }, b: { disk: 2 } }),
      ["b", "a"],
    ],
    [
      "for want of processes: priority, then number",
      rank("pid.available", {
        many: { processes: 50 },
        few: { processes: 2 },
        high: { processes: 99, priority: 1 },
      }),
      ["many", "few", "high"],
    ],
  ];
  it.each(rows)("%s", (_what, found, expected) => {
    expect(found).toEqual(expected);
  });

  const candidates = fc.array(
    fc
      .record({
        memory: fc.nat(500),
        request: fc.option(fc.nat(300), { nil: undefined }),
        priority: fc.constantFrom(undefined, -5, 0, 1000, 2_000_000_000, 2_000_001_000),
        isStatic: fc.boolean(),
      })
      .map(({ memory, request, priority, isStatic }) => ({
        memory,
        isStatic,
        ...(request === undefined ? {} : { request: `${request}Mi` }),
        ...(priority === undefined ? {} : { priority }),
      })),
    { maxLength: 12 },
  );
  const signal = fc.constantFrom<EvictionSignal>("memory.available", "nodefs.available", "pid.available");

  it("never one that is static or critical, each other one once, in an order that doesn't hang on the given one", () => {
    fc.assert(
      fc.property(candidates, signal, (given, signal) => {
        const all = given.map((one, index) => candidate(`p${index}`, one));
        const ranked = rankForEviction(signal, all);
        expect(ranked.filter(({ pod, isStatic }) => isCritical(pod, isStatic))).toEqual([]);
        expect(new Set(ranked)).toEqual(
          new Set(all.filter(({ pod, isStatic }) => !isCritical(pod, isStatic))),
        );
        expect(rankForEviction(signal, [...all].reverse())).toEqual(ranked);
      }),
    );
  });

  it("no pod within its request before one over it, no more important one before a less important one alike", () => {
    fc.assert(
      fc.property(candidates, (given) => {
        const ranked = rankForEviction(
          "memory.available",
          given.map((one, index) => candidate(`p${index}`, one)),
        );
        const facts = ranked.map(({ pod, use }) => {
          const request = pod.spec?.containers[0]?.resources?.requests?.["memory"] ?? "0Mi";
          return {
            isOver: use.memory > Number.parseInt(request, 10) * mi,
            priority: pod.spec?.priority ?? 0,
          };
        });
        for (const [index, after] of facts.slice(1).entries()) {
          const before = facts[index];
          expect(before?.isOver === false && after.isOver).toBe(false);
          if (before?.isOver === after.isOver) expect(before.priority).toBeLessThanOrEqual(after.priority);
        }
      }),
    );
  });
});

describe("an eviction", () => {
  const settings = { ...evictionSettings({}), podGraceMaxSeconds: 20 };
  const threshold = (signal: EvictionSignal, isHard: boolean): Threshold => ({
    signal,
    isHard,
    below: { is: "amount", amount: 100 * mi },
    grace: 0,
    reclaim: { is: "amount", amount: 0 },
  });
  const readingOf = () => ({ available: 50 * mi, capacity: 1000 * mi });

  it("for a hard threshold comes at once, in upstream's words", () => {
    const plan = planEviction(
      [threshold("memory.available", true)],
      readingOf,
      [candidate("a", { memory: 12, request: "10Mi" })],
      settings,
    );
    expect(plan?.graceSeconds).toBe(1);
    expect(plan?.message).toBe(
      "The node was low on resource: memory. Threshold quantity: 102400Ki, available: 51200Ki. Container main was using 12288Ki, request is 10240Ki, has larger consumption of memory. ",
    );
  });

  it("for a soft one gives the pod's own grace, up to the most allowed", () => {
    const plan = planEviction(
      [threshold("memory.available", false)],
      readingOf,
      [candidate("a", { memory: 12 })],
      settings,
    );
    expect(plan?.graceSeconds).toBe(20);
  });

  it("is none where only critical pods are left", () => {
    const plan = planEviction(
      [threshold("memory.available", true), threshold("nodefs.available", true)],
      readingOf,
      [candidate("a", { memory: 12, isStatic: true })],
      settings,
    );
    expect(plan).toBeUndefined();
  });
});

describe("a pod's own limits on storage", () => {
  const pod = (limits: readonly (string | undefined)[], sizeLimit?: string): Pod => ({
    ...candidate("a", {}).pod,
    spec: {
      containers: limits.map((limit, index) => ({
        name: `c${index}`,
        ...(limit === undefined ? {} : { resources: { limits: { "ephemeral-storage": limit } } }),
      })),
      volumes: [{ name: "v", emptyDir: sizeLimit === undefined ? {} : { sizeLimit } }],
    },
  });
  const rows: readonly (readonly [string, Pod, readonly [number, number], string | undefined])[] = [
    ["are kept up to the last byte", pod([undefined], "10"), [10, 0], undefined],
    [
      "an emptyDir's",
      pod([undefined], "10"),
      [11, 0],
      'Usage of EmptyDir volume "v" exceeds the limit "10". ',
    ],
    [
      "the sum of its containers'",
      pod(["5", "5"]),
      [8, 3],
      "Pod ephemeral local storage usage exceeds the total limit of containers 10. ",
    ],
    ["none as a whole where one container has none", pod(["5", undefined]), [100, 0], undefined],
    [
      "a container's on its logs",
      pod(["5", undefined]),
      [0, 6],
      'Container c0 exceeded its local ephemeral storage limit "5". ',
    ],
  ];
  it.each(rows)("%s", (_what, given, [volume, log], expected) => {
    expect(hasStorageLimits(given)).toBe(true);
    expect(planStorageLimits(given, { volumes: { v: volume }, logs: { c0: log } })).toBe(expected);
  });
});
