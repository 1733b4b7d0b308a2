// Owns the walk through what goes wrong in a DaemonSet's life: failing pods, no room, taken ports, bad manifests.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agent, Life, workers } from "./daemonset-life.fixture.ts";
import { eventually, withModernKubectl } from "./harness.ts";

const kubectlPath = withModernKubectl();

describe.skipIf(kubectlPath === undefined)("a DaemonSet in trouble", () => {
  const life = new Life(kubectlPath ?? "");

  beforeAll(async () => {
    await life.start();
  });
  afterAll(async () => {
    await life.stop();
  });

  it("replaces a failed pod after its back-off and says so (D.6)", async () => {
    life.apply(agent("weak"));
    const [victim] = await life.steady("app=weak", ...workers);
    const fail = (name: string) =>
      life.ok(`patch pod ${name} --subresource=status -p '{"status":{"phase":"Failed","reason":"Evicted"}}'`);
    fail(victim?.name ?? "");
    await eventually("replaced", () => !life.pods("app=weak").some(({ uid }) => uid === victim?.uid));
    await life.steady("app=weak", ...workers);
    await eventually("the event", () =>
      life
        .events("DaemonSet", "weak")
        .some((event) =>
          event.startsWith(
            `Warning FailedDaemonPod: Found failed daemon pod default/${victim?.name} on node worker-1`,
          ),
        ),
    );
    life.ok("delete ds weak");
  });

  it("leaves a pod that doesn't fit Pending, with the shortage named, and binds it when there is room", async () => {
    life.apply(agent("vast", { container: 'resources: { requests: { memory: "900Ti" } }' }));
    await eventually("all told", () => {
      const pods = life.pods("app=vast");
      return (
        pods.length === 3 &&
        pods.every(
          ({ phase, node, said }) =>
            phase === "Pending" &&
            node === "" &&
            said.startsWith("0/4 nodes are available: 1 Insufficient memory"),
        )
      );
    });
    const [pod] = life.pods("app=vast");
    expect(life.ok(`describe pod ${pod?.name}`)).toMatch(/Warning\s+FailedScheduling .*Insufficient memory/);
    await life.counts("vast", "3 3 0 3 0");
    life.ok("delete ds vast");
  });

  it("keeps two sets off one host port of a node", async () => {
    const port = { container: "ports: [{ containerPort: 18080, hostPort: 18080 }]" };
    life.apply(agent("first", port));
    await life.steady("app=first", ...workers);
    life.apply(agent("second", port));
    await eventually("told", () => {
      const pods = life.pods("app=second");
      return (
        pods.length === 3 &&
        pods.every(({ said }) => said.includes("node(s) didn't have free ports for the requested pod ports"))
      );
    });
    life.ok("delete ds first");
    await life.steady("app=second", ...workers);
    life.ok("delete ds second");
  });

  it("ends lesser pods to make room for a critical agent, and no more of them than it must", async () => {
    const cpu = Number(
      (life.json("get node worker-1") as { status: { allocatable: { cpu: string } } }).status.allocatable.cpu,
    );
    const share = `resources: { requests: { cpu: ${Math.floor(cpu * 600)}m } }`;
    life.apply(agent("lesser", { container: share }));
    await life.steady("app=lesser", ...workers);
    life.apply(
      agent("polite", { container: share, pod: "priorityClassName: shy" }).replace(
        "kind: DaemonSet",
        "kind: DaemonSet",
      ),
    );
    await eventually("an unknown class is told", () =>
      life
        .events("DaemonSet", "polite")
        .some((event) => /FailedCreate: .*no PriorityClass with name shy was found/.test(event)),
    );
    life.apply(
      "{ apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: { name: shy }, value: 1000, preemptionPolicy: Never }",
    );
    await eventually(
      "polite pods wait",
      () => {
        const pods = life.pods("app=polite");
        return pods.length === 3 && pods.every(({ said }) => said.includes("Insufficient cpu"));
      },
      120_000,
    );
    expect(life.pods("app=lesser")).toHaveLength(3);
    life.ok("delete ds polite");
    life.apply(agent("vital", { container: share, pod: "priorityClassName: system-node-critical" }));
    const [vital] = await life.steady("app=vital", ...workers);
    const spec = (life.json(`get pod ${vital?.name}`) as { spec: { priority: number } }).spec;
    expect(spec.priority).toBe(2_000_001_000);
    await eventually("lesser pods wait now", () => {
      const pods = life.pods("app=lesser");
      return (
        pods.length === 3 && pods.every(({ node, said }) => node === "" && said.includes("Insufficient cpu"))
      );
    });
    await eventually("told", () =>
      life.events("Pod", "lesser").some((event) => event.startsWith("Normal Preempted: ")),
    );
    life.ok("delete ds vital lesser");
  });

  it("has the system's priority classes", () => {
    expect(life.ok("get priorityclasses")).toMatch(
      /system-cluster-critical\s+2000000000\s[^]*system-node-critical\s+2000001000\s/,
    );
    const both = agent("lies", { pod: "priorityClassName: system-node-critical, priority: 7" });
    life.apply(both);
    life.ok("delete ds lies");
    expect(
      life.refused(
        "apply -f -",
        "{ apiVersion: v1, kind: Pod, metadata: { name: x }, spec: { priorityClassName: nosuch, containers: [{ name: a, image: host }] } }",
      ),
    ).toContain('pods "x" is forbidden: no PriorityClass with name nosuch was found');
  });

  it("puts up with a cordon, a NoSchedule and a not-ready node, and comes back from NoExecute (D.2, D.4)", async () => {
    life.ok("cordon worker-1");
    life.ok("taint node worker-2 node.kubernetes.io/not-ready:NoSchedule");
    life.apply(agent("tough"));
    await life.steady("app=tough", ...workers);
    life.ok("uncordon worker-1");
    life.kubectl("taint node worker-2 node.kubernetes.io/not-ready:NoSchedule-");
    life.ok("taint node worker-3 out=now:NoExecute");
    await life.steady("app=tough", "worker-1", "worker-2");
    life.ok("taint node worker-3 out-");
    await life.steady("app=tough", ...workers);
    life.ok("delete ds tough");
  });

  it("honours tolerationSeconds", async () => {
    const tolerations =
      "tolerations: [{ key: out, operator: Exists, effect: NoExecute, tolerationSeconds: 2 }]";
    life.apply(agent("brief", { pod: tolerations }));
    const [before] = await life.steady("app=brief", ...workers);
    const since = Date.now();
    life.ok("taint node worker-1 out=now:NoExecute");
    await eventually("ended", () => !life.pods("app=brief").some(({ uid }) => uid === before?.uid));
    expect(Date.now() - since).toBeGreaterThanOrEqual(1500);
    life.ok("taint node worker-1 out-");
    await life.steady("app=brief", ...workers);
    life.ok("delete ds brief");
  });

  it.each([
    ["strict", "true", /unknown field "spec\.template\.spec\.nodeSelectr"/, false],
    ["warn", "warn", /Warning: unknown field "spec\.template\.spec\.nodeSelectr"/, true],
    ["ignore", "false", /^$/, true],
  ])("unknown fields: %s (D.19)", (name, flag, told, done) => {
    const manifest = agent(`typo-${name}`, { pod: "nodeSelectr: { disk: ssd }" });
    const ran = life.kubectl(`create --validate=${flag} -f -`, manifest);
    expect(ran.err).toMatch(told);
    expect(ran.code === 0).toBe(done);
    if (done) {
      expect(JSON.stringify(life.json(`get ds typo-${name}`))).not.toContain("nodeSelectr");
      life.ok(`delete ds typo-${name}`);
    }
  });

  it("refuses what a daemon pod can't be (D.19)", () => {
    expect(life.refused("apply -f -", agent("once", { pod: "restartPolicy: Never" }))).toMatch(
      /spec\.template\.spec\.restartPolicy: Unsupported value: "Never": supported values: "Always"/,
    );
  });

  it("says why, node by node", async () => {
    life.ok("label node worker-1 disk=ssd");
    life.ok("label node worker-2 disk=ssd");
    life.ok("taint node worker-2 role=db:NoSchedule");
    life.apply(agent("asked", { pod: "nodeSelector: { disk: ssd }" }));
    await life.steady("app=asked", "worker-1");
    const ask = (...more: string[]) => life.also("why", "ds/asked", "--kubeconfig", life.kubeconfig, ...more);
    const all = ask();
    expect(await all.ended()).toBe(0);
    expect(all.output).toMatch(
      /control-plane .*no pod: .*disk=ssd.*; the taint node-role\.kubernetes\.io\/control-plane:NoSchedule/,
    );
    expect(all.output).toMatch(/worker-1 +yes +asked-\S+ +runs\n/);
    expect(all.output).toMatch(/worker-2 .*no pod: the taint role=db:NoSchedule is not tolerated/);
    expect(all.output).toMatch(/worker-3 .*no pod: nodeSelector wants disk=ssd, the node has none/);
    const one = ask("--node", "worker-2", "-o", "json");
    expect(await one.ended()).toBe(0);
    expect(JSON.parse(one.output)).toMatchObject({
      daemonSet: { name: "asked", namespace: "default" },
      nodes: [{ node: "worker-2", wanted: false, is: "unwanted" }],
    });
    const nobody = ask("--node", "nowhere");
    expect(await nobody.ended()).toBe(1);
    expect(nobody.errors).toMatch(/cannot explain .*nowhere.*: there is no such node/);
    const nothing = life.also("why", "ds/nothing", "--kubeconfig", life.kubeconfig);
    expect(await nothing.ended()).toBe(1);
    expect(nothing.errors).toMatch(/cannot explain default\/nothing: there is no such DaemonSet/);
    const wrong = life.also("why", "deploy/x", "--kubeconfig", join(life.folder, "none"));
    expect(await wrong.ended()).toBe(2);
    life.ok("taint node worker-2 role-");
    life.ok("delete ds asked");
  });
});
