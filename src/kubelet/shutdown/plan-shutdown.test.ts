// Owns the proof of the order and the time in which a node that shuts down ends its pods.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { planShutdown, shutdownGraces } from "./plan-shutdown.ts";

const pod = (uid: string, priority: number | undefined, grace?: number): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: uid, namespace: "default", uid, resourceVersion: "1", creationTimestamp: "" },
  spec: {
    containers: [],
    ...(priority === undefined ? {} : { priority }),
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  },
});
const critical = 2_000_000_000;

describe("the times given", () => {
  it.each([
    ["none", {}, []],
    [
      "a period and the critical pods' part of it",
      { shutdownGracePeriod: 30_000, shutdownGracePeriodCriticalPods: 10_000 },
      [
        { priority: 0, shutdownGracePeriodSeconds: 20 },
        { priority: critical, shutdownGracePeriodSeconds: 10 },
      ],
    ],
    [
      "by priority, in whatever order",
      {
        shutdownGracePeriodByPodPriority: [
          { priority: 10, shutdownGracePeriodSeconds: 5 },
          { priority: 0, shutdownGracePeriodSeconds: 7 },
        ],
      },
      [
        { priority: 0, shutdownGracePeriodSeconds: 7 },
        { priority: 10, shutdownGracePeriodSeconds: 5 },
      ],
    ],
  ])("%s", (_what, given, graces) => {
    expect(shutdownGraces(given)).toEqual(graces);
  });
});

describe("a shutdown", () => {
  const graces = shutdownGraces({ shutdownGracePeriod: 30_000, shutdownGracePeriodCriticalPods: 10_000 });

  it("ends ordinary pods first, critical and static ones last, none with more time than it asks for", () => {
    const plan = planShutdown(
      [
        { pod: pod("file", undefined), isStatic: true },
        { pod: pod("plain", undefined), isStatic: false },
        { pod: pod("brisk", 5, 3), isStatic: false },
        { pod: pod("critical", critical + 1000, 60), isStatic: false },
      ],
      graces,
    );
    expect(plan).toEqual([
      {
        priority: 0,
        limit: 20_000,
        pods: [
          { uid: "plain", graceSeconds: 20 },
          { uid: "brisk", graceSeconds: 3 },
        ],
      },
      {
        priority: critical,
        limit: 10_000,
        pods: [
          { uid: "file", graceSeconds: 10 },
          { uid: "critical", graceSeconds: 10 },
        ],
      },
    ]);
  });

  it("counts pods below the lowest priority named to that one", () => {
    const [stage] = planShutdown(
      [{ pod: pod("low", -5), isStatic: false }],
      [
        { priority: 100, shutdownGracePeriodSeconds: 1 },
        { priority: 200, shutdownGracePeriodSeconds: 1 },
      ],
    );
    expect(stage?.priority).toBe(100);
  });

  it("ends every pod once, by rising priority, and no static one before an ordinary one", () => {
    const pods = fc.array(
      fc.record({
        priority: fc.constantFrom(undefined, -1, 0, 50, 1000, critical, critical + 1000),
        isStatic: fc.boolean(),
        grace: fc.constantFrom(undefined, 0, 5, 100),
      }),
      { maxLength: 20 },
    );
    const given = fc.uniqueArray(
      fc.record({
        priority: fc.constantFrom(-10, 0, 100, critical),
        shutdownGracePeriodSeconds: fc.nat(30),
      }),
      { minLength: 1, selector: ({ priority }) => priority },
    );
    fc.assert(
      fc.property(pods, given, (pods, given) => {
        const all = pods.map(({ priority, isStatic, grace }, index) => ({
          pod: pod(`p${index}`, priority, grace),
          isStatic,
        }));
        const plan = planShutdown(all, given);
        const uids = plan.flatMap((stage) => stage.pods.map(({ uid }) => uid));
        expect(uids.toSorted()).toEqual(all.map((one) => one.pod.metadata.uid).toSorted());
        expect(plan.map(({ priority }) => priority)).toEqual(
          plan.map(({ priority }) => priority).toSorted((a, b) => a - b),
        );
        const stageOf = (uid: string) => plan.findIndex((stage) => stage.pods.some((one) => one.uid === uid));
        for (const own of all.filter(({ isStatic }) => isStatic))
          for (const other of all)
            expect(stageOf(own.pod.metadata.uid)).toBeGreaterThanOrEqual(stageOf(other.pod.metadata.uid));
        for (const stage of plan)
          for (const { graceSeconds } of stage.pods)
            expect(graceSeconds * 1000).toBeLessThanOrEqual(stage.limit);
      }),
    );
  });
});
