// Owns the walk through who owns a DaemonSet's pods: cascades, orphans and their adoption, release, overlapping selectors.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agent, Life, workers } from "./daemonset-life.fixture.ts";
import { eventually, withKubectl } from "./harness.ts";

const kubectlPath = withKubectl();

const barePod = (name: string, labels: string, more = ""): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { ${labels} }${more} }
spec:
  nodeName: worker-1
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: host, command: ["sleep", "1000000"] }]
`;

describe.skipIf(kubectlPath === undefined)("a DaemonSet and the owners of pods", () => {
  const life = new Life(kubectlPath ?? "");

  beforeAll(async () => {
    await life.start();
  });
  afterAll(async () => {
    await life.stop();
  });

  it("leaves its pods with --cascade=orphan; a re-created one adopts them and restarts none (D.17)", async () => {
    life.apply(agent("heir"));
    const before = await life.steady("app=heir", ...workers);
    life.ok("delete ds heir --cascade=orphan");
    const orphans = life.pods("app=heir");
    expect(orphans.map(({ uid }) => uid)).toEqual(before.map(({ uid }) => uid));
    expect(orphans.every(({ owners, ready }) => owners.length === 0 && ready)).toBe(true);
    expect(life.ok("get controllerrevisions -l app=heir -o name").trim().split("\n")).toHaveLength(1);
    life.apply(agent("heir"));
    await eventually("adopted", () =>
      life.pods("app=heir").every(({ owners }) => owners.join() === "DaemonSet/heir"),
    );
    await life.counts("heir", "3 3 3 3 3");
    expect(life.pods("app=heir").map(({ uid }) => uid)).toEqual(before.map(({ uid }) => uid));
    expect(life.ok("get controllerrevisions -l app=heir -o name").trim().split("\n")).toHaveLength(1);
  });

  it("cascades in the background by default", async () => {
    const [pod] = life.pods("app=heir");
    life.ok("delete ds heir");
    await life.gone("app=heir");
    await eventually("no revisions", () => life.ok("get controllerrevisions -l app=heir -o name") === "");
    expect(life.refused(`get pod ${pod?.name}`)).toContain("NotFound");
  });

  it("cascades in the foreground: the set goes last", async () => {
    life.apply(agent("fore"));
    await life.steady("app=fore", ...workers);
    life.ok("delete ds fore --cascade=foreground --wait=false");
    const held = life.kubectl("get ds fore -o json");
    if (held.code === 0) {
      const { metadata } = JSON.parse(held.out) as {
        metadata: { finalizers?: string[]; deletionTimestamp?: string };
      };
      expect(metadata.finalizers).toEqual(["foregroundDeletion"]);
      expect(metadata.deletionTimestamp).toBeDefined();
    }
    await eventually("the set is gone", () => life.kubectl("get ds fore").code !== 0);
    expect(life.pods("app=fore")).toEqual([]);
  });

  it("adopts a bare pod that matches, releases one whose label goes, and replaces it (D.10)", async () => {
    life.apply(barePod("stray", "app: own"));
    await eventually("stray runs", () => life.pods("app=own").some(({ ready }) => ready));
    life.apply(agent("own"));
    // The stray pod has no revision label: it is adopted, found outdated and replaced.
    await eventually("replaced", () => life.kubectl("get pod stray").code !== 0);
    const [first] = await life.steady("app=own", ...workers);
    life.ok(`label pod ${first?.name} app=elsewhere --overwrite`);
    const after = await life.steady("app=own", ...workers);
    expect(after.map(({ uid }) => uid)).not.toContain(first?.uid);
    const released = life.pods("app=elsewhere");
    expect(released.map(({ uid, owners }) => ({ uid, owners }))).toEqual([{ uid: first?.uid, owners: [] }]);
    life.ok(`delete pod ${first?.name}`);
    life.ok("delete ds own");
    await life.gone("app=own");
  });

  it("never touches a pod that another controller owns, or another set of the same selector (D.10, D.20)", async () => {
    life.apply(agent("left", { labels: "app: shared" }));
    const left = await life.steady("app=shared", ...workers);
    life.apply(agent("right", { labels: "app: shared" }));
    await life.counts("right", "3 3 3 3 3");
    const both = life.pods("app=shared");
    expect(both).toHaveLength(6);
    expect(both.filter(({ owners }) => owners.join() === "DaemonSet/left").map(({ uid }) => uid)).toEqual(
      left.map(({ uid }) => uid),
    );
    life.ok("delete ds right");
    await life.steady("app=shared", ...workers);
    // A pod of somebody else's that matches is left alone, and ends with its owner.
    life.ok("create cm web");
    const { uid } = (life.json("get cm web") as { metadata: { uid: string } }).metadata;
    const owner = `, ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: web, uid: ${uid}, controller: true }]`;
    life.apply(barePod("webbed", "app: shared", owner));
    await eventually("webbed runs", () =>
      life.pods("app=shared").some(({ name, ready }) => name === "webbed" && ready),
    );
    life.ok("rollout restart ds/left");
    expect(life.ok("rollout status ds/left --timeout=60s")).toContain("successfully rolled out");
    expect(life.pods("app=shared").find(({ name }) => name === "webbed")?.owners).toEqual(["ConfigMap/web"]);
    life.ok("delete cm web");
    await eventually("collected", () => life.kubectl("get pod webbed").code !== 0);
    await life.steady("app=shared", ...workers);
    life.ok("delete ds left");
    await life.gone("app=shared");
  });

  it("refuses a selector that is empty, does not match, or changes (D.9, D.19)", () => {
    expect(life.refused("apply -f -", agent("all", { selector: "{}" }))).toMatch(
      /spec\.selector: Invalid value: .*empty selector is invalid for daemonset/,
    );
    expect(life.refused("apply -f -", agent("odd", { selector: "{ matchLabels: { app: other } }" }))).toMatch(
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    );
    life.apply(agent("fixed"));
    expect(life.refused("apply -f -", agent("fixed", { labels: "app: moved" }))).toMatch(
      /spec\.selector: Invalid value: .*field is immutable/,
    );
    life.ok("delete ds fixed");
  });

  it("makes a pod anew on a node deleted and re-created under its name (D.18)", async () => {
    const startNode = () =>
      life.also(
        "kubelet",
        "--kubeconfig",
        life.kubeconfig,
        "--node-name=worker-9",
        `--root-dir=${join(life.folder, "d9")}`,
      );
    const first = startNode();
    life.apply(agent("back"));
    const before = await life.steady("app=back", ...workers, "worker-9");
    life.ok("delete node worker-9");
    await life.steady("app=back", ...workers);
    // As upstream's, a kubelet registers when it starts.
    await first.kill("SIGTERM");
    const second = startNode();
    const after = await life.steady("app=back", ...workers, "worker-9");
    expect(after.slice(0, 3).map(({ uid }) => uid)).toEqual(before.slice(0, 3).map(({ uid }) => uid));
    expect(after[3]?.uid).not.toBe(before[3]?.uid);
    life.ok("delete node worker-9");
    await life.steady("app=back", ...workers);
    await second.kill("SIGTERM");
    life.ok("delete ds back");
  });
});
