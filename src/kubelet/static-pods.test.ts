// Owns tests of static pods through the whole kubelet on a virtual clock: alone, with an API, and over restarts.
import { describe, expect, it } from "vitest";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { pause } from "../world/clock.ts";
import { nodeName, Rig } from "./kubelet-rig.fixture.ts";

const text = (name: string, image = "agent:1", more = ""): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}${more}}\nspec:\n  terminationGracePeriodSeconds: 5\n  containers: [{name: main, image: "${image}", command: [agent]}]\n`;
const write = (rig: Rig, file: string, content: string) => rig.files.writeText(`/m/${file}`, content);
const rigOf = (inCluster: boolean): Rig => new Rig({ inCluster, config: { staticPods: { folder: "/m" } } });
const running = (rig: Rig): string[] =>
  [...rig.runtime.containers.values()]
    .filter((one) => one.status.state === "running")
    .map((one) => one.status.image);
const mirrorOf = (rig: Rig, name: string) => rig.api.get(podKind, `default/${name}-${nodeName}`);

describe("a kubelet alone", () => {
  it("gets on with many pods though it dies again and again before all have started", async () => {
    const rig = rigOf(false);
    const { runtime, clock } = rig;
    const make = runtime.runPodSandbox.bind(runtime);
    let making = 0;
    let life = 0;
    // The machine's strength is shared: beside nine others a sandbox takes 200 ms, and beside 59 others 1.2 s.
    runtime.runPodSandbox = async (config) => {
      const begunIn = life;
      making += 1;
      for (let left = 20; left > 0; left -= 20 / making) {
        await pause(clock, 20);
        if (life !== begunIn) throw new Error("its kubelet was killed");
      }
      making -= 1;
      return make(config);
    };
    for (let at = 0; at < 60; at++) await write(rig, `${at}.yaml`, text(`p${at}`));
    await rig.start();
    const counts: number[] = [];
    for (; life < 4;) {
      await rig.run(500);
      counts.push(running(rig).length);
      life += 1;
      making = 0;
      await rig.restart();
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    await rig.run(5000);
    expect(running(rig).length).toBe(60);
    await rig.halt();
  });

  it("runs the folder's pods, and ends those whose file goes (S.3, S.6)", async () => {
    const rig = rigOf(false);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(1000);
    expect(running(rig)).toEqual(["agent:1"]);
    await rig.files.remove("/m/a.yaml");
    await rig.run(10_000);
    expect(rig.runtime.containers.size).toBe(0);
    await rig.halt();
  });

  it.each([
    ["a UID of its content", ""],
    ["a UID that was given", ", uid: mine"],
  ])("ends a changed pod with %s before it starts the new one (S.3)", async (_what, more) => {
    const rig = rigOf(false);
    await write(rig, "a.yaml", text("a", "agent:1", more));
    await rig.start();
    await rig.run(1000);
    rig.runtime.behaviours.set("main", { lingers: 60_000 });
    await write(rig, "a.yaml", text("a", "agent:2", more));
    await rig.run(3000);
    expect(running(rig)).toEqual(["agent:1"]);
    await rig.run(5000);
    expect(running(rig)).toEqual(["agent:2"]);
    await rig.halt();
  });

  it.each([
    ["a UID of its content", ""],
    ["a UID that was given", ", uid: mine"],
  ])("does so for a file that changed while it was away, with %s (S.10)", async (_what, more) => {
    const rig = rigOf(false);
    await write(rig, "a.yaml", text("a", "agent:1", more));
    await rig.start();
    await rig.run(1000);
    rig.runtime.behaviours.set("main", { lingers: 60_000 });
    await rig.halt();
    await write(rig, "a.yaml", text("a", "agent:2", more));
    const before = new Set(rig.runtime.containers.keys());
    await rig.restart();
    await rig.run(3000);
    expect(new Set(rig.runtime.containers.keys())).toEqual(before);
    await rig.run(5000);
    expect(running(rig)).toEqual(["agent:2"]);
    await rig.halt();
  });

  it("starts a pod again whose file comes back while it ends", async () => {
    const rig = rigOf(false);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(1000);
    rig.runtime.behaviours.set("main", { lingers: 60_000 });
    await rig.files.remove("/m/a.yaml");
    await rig.run(1500);
    await write(rig, "a.yaml", text("a"));
    await rig.run(10_000);
    expect(running(rig)).toEqual(["agent:1"]);
    await rig.halt();
  });

  it("restarts no container when it is restarted (S.10)", async () => {
    const rig = rigOf(false);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(1000);
    const before = [...rig.runtime.containers.keys()];
    await rig.restart();
    await rig.run(5000);
    expect([...rig.runtime.containers.keys()]).toEqual(before);
    await rig.halt();
  });
});

describe("a kubelet in a cluster", () => {
  it("shows a static pod by a mirror with its status, and takes it away with the file (S.7)", async () => {
    const rig = rigOf(true);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(2000);
    expect(mirrorOf(rig, "a")?.status?.phase).toBe("Running");
    expect(mirrorOf(rig, "a")?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Node", name: nodeName });
    await rig.files.remove("/m/a.yaml");
    await rig.run(10_000);
    expect(mirrorOf(rig, "a")).toBeUndefined();
    expect(rig.runtime.containers.size).toBe(0);
    await rig.halt();
  });

  it("makes a deleted mirror anew and touches no container (S.7)", async () => {
    const rig = rigOf(true);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(2000);
    const uid = mirrorOf(rig, "a")?.metadata.uid;
    const before = [...rig.runtime.containers.keys()];
    await rig.delete(`a-${nodeName}`);
    await rig.run(2000);
    expect(mirrorOf(rig, "a")?.metadata.uid).not.toBe(uid);
    expect(mirrorOf(rig, "a")?.status?.phase).toBe("Running");
    expect([...rig.runtime.containers.keys()]).toEqual(before);
    await rig.halt();
  });

  it("weighs a pod of the API that says it were a static one as any other", async () => {
    const rig = new Rig({
      config: { taints: [{ key: "a", effect: "NoExecute" }], staticPods: { folder: "/m" } },
    });
    await rig.files.makeFolder("/m");
    await rig.start();
    rig.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "pretender",
        namespace: "default",
        uid: "u1",
        resourceVersion: "",
        creationTimestamp: "",
        annotations: { "kubernetes.io/config.source": "file" },
      },
      spec: { nodeName, containers: [{ name: "main", image: "agent:1" }] },
    });
    await rig.run(1000);
    expect(rig.pod("pretender")?.status).toMatchObject({ phase: "Failed", reason: "TaintToleration" });
    await rig.halt();
  });

  it("takes away the mirror of a file that went while it was away", async () => {
    const rig = rigOf(true);
    await write(rig, "a.yaml", text("a"));
    await rig.start();
    await rig.run(2000);
    await rig.restart(() => void rig.files.remove("/m/a.yaml"));
    await rig.run(10_000);
    expect(mirrorOf(rig, "a")).toBeUndefined();
    expect(rig.runtime.containers.size).toBe(0);
    await rig.halt();
  });

  it("tells refused files at once as the node's condition and as events", async () => {
    const rig = rigOf(true);
    await rig.files.makeFolder("/m");
    await rig.start();
    const condition = () =>
      rig.api.get(nodeKind, nodeName)?.status?.conditions?.find(({ type }) => type === "StaticPodsHealthy");
    await rig.run(1000);
    expect(condition()).toMatchObject({ status: "True" });
    await write(rig, "b.yaml", "kind: Deployment\n");
    await rig.run(2000);
    expect(condition()).toMatchObject({
      status: "False",
      message: expect.stringContaining("/m/b.yaml:1:1: "),
    });
    expect(rig.events.filter((event) => event.includes("StaticPodRefused"))).toHaveLength(1);
    await rig.files.remove("/m/b.yaml");
    await rig.run(2000);
    expect(condition()).toMatchObject({ status: "True" });
    await rig.halt();
  });
});
