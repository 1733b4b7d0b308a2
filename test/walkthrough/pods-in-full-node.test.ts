// Owns the walk through what a node does with its pods when it runs short of something, or goes down.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Edge, shell } from "./edge.fixture.ts";
import { eventually, processesMarked, withModernKubectl } from "./harness.ts";

const kubectl = withModernKubectl();
const shutdown = "shutdownGracePeriod: 20s\nshutdownGracePeriodCriticalPods: 10s\n";
/** Nothing on this machine comes near these. */
const atEase = `${shutdown}evictionHard:\n  memory.available: "1"\nevictionPressureTransitionPeriod: 1s\n`;
/** More than any machine has: as if it were short of memory. */
const short = atEase.replace('"1"', "1000Ti");

describe.skipIf(kubectl === undefined)("a node", () => {
  const edge = new Edge(kubectl ?? "");
  const live = (name: string) =>
    processesMarked(`${name}-${edge.cluster.folder}`).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\0");
      } catch {
        return false;
      }
    });
  const marked = (name: string, script = "exec sleep 100000") =>
    shell(script, { env: [{ name: "WALK", value: `${name}-${edge.cluster.folder}` }] });
  const condition = (type: string) =>
    edge.cluster.kubectl(
      `get node edge -o jsonpath='{.status.conditions[?(@.type=="${type}")].status} {.status.conditions[?(@.type=="${type}")].message}'`,
    ).out;
  const taints = () => edge.cluster.kubectl("get node edge -o jsonpath={.spec.taints[*].key}").out;

  beforeAll(async () => {
    await edge.start(atEase);
    writeFileSync(
      join(edge.manifests, "keeper.yaml"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "keeper" },
        spec: { terminationGracePeriodSeconds: 1, containers: [marked("keeper")] },
      }),
    );
    await edge.until("keeper-edge", "runs", ({ status }) => status?.phase === "Running");
  });
  afterAll(() => edge.stop());

  it("lets go of a pod that writes more into an emptyDir than it may", async () => {
    edge.apply("writer", {
      volumes: [{ name: "v", emptyDir: { sizeLimit: "100Ki" } }],
      containers: [
        shell("head -c 1000000 /dev/zero >/tmp/v/f; exec sleep 100000", {
          volumeMounts: [{ name: "v", mountPath: "/tmp/v" }],
        }),
      ],
    });
    const pod = await edge.until("writer", "is evicted", ({ status }) => status?.phase === "Failed");
    expect(pod.status).toMatchObject({
      reason: "Evicted",
      message: 'Usage of EmptyDir volume "v" exceeds the limit "100Ki". ',
    });
  });

  it("short of memory says so, is tainted, and evicts ordinary pods, never static ones", async () => {
    edge.apply("plain", { containers: [marked("plain")] });
    await edge.until("plain", "runs", ({ status }) => status?.phase === "Running");
    const [keeper] = live("keeper");
    await edge.kubelet?.kill("SIGTERM");
    // The kubelet's end is no shutdown: what runs goes on.
    expect(live("plain")).toHaveLength(1);
    await edge.startKubelet(short);
    const pod = await edge.until("plain", "is evicted", ({ status }) => status?.phase === "Failed");
    expect(pod.status?.reason).toBe("Evicted");
    expect(pod.status?.message).toMatch(
      /^The node was low on resource: memory\. Threshold quantity: \d+Ki, available: \d+Ki\. Container main was using \d+Ki, request is 0, has larger consumption of memory\. $/,
    );
    expect(condition("MemoryPressure")).toBe("True kubelet has insufficient memory available");
    await eventually("the taint", () => taints().includes("node.kubernetes.io/memory-pressure"));
    await eventually("no process of it", () => live("plain").length === 0);
    expect(live("keeper")).toEqual([keeper]);
    edge.apply("late", { containers: [marked("late")] });
    const late = await edge.until("late", "is refused", ({ status }) => status?.phase === "Failed");
    expect(late.status?.message).toBe("Pod was rejected: The node had condition: [MemoryPressure]. ");
  });

  it("at ease again is a node like any other", async () => {
    await edge.kubelet?.kill("SIGTERM");
    await edge.startKubelet(atEase);
    await eventually("no pressure", () => condition("MemoryPressure").startsWith("False"));
    await eventually("no taint", () => !taints().includes("memory-pressure"));
  });

  it("that goes down ends ordinary pods first, static ones last, and says so", async () => {
    // Each writes when it is told to end; an ordinary one takes its time over it.
    const journal = join(edge.cluster.folder, "journal");
    const mourner = (name: string, time: number) =>
      marked(
        name,
        `trap 'echo told ${name} >>${journal}; sleep ${time}; echo ended ${name} >>${journal}; exit 0' TERM; touch ${journal}-${name}; while :; do sleep 0.1; done`,
      );
    const patient = { terminationGracePeriodSeconds: 9 };
    writeFileSync(
      join(edge.manifests, "last.yaml"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "last" },
        spec: { ...patient, containers: [mourner("last", 0)] },
      }),
    );
    edge.apply("first", { ...patient, containers: [mourner("first", 2)] });
    for (const name of ["first", "last"])
      await eventually(`${name} listens`, () => {
        readFileSync(`${journal}-${name}`);
        return true;
      });
    edge.kubelet?.child.kill("SIGPWR");
    expect(await edge.kubelet?.ended()).toBe(0);
    expect(readFileSync(journal, "utf8").trim().split("\n")).toEqual([
      "told first",
      "ended first",
      "told last",
      "ended last",
    ]);
    expect(edge.pod("first").status).toMatchObject({
      phase: "Failed",
      reason: "Terminated",
      message: "Pod was terminated in response to imminent node shutdown.",
    });
    expect(condition("Ready")).toBe("False node is shutting down");
    expect([live("keeper"), live("last")]).toEqual([[], []]);
  });

  it("that is back runs its static pods again, and shows them as running", async () => {
    await edge.startKubelet(atEase);
    await eventually("a process of keeper", () => live("keeper").length === 1);
    await edge.until("keeper-edge", "runs", ({ status }) => status?.phase === "Running");
    await eventually("Ready", () => condition("Ready").startsWith("True"));
    expect(edge.pod("first").status?.phase).toBe("Failed");
  });
});
