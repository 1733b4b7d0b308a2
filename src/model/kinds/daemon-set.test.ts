// Owns the proof of what a DaemonSet may be (D.13, D.19) and how it is shown.
import { describe, expect, test } from "vitest";
import { daemonSet } from "./daemon-set.ts";
import { daemonSetBody, received, shown, stored } from "./kinds.fixture.ts";

const faultsOf = (spec: object): string[] =>
  shown(daemonSet.validate(received(daemonSet, daemonSetBody(spec))));
const rolling = (rollingUpdate: object): object => ({
  updateStrategy: { type: "RollingUpdate", rollingUpdate },
});
const at = "spec.updateStrategy.rollingUpdate";

test("defaults: one may be missing, none added, ten revisions kept", () => {
  const { spec } = received(daemonSet, daemonSetBody());
  expect(spec).toMatchObject({
    revisionHistoryLimit: 10,
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    template: { spec: { restartPolicy: "Always", terminationGracePeriodSeconds: 30 } },
  });
  expect(spec?.template.spec?.enableServiceLinks).toBeUndefined();
});

describe("validation", () => {
  test.each<[string, object, string[]]>([
    ["valid", {}, []],
    ["OnDelete has no numbers", { updateStrategy: { type: "OnDelete" } }, []],
    ["D.13: surge instead", rolling({ maxUnavailable: 0, maxSurge: "10%" }), []],
    [
      "D.13: both",
      rolling({ maxUnavailable: 1, maxSurge: 1 }),
      [`${at}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`],
    ],
    [
      "D.13: neither",
      rolling({ maxUnavailable: "0%", maxSurge: 0 }),
      [`${at}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`],
    ],
    [
      "D.13: more than all",
      rolling({ maxUnavailable: "101%" }),
      [`${at}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`],
    ],
    [
      "D.13: no percentage",
      rolling({ maxUnavailable: "half" }),
      [
        `${at}.maxUnavailable: Invalid value: "half": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
      ],
    ],
    [
      "D.13: negative",
      rolling({ maxUnavailable: -1 }),
      [`${at}.maxUnavailable: Invalid value: -1: must be greater than or equal to 0`],
    ],
    [
      "unknown strategy",
      { updateStrategy: { type: "Recreate" } },
      [
        'spec.updateStrategy.type: Unsupported value: "Recreate": supported values: "RollingUpdate", "OnDelete"',
      ],
    ],
    [
      "D.19: selector and labels part",
      { selector: { matchLabels: { app: "x" } } },
      [
        'spec.template.metadata.labels: Invalid value: {"app":"rng"}: `selector` does not match template `labels`',
      ],
    ],
    [
      "D.9: empty selector",
      { selector: {} },
      ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
    ],
    [
      "D.19: restart policy",
      {
        template: {
          metadata: { labels: { app: "rng" } },
          spec: { restartPolicy: "Never", activeDeadlineSeconds: 5, containers: [{ name: "c", image: "i" }] },
        },
      },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported",
      ],
    ],
    [
      "faults of the template",
      { minReadySeconds: -1, template: { metadata: { labels: { app: "rng" } }, spec: { containers: [] } } },
      [
        "spec.template.spec.containers: Required value",
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
      ],
    ],
  ])("%s", (_name, spec, expected) => {
    expect(faultsOf(spec)).toEqual(expected);
  });

  test("a set without a spec is refused field by field", () => {
    const draft = received(daemonSet, { kind: "DaemonSet" });
    expect(shown(daemonSet.validate(draft))).toEqual([
      "spec.selector: Invalid value: {}: empty selector is invalid for daemonset",
      "spec.template.spec.containers: Required value",
    ]);
  });
});

test("D.19: the selector is immutable", () => {
  const old = stored(daemonSet, daemonSetBody());
  const draft = received(daemonSet, daemonSetBody({ selector: { matchLabels: { app: "x" } } }));
  expect(shown(daemonSet.validateUpdate(draft, old))).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable',
  ]);
});

test("collisionCount never goes back, and counts are never negative", () => {
  const status = {
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  };
  const old = { ...stored(daemonSet, daemonSetBody()), status: { ...status, collisionCount: 2 } };
  const next = { ...old, status: { ...status, collisionCount: 1, numberReady: -1 } };
  expect(shown(daemonSet.validateUpdate(next, old))).toEqual([
    "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
    "status.collisionCount: Invalid value: 1: cannot be decremented",
  ]);
});

test("D.5: each new template has a higher generation, and nothing else raises it", () => {
  const annotation = "deprecated.daemonset.template.generation";
  const first = stored(daemonSet, daemonSetBody());
  expect(first.metadata.annotations?.[annotation]).toBe("1");
  const same = received(daemonSet, daemonSetBody({ minReadySeconds: 5 }));
  daemonSet.prepareUpdate?.(same, first);
  expect(same.metadata.annotations?.[annotation]).toBe("1");
  const changed = received(
    daemonSet,
    daemonSetBody({
      template: {
        metadata: { labels: { app: "rng" } },
        spec: { containers: [{ name: "rng", image: "rng:2" }] },
      },
    }),
  );
  daemonSet.prepareUpdate?.(changed, first);
  expect(changed.metadata.annotations?.[annotation]).toBe("2");
});

test("its line in a table", () => {
  const body = daemonSetBody({
    template: {
      metadata: { labels: { app: "rng" } },
      spec: {
        nodeSelector: { disk: "ssd", arch: "arm" },
        containers: [
          { name: "a", image: "a:1" },
          { name: "b", image: "b:2" },
        ],
      },
    },
  });
  const object = {
    ...stored(daemonSet, body),
    status: {
      desiredNumberScheduled: 5,
      currentNumberScheduled: 4,
      numberReady: 3,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberMisscheduled: 0,
    },
  };
  expect(daemonSet.columns.map((column) => column.name.toUpperCase())).toEqual([
    "NAME",
    "DESIRED",
    "CURRENT",
    "READY",
    "UP-TO-DATE",
    "AVAILABLE",
    "NODE SELECTOR",
    "AGE",
    "CONTAINERS",
    "IMAGES",
    "SELECTOR",
  ]);
  expect(daemonSet.row(object, Date.UTC(2026, 0, 3, 3))).toEqual([
    "rng",
    5,
    4,
    3,
    2,
    1,
    "arch=arm,disk=ssd",
    "2d3h",
    "a,b",
    "a:1,b:2",
    "app=rng",
  ]);
});
