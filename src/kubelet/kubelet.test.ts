// Owns tests of the whole kubelet on a virtual clock: a pod's way from the API to the runtime and back.
import { describe, expect, it } from "vitest";
import type { Pod } from "../model/generated/types.ts";
import { configMap as configMapKind } from "../model/kinds/config-map.ts";
import { lease as leaseKind } from "../model/kinds/lease.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { nodeName, oneContainer, Rig } from "./kubelet-rig.fixture.ts";

const conditionsOf = (rig: Rig, name: string) =>
  Object.fromEntries((rig.pod(name)?.status?.conditions ?? []).map(({ type, status }) => [type, status]));

describe("the node", () => {
  it("registers with labels, addresses, capacity, endpoint and runs a lease owned by it (K.4)", async () => {
    const rig = await new Rig({
      config: { labels: { zone: "a" }, taints: [{ key: "x", effect: "NoSchedule" }] },
    }).start();
    const node = rig.api.get(nodeKind, nodeName);
    expect(node?.metadata.labels).toMatchObject({
      "kubernetes.io/hostname": nodeName,
      "kubernetes.io/os": "linux",
      zone: "a",
    });
    expect(node?.spec?.taints).toEqual([{ key: "x", effect: "NoSchedule" }]);
    expect(node?.status).toMatchObject({
      addresses: [
        { type: "InternalIP", address: "127.0.0.1" },
        { type: "Hostname", address: nodeName },
      ],
      capacity: { cpu: "2", memory: "4Gi", pods: "110" },
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { containerRuntimeVersion: "fake://1.0", operatingSystem: "linux" },
    });
    expect(node?.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
    const first = rig.api.get(leaseKind, `kube-node-lease/${nodeName}`);
    expect(first?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Node", uid: node?.metadata.uid });
    await rig.run(10_000);
    const second = rig.api.get(leaseKind, `kube-node-lease/${nodeName}`);
    expect(second?.spec?.renewTime).not.toBe(first?.spec?.renewTime);
    await rig.halt();
  });

  it("tells a runtime that fails as NotReady at the next heartbeat, and writes an unchanged status only every 5 min (K.4)", async () => {
    const rig = await new Rig().start();
    const versionOf = () => rig.api.get(nodeKind, nodeName)?.metadata.resourceVersion;
    const before = versionOf();
    await rig.run(120_000);
    expect(versionOf()).toBe(before);
    await rig.run(190_000);
    expect(versionOf()).not.toBe(before);
    rig.runtime.healthy = { reason: "RuntimeDown", message: "no socket" };
    await rig.run(11_000);
    const ready = rig.api.get(nodeKind, nodeName)?.status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({
      status: "False",
      reason: "KubeletNotReady",
      message: "RuntimeDown: no socket",
    });
    await rig.halt();
  });

  it("is not put back after someone deletes it, and its pods end when they are removed (D.18)", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    expect(rig.runtime.running("main")).toBeDefined();
    rig.api.remove(nodeKind, nodeName);
    await rig.delete("a", 0);
    await rig.run(60_000);
    expect(rig.runtime.containers.size).toBe(0);
    expect(rig.api.get(nodeKind, nodeName)).toBeUndefined();
    await rig.halt();
  });
});

describe("a pod", () => {
  it("runs, is told of, and leaves nothing behind when it is deleted (K.2)", async () => {
    const rig = await new Rig().start();
    rig.put({
      name: "a",
      spec: oneContainer({ args: ["$(GREETING)"], env: [{ name: "GREETING", value: "hello" }] }),
    });
    await rig.run(100);
    const running = rig.runtime.running("main");
    expect(rig.runtime.configOf(running?.id ?? "")).toMatchObject({
      args: ["hello"],
      labels: { "io.kubernetes.pod.name": "a" },
    });
    expect(rig.pod("a")?.status).toMatchObject({
      phase: "Running",
      podIP: "127.0.0.9",
      hostIP: "127.0.0.1",
      qosClass: "BestEffort",
      containerStatuses: [
        {
          name: "main",
          ready: true,
          started: true,
          restartCount: 0,
          containerID: `fake://${running?.id}`,
          state: { running: {} },
        },
      ],
    });
    expect(conditionsOf(rig, "a")).toEqual({
      PodReadyToStartContainers: "True",
      Initialized: "True",
      Ready: "True",
      ContainersReady: "True",
      PodScheduled: "True",
    });
    await rig.delete("a");
    await rig.run(100);
    expect(rig.pod("a")).toBeUndefined();
    expect([rig.runtime.containers.size, rig.runtime.sandboxes.size]).toEqual([0, 0]);
    expect(rig.events.map((event) => event.split(" ")[1])).toEqual([
      "Pulling",
      "Pulled",
      "Created",
      "Started",
      "Killing",
    ]);
    await rig.halt();
  });

  it.each([
    ["to run for ever: nobody waits for how", "Always", []],
    ["to end: whoever waits for the result is told first", "Never", ["Succeeded"]],
  ] as const)("that is deleted and was %s (K.2)", async (_what, restartPolicy, told) => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer({}, { restartPolicy }) });
    await rig.run(100);
    const before = rig.api.requests.length;
    await rig.delete("a");
    await rig.run(100);
    expect(rig.pod("a")).toBeUndefined();
    const since = rig.api.requests.slice(before).filter(({ path }) => path.endsWith("/pods/a/status"));
    expect(since.map(({ body }) => (body as Pod).status?.phase)).toEqual(told);
    await rig.halt();
  });

  it("restarts a killed container at once, then with back-off, counting (S.4)", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 137);
    await rig.run(100);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { running: {} },
      lastState: { terminated: { exitCode: 137, reason: "Error" } },
    });
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 1);
    await rig.run(5000);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      state: { waiting: { reason: "CrashLoopBackOff" } },
    });
    await rig.run(6000);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 2,
      state: { running: {} },
    });
    expect(rig.runtime.mostAtOnce).toBe(1);
    await rig.halt();
  });

  it("says which command is missing and tries again ever less often", async () => {
    const rig = await new Rig().start();
    rig.runtime.behaviours.set("main", { startRefusal: 'exec: "agnet": executable file not found in $PATH' });
    rig.put({ name: "a", spec: oneContainer({ command: ["agnet"] }) });
    await rig.run(5000);
    expect(rig.pod("a")?.status).toMatchObject({
      phase: "Running",
      containerStatuses: [
        {
          state: {
            waiting: {
              reason: "RunContainerError",
              message: 'exec: "agnet": executable file not found in $PATH',
            },
          },
          lastState: { terminated: { exitCode: 128, reason: "StartError" } },
        },
      ],
    });
    expect(rig.events).toContain(
      'Warning Failed a: Error: exec: "agnet": executable file not found in $PATH',
    );
    const triesBefore = rig.runtime.calls.filter((call) => call.startsWith("create")).length;
    await rig.run(60_000);
    const tries = rig.runtime.calls.filter((call) => call.startsWith("create")).length;
    expect([triesBefore, tries]).toEqual([2, 4]);
    await rig.halt();
  });

  it("waits for a ConfigMap that is missing, and starts when it is there (K.3)", async () => {
    const rig = await new Rig().start();
    const env = [{ name: "LEVEL", valueFrom: { configMapKeyRef: { name: "settings", key: "level" } } }];
    rig.put({ name: "a", spec: oneContainer({ env }) });
    await rig.run(500);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message: 'configmap "settings" not found',
    });
    rig.api.put(configMapKind, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "default" },
      data: { level: "debug" },
    });
    await rig.run(10_000);
    const running = rig.runtime.running("main");
    expect(rig.runtime.configOf(running?.id ?? "").env).toEqual([{ name: "LEVEL", value: "debug" }]);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    await rig.halt();
  });

  it("gets its grace period and not more, preStop first", async () => {
    const rig = await new Rig().start();
    rig.runtime.behaviours.set("main", { lingers: 60_000 });
    const lifecycle = { preStop: { exec: { command: ["bye"] } } };
    rig.put({ name: "a", spec: oneContainer({ lifecycle }, { terminationGracePeriodSeconds: 20 }) });
    await rig.run(100);
    await rig.delete("a", 20);
    await rig.run(19_000);
    expect(rig.runtime.calls).toContain("exec main bye");
    expect(rig.runtime.running("main")).toBeDefined();
    await rig.run(1500);
    expect(rig.pod("a")).toBeUndefined();
    await rig.halt();
  });

  it("of the same name as one that is still ending waits for it to be gone", async () => {
    const rig = await new Rig().start();
    rig.runtime.behaviours.set("main", { lingers: 10_000 });
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    await rig.delete("a", 0);
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(5000);
    expect(Array.from(rig.runtime.sandboxes.keys())).toHaveLength(1);
    await rig.run(6000);
    expect(rig.pod("a")?.status?.phase).toBe("Running");
    expect(rig.runtime.mostAtOnce).toBe(1);
    await rig.halt();
  });

  it.each([
    {
      name: "a selector that the node doesn't meet",
      spec: { nodeSelector: { disk: "ssd" } },
      reason: "NodeAffinity",
    },
    {
      name: "more cpu than there is",
      spec: { containers: [{ name: "main", resources: { requests: { cpu: "3" } } }] },
      reason: "OutOfcpu",
    },
    {
      name: "a feature the kubelet lacks",
      spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "x" } }] },
      reason: "UnsupportedPodFeature",
    },
  ])("with $name is refused as $reason", async ({ spec, reason }) => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: { ...oneContainer(), ...spec } });
    await rig.run(100);
    expect(rig.pod("a")?.status).toMatchObject({ phase: "Failed", reason });
    expect(rig.events[0]).toContain(`Warning ${reason} a: `);
    expect(rig.runtime.calls).toEqual([]);
    await rig.delete("a", 0);
    await rig.run(100);
    expect(rig.pod("a")).toBeUndefined();
    await rig.halt();
  });
});

