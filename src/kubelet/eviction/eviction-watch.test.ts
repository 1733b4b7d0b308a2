// Owns the proof that a node short of something says so, takes less, and lets go of pods one by one.
import { describe, expect, it } from "vitest";
import type { PodSpec } from "../../model/generated/types.ts";
import { evictionSettings } from "../../model/kubelet-configuration/eviction-settings.ts";
import { node as nodeKind } from "../../model/kinds/node.ts";
import { nodeName, oneContainer, Rig } from "../kubelet-rig.fixture.ts";

const gi = 1024 * 1024;
const meminfo = (availableMi: number) => `MemTotal: ${4 * gi} kB\nMemAvailable: ${availableMi * 1024} kB\n`;

async function rigOf(pods: Readonly<Record<string, PodSpec>>): Promise<Rig> {
  const rig = new Rig({
    config: { eviction: evictionSettings({ evictionPressureTransitionPeriod: 60_000 }) },
  });
  await rig.files.writeText("/proc/meminfo", meminfo(2000));
  await rig.files.writeText("/proc/loadavg", "0 0 0 1/200 3");
  await rig.files.writeText("/proc/sys/kernel/pid_max", "32768");
  for (const [name, spec] of Object.entries(pods)) rig.put({ name, spec });
  return rig.start();
}
const named = (name: string, spec: Partial<PodSpec> = {}) => oneContainer({ name }, spec);
const conditionOf = (rig: Rig, type: string) =>
  rig.api.get(nodeKind, nodeName)?.status?.conditions?.find((one) => one.type === type);
const phases = (rig: Rig, ...names: string[]) => names.map((name) => rig.pod(name)?.status?.phase);

describe("a node short of memory", () => {
  it("says so, evicts the worst pod, then the next if that didn't help, and is well again after a while", async () => {
    const rig = await rigOf({
      small: named("small"),
      big: named("big"),
      critical: named("critical", { priority: 2_000_000_000 }),
    });
    rig.runtime.memory.set("small", 10 * gi);
    rig.runtime.memory.set("big", 500 * gi);
    rig.runtime.memory.set("critical", 900 * gi);
    expect(conditionOf(rig, "MemoryPressure")?.status).toBe("False");
    await rig.files.writeText("/proc/meminfo", meminfo(50));
    await rig.run(10_000);
    expect(conditionOf(rig, "MemoryPressure")).toMatchObject({
      status: "True",
      reason: "KubeletHasInsufficientMemory",
    });
    expect(phases(rig, "small", "big", "critical")).toEqual(["Running", "Failed", "Running"]);
    expect(rig.pod("big")?.status).toMatchObject({ phase: "Failed", reason: "Evicted" });
    expect(rig.pod("big")?.status?.message).toMatch(
      /^The node was low on resource: memory\. Threshold quantity: 102400Ki/,
    );
    expect(rig.pod("big")?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }),
    );
    expect(rig.events.join("\n")).toMatch(
      /Warning EvictionThresholdMet worker-1: Attempting to reclaim memory/,
    );
    await rig.run(10_000);
    expect(phases(rig, "small", "critical")).toEqual(["Failed", "Running"]);
    await rig.run(60_000);
    expect(phases(rig, "critical")).toEqual(["Running"]);
    await rig.files.writeText("/proc/meminfo", meminfo(2000));
    await rig.run(50_000);
    expect(conditionOf(rig, "MemoryPressure")?.status).toBe("True");
    await rig.run(20_000);
    expect(conditionOf(rig, "MemoryPressure")?.status).toBe("False");
    await rig.halt();
  });

  it("takes no pod that asks for no memory, and one that does", async () => {
    const rig = await rigOf({});
    await rig.files.writeText("/proc/meminfo", meminfo(50));
    await rig.run(10_000);
    rig.put({ name: "asks-none", spec: named("a") });
    rig.put({ name: "asks", spec: oneContainer({ resources: { requests: { memory: "1Mi" } } }) });
    rig.put({
      name: "daemon",
      spec: named("b", { tolerations: [{ key: "node.kubernetes.io/memory-pressure", operator: "Exists" }] }),
    });
    await rig.run(100);
    expect(rig.pod("asks-none")?.status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: "Pod was rejected: The node had condition: [MemoryPressure]. ",
    });
    expect(phases(rig, "asks", "daemon")).toEqual(["Running", "Running"]);
    await rig.halt();
  });
});

describe("a node short of disk", () => {
  it("frees the remains of ended containers first, then evicts who wrote most", async () => {
    const emptyDir = { volumes: [{ name: "v", emptyDir: {} }] };
    const rig = await rigOf({ writer: named("writer", emptyDir), other: named("other", emptyDir) });
    const uid = rig.pod("writer")?.metadata.uid ?? "";
    await rig.files.append(`/root/pods/${uid}/volumes/kubernetes.io~empty-dir/v/f`, "x".repeat(1000));
    const first = rig.runtime.running("other");
    rig.runtime.end(first?.id ?? "", 1);
    await rig.run(100);
    rig.files.disk = { ...rig.files.disk, available: 1e9 };
    await rig.run(10_000);
    expect(conditionOf(rig, "DiskPressure")).toMatchObject({
      status: "True",
      reason: "KubeletHasDiskPressure",
    });
    expect(phases(rig, "writer", "other")).toEqual(["Running", "Running"]);
    expect(await rig.runtime.containerStatus(first?.id ?? "")).toBe("absent");
    await rig.run(10_000);
    expect(phases(rig, "writer", "other")).toEqual(["Failed", "Running"]);
    await rig.halt();
  });

  it("a pod that writes more into an emptyDir than its size limit goes, with disk enough", async () => {
    const rig = await rigOf({
      a: named("a", { volumes: [{ name: "v", emptyDir: { sizeLimit: "100" } }] }),
    });
    const file = `/root/pods/${rig.pod("a")?.metadata.uid ?? ""}/volumes/kubernetes.io~empty-dir/v/f`;
    await rig.files.append(file, "x".repeat(100));
    await rig.run(10_000);
    expect(phases(rig, "a")).toEqual(["Running"]);
    await rig.files.append(file, "x");
    await rig.run(10_000);
    expect(rig.pod("a")?.status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: 'Usage of EmptyDir volume "v" exceeds the limit "100". ',
    });
    await rig.halt();
  });
});
