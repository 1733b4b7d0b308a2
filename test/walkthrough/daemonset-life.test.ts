// Owns the walk through a DaemonSet's rollouts and history with a stock kubectl, as a user of Kubernetes knows them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agent, Life, workers } from "./daemonset-life.fixture.ts";
import { eventually, withKubectl } from "./harness.ts";

const kubectlPath = withKubectl();

describe.skipIf(kubectlPath === undefined)("a DaemonSet's rollouts", () => {
  const life = new Life(kubectlPath ?? "");
  const finished = (name: string) =>
    expect(life.ok(`rollout status ds/${name} --timeout=60s`)).toContain(
      `daemon set "${name}" successfully rolled out`,
    );
  const uids = (name: string) =>
    life
      .pods(`app=${name}`)
      .map(({ uid }) => uid)
      .sort();

  beforeAll(async () => {
    await life.start();
  });
  afterAll(async () => {
    await life.stop();
  });

  it("keeps a history that rollout history shows and undo follows (D.15, D.16)", async () => {
    life.apply(agent("his"));
    finished("his");
    life.ok("annotate ds his kubernetes.io/change-cause=first");
    expect(life.ok("set image ds/his agent=host:2")).toContain("daemonset.apps/his image updated");
    expect(life.ok("rollout status ds/his --timeout=60s")).toMatch(
      /Waiting for daemon set "his" rollout to finish: \d out of 3 new pods have been updated\.\.\./,
    );
    expect(life.ok("rollout history ds/his")).toMatch(
      /^daemonset\.apps\/his \nREVISION\s+CHANGE-CAUSE\n1\s+\S+\n2\s+first\n/,
    );
    expect(life.ok("rollout history ds/his --revision=1")).toMatch(
      /daemonset\.apps\/his with revision #1\nPod Template:\n[^]*Image:\s+host\n/,
    );
    expect(life.ok("rollout history ds/his --revision=2")).toMatch(/Image:\s+host:2\n/);
    expect(life.refused("rollout history ds/his --revision=9")).toContain(
      "unable to find the specified revision",
    );
    const names = (
      life.json("get controllerrevisions -l app=his")["items"] as { metadata: { name: string } }[]
    ).map(({ metadata }) => metadata.name);
    const hashes = new Set(life.pods("app=his").map(({ hash }) => hash));
    expect([...hashes].every((hash) => names.includes(`his-${hash}`))).toBe(true);

    expect(life.ok("rollout undo ds/his")).toContain("daemonset.apps/his rolled back");
    finished("his");
    expect(life.pods("app=his").map(({ image }) => image)).toEqual(["host", "host", "host"]);
    expect(life.ok("rollout history ds/his")).toMatch(/CHANGE-CAUSE\n2\s+\S+\n3\s+\S+\n\n?$/);
    expect(life.ok("rollout undo ds/his --to-revision=2")).toContain("rolled back");
    finished("his");
    expect(life.pods("app=his").map(({ image }) => image)).toEqual(["host:2", "host:2", "host:2"]);
    const before = uids("his");
    expect(life.ok("rollout undo ds/his --to-revision=4")).toMatch(
      /skipped rollback \(current template already matches revision 4\)/,
    );
    expect(life.refused("rollout undo ds/his --to-revision=99")).toContain(
      "unable to find specified revision 99 in history",
    );
    expect(uids("his")).toEqual(before);
  });

  it("restarts on request, and refuses to pause as upstream does (D.16)", async () => {
    const before = uids("his");
    expect(life.ok("rollout restart ds/his")).toContain("daemonset.apps/his restarted");
    finished("his");
    expect(uids("his").some((uid) => before.includes(uid))).toBe(false);
    const refusal = life.kubectl("rollout pause ds/his");
    expect(refusal.code).toBe(1);
    expect(refusal.err).toContain('daemonsets.apps "his" pausing is not supported');
    expect(life.refused("rollout resume ds/his")).toContain("resuming is not supported");
    life.ok("delete ds his");
  });

  it("undoes a half-done rollout without touching pods that already run the wanted revision", async () => {
    life.apply(agent("half"));
    finished("half");
    const before = life.pods("app=half");
    life.ok("set image ds/half agent=host:2");
    // The new command does not exist: the rollout stops at the first node, within its budget of one.
    life.ok(
      'patch ds half --type=json -p=\'[{"op":"replace","path":"/spec/template/spec/containers/0/command","value":["no-such-program"]}]\'',
    );
    await eventually("one pod that can't start", () => life.pods("app=half").some(({ ready }) => !ready));
    await eventually("stuck at two", () => / 3 +3 +2 +1 +2 /.test(life.ok("get ds half --no-headers")));
    const kept = new Set(life.pods("app=half").map(({ uid }) => uid));
    const untouched = before.filter(({ uid }) => kept.has(uid));
    expect(untouched.length).toBeGreaterThanOrEqual(1);
    life.ok("rollout undo ds/half --to-revision=1");
    finished("half");
    const after = new Set(uids("half"));
    expect(untouched.every(({ uid }) => after.has(uid))).toBe(true);
    life.ok("delete ds half");
  });

  it("replaces with OnDelete only what a person deletes (D.14, D.16)", async () => {
    life.apply(agent("manual", { spec: "updateStrategy: { type: OnDelete }" }));
    const before = await life.steady("app=manual", ...workers);
    life.ok("set image ds/manual agent=host:2");
    await life.counts("manual", "3 3 3 0 3");
    expect(life.pods("app=manual").map(({ uid }) => uid)).toEqual(before.map(({ uid }) => uid));
    const status = life.kubectl("rollout status ds/manual");
    expect(status.code).toBe(1);
    expect(status.err).toContain("rollout status is only available for RollingUpdate strategy type");
    life.ok(`delete pod ${before[1]?.name}`);
    await life.counts("manual", "3 3 3 1 3");
    expect(life.pods("app=manual").map(({ image }) => image)).toEqual(["host", "host:2", "host"]);
    life.ok("delete ds manual");
  });

  it("surges: the new pod is there before the old one goes (D.8)", async () => {
    const surge = "updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }";
    life.apply(agent("surge", { spec: surge }));
    finished("surge");
    life.ok("set image ds/surge agent=host:2");
    let least = 3;
    let most = 0;
    await eventually("all updated", () => {
      const pods = life.pods("app=surge");
      const perNode = new Map<string, number>();
      for (const { node, leaving } of pods) if (!leaving) perNode.set(node, (perNode.get(node) ?? 0) + 1);
      most = Math.max(most, ...perNode.values());
      least = Math.min(
        least,
        new Set(pods.filter(({ ready, leaving }) => ready && !leaving).map(({ node }) => node)).size,
      );
      return pods.length === 3 && pods.every(({ image, ready }) => image === "host:2" && ready);
    });
    expect(least).toBe(3);
    expect(most).toBeLessThanOrEqual(2);
    finished("surge");
    life.ok("delete ds surge");
  });

  it("counts a pod as available minReadySeconds after it is Ready, on time (D.12)", async () => {
    life.apply(agent("slow", { spec: "minReadySeconds: 4" }));
    await life.counts("slow", "3 3 3 3 0");
    const since = Date.now();
    await life.counts("slow", "3 3 3 3 3");
    // It is told so by the clock: nothing else would make the controller look again for minutes.
    expect(Date.now() - since).toBeLessThan(30_000);
    life.ok("delete ds slow");
  });

  it("reads percentages, rounding up (D.13)", async () => {
    life.apply(agent("share", { spec: "updateStrategy: { rollingUpdate: { maxUnavailable: 34% } }" }));
    finished("share");
    life.ok(
      'patch ds share --type=json -p=\'[{"op":"replace","path":"/spec/template/spec/containers/0/command","value":["no-such-program"]}]\'',
    );
    await life.counts("share", "3 3 1 2 1");
    life.ok("rollout undo ds/share");
    finished("share");
    life.ok("delete ds share");
  });

  it.each([
    [
      "both zero",
      "{ maxUnavailable: 0, maxSurge: 0 }",
      /maxUnavailable: Required value: cannot be 0 when maxSurge is 0/,
    ],
    [
      "both set",
      "{ maxUnavailable: 1, maxSurge: 1 }",
      /maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero/,
    ],
    [
      "over 100 %",
      "{ maxUnavailable: 101% }",
      /maxUnavailable: Invalid value: "101%": must not be greater than 100%/,
    ],
    [
      "surge over 100 %",
      "{ maxUnavailable: 0, maxSurge: 200% }",
      /maxSurge: Invalid value: "200%": must not be greater than 100%/,
    ],
    [
      "negative",
      "{ maxUnavailable: -1 }",
      /maxUnavailable: Invalid value: -1: must be greater than or equal to 0/,
    ],
    [
      "no percentage",
      "{ maxUnavailable: ten }",
      /maxUnavailable: Invalid value: "ten": a valid percent string must be a numeric string followed by an ending '%'/,
    ],
  ])("refuses a budget: %s (D.13)", (_name, budget, message) => {
    const manifest = agent("bad", { spec: `updateStrategy: { rollingUpdate: ${budget} }` });
    expect(life.refused("apply -f -", manifest)).toMatch(message);
  });

  it("keeps revisionHistoryLimit revisions and those in use (D.15)", async () => {
    life.apply(agent("short", { spec: "revisionHistoryLimit: 1" }));
    finished("short");
    for (const image of ["host:2", "host:3", "host:4"]) {
      life.ok(`set image ds/short agent=${image}`);
      finished("short");
    }
    await eventually("two revisions left", () => {
      const numbers = (
        life.json("get controllerrevisions -l app=short")["items"] as { revision: number }[]
      ).map(({ revision }) => revision);
      return numbers.sort((a, b) => a - b).join() === "3,4";
    });
    life.ok("delete ds short");
  });

  it("changes only what the template says, also where only its metadata changes", async () => {
    life.apply(agent("meta"));
    finished("meta");
    const before = uids("meta");
    life.ok("annotate ds meta note=one");
    life.ok("label ds meta tier=agents");
    await eventually("observed", () => {
      const { metadata, status } = life.json("get ds meta") as {
        metadata: { generation: number };
        status: { observedGeneration: number };
      };
      return metadata.generation === 1 && status.observedGeneration === 1;
    });
    expect(uids("meta")).toEqual(before);
    life.ok('patch ds meta -p \'{"spec":{"template":{"metadata":{"annotations":{"note":"two"}}}}}\'');
    finished("meta");
    expect(uids("meta").some((uid) => before.includes(uid))).toBe(false);
    // A second change in the middle of a rollout: only the last revision is left at the end.
    life.ok("set image ds/meta agent=host:2");
    life.ok("set image ds/meta agent=host:3");
    finished("meta");
    expect(life.pods("app=meta").map(({ image }) => image)).toEqual(["host:3", "host:3", "host:3"]);
    life.ok("delete ds meta");
  });

  it("tells the story in get -w and describe", async () => {
    const watch = life.beside("get ds -w");
    life.apply(agent("story"));
    finished("story");
    await eventually("all three in the watch", () => /^story(?:\s+3){5}\s/m.test(watch.output));
    const told = watch.output.length;
    life.ok("set image ds/story agent=host:2");
    finished("story");
    await eventually("a step of the rollout in the watch", () =>
      /^story\s+3\s+\d\s+\d\s+[0-2]\s/m.test(watch.output.slice(told)),
    );
    await watch.kill("SIGTERM");
    expect(watch.errors).not.toMatch(/error/i);
    await eventually("events", () => {
      const events = life.events("DaemonSet", "story");
      return (
        events.some((event) => event.startsWith("Normal SuccessfulCreate: Created pod: story-")) &&
        events.some((event) => event.startsWith("Normal SuccessfulDelete: Deleted pod: story-"))
      );
    });
    const described = life.ok("describe ds story");
    expect(described).toMatch(/Number of Nodes Scheduled with Up-to-date Pods: 3/);
    expect(described).toMatch(/Number of Nodes Scheduled with Available Pods: 3/);
    expect(described).toMatch(/daemonset-controller\s+Created pod: story-/);
    life.ok("delete ds story");
  });
});