describe("a kubelet that starts again (D.7, V.3, S.10)", () => {
  it("adopts what runs, keeps restart counts, and starts nothing twice", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 1);
    await rig.run(100);
    const before = rig.runtime.running("main")?.id;
    const version = rig.pod("a")?.metadata.resourceVersion;
    await rig.restart();
    expect(rig.runtime.running("main")?.id).toBe(before);
    expect(rig.pod("a")?.metadata.resourceVersion).toBe(version);
    await rig.run(60_000);
    expect(rig.runtime.calls.filter((call) => call.startsWith("start"))).toEqual([
      "start main/0",
      "start main/1",
    ]);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]?.restartCount).toBe(1);
    await rig.halt();
  });

  it("restarts what died meanwhile and ends what was deleted meanwhile", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer({ name: "first" }) });
    rig.put({ name: "b", spec: oneContainer({ name: "second" }) });
    await rig.run(100);
    await rig.restart(() => {
      rig.runtime.end(rig.runtime.running("first")?.id ?? "", 1);
      rig.api.remove(podKind, "default/b");
    });
    await rig.run(40_000);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { running: {} },
    });
    expect(rig.runtime.running("second")).toBeUndefined();
    expect(rig.runtime.sandboxes.size).toBe(1);
    await rig.halt();
  });

  it("removes nothing while a source has not spoken", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    await rig.restart(() => {
      rig.api.intercept = (request) => (request.path.includes("pods") ? "drop" : undefined);
    });
    await rig.run(120_000);
    expect(rig.runtime.running("main")).toBeDefined();
    rig.api.intercept = undefined;
    await rig.run(60_000);
    expect(rig.runtime.calls.filter((call) => call.startsWith("start"))).toEqual(["start main/0"]);
    await rig.halt();
  });

  it("finds by listing what no event told", async () => {
    const rig = await new Rig().start();
    rig.put({ name: "a", spec: oneContainer() });
    await rig.run(100);
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 1, false);
    await rig.run(31_000);
    expect(rig.pod("a")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { running: {} },
    });
    await rig.halt();
  });
});
