// Owns the proof that a node that shuts down ends its pods in order, says so, and takes no more.
import { describe, expect, it } from "vitest";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { nodeName, oneContainer, Rig } from "../kubelet-rig.fixture.ts";
import { shutdownGraces } from "./plan-shutdown.ts";

const graces = shutdownGraces({ shutdownGracePeriod: 30_000, shutdownGracePeriodCriticalPods: 10_000 });

describe("a node that shuts down", () => {
  it("ends ordinary pods, then critical ones, and tells the API of both", async () => {
    const rig = new Rig({ config: { shutdownGraces: graces } });
    rig.put({ name: "plain", spec: oneContainer({ name: "plain" }) });
    rig.put({ name: "critical", spec: oneContainer({ name: "critical" }, { priority: 2_000_000_000 }) });
    rig.runtime.behaviours.set("plain", { lingers: 5000 });
    await rig.start();
    const down = rig.kubelet.shutDown();
    await rig.run(4000);
    const ready = rig.api.get(nodeKind, nodeName)?.status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({
      status: "False",
      reason: "KubeletNotReady",
      message: "node is shutting down",
    });
    expect(rig.runtime.running("critical")).toBeDefined();
    rig.put({ name: "late", spec: oneContainer() });
    await rig.run(2000);
    await down;
    for (const name of ["plain", "critical"])
      expect(rig.pod(name)?.status).toMatchObject({
        phase: "Failed",
        reason: "Terminated",
        message: "Pod was terminated in response to imminent node shutdown.",
      });
    expect(rig.pod("late")?.status).toMatchObject({ phase: "Failed", reason: "NodeShutdown" });
    const stops = rig.runtime.calls.filter((call) => call.startsWith("stop "));
    expect(stops).toEqual(["stop plain 20000", "stop critical 10000"]);
    await rig.halt();
  });

  it("gives a pod that ignores its end no more than its stage's time", async () => {
    const rig = new Rig({ config: { shutdownGraces: graces } });
    rig.put({ name: "deaf", spec: oneContainer({ name: "deaf" }, { terminationGracePeriodSeconds: 600 }) });
    rig.runtime.behaviours.set("deaf", { lingers: 1e9 });
    await rig.start();
    const down = rig.kubelet.shutDown();
    await rig.run(21_000);
    await down;
    expect(rig.runtime.running("deaf")).toBeUndefined();
    expect(rig.pod("deaf")?.status?.phase).toBe("Failed");
    await rig.halt();
  });

  it("leaves everything alone where no time is set", async () => {
    const rig = new Rig();
    rig.put({ name: "plain", spec: oneContainer() });
    await rig.start();
    await rig.kubelet.shutDown();
    await rig.run(1000);
    expect(rig.pod("plain")?.status?.phase).toBe("Running");
    await rig.halt();
  });
});
