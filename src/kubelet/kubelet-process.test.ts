// Owns tests of the kubelet on real processes: run, log, kill, adopt, end.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import { createInformers } from "../client/informer.ts";
import { createClient } from "../client/kube-client.ts";
import type { Pod } from "../model/generated/types.ts";
import { configMap as configMapKind } from "../model/kinds/config-map.ts";
import { pod as podKind } from "../model/kinds/pod.ts";
import { createProcessRuntime } from "../runtime/process/process-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { silentLog } from "../world/log.ts";
import { realRandom } from "../world/random.ts";
import { realClock } from "../world/real-clock.ts";
import { realGrpcHealth } from "../world/real-grpc-health.ts";
import { realDial } from "../world/real-dial.ts";
import { realFiles } from "../world/real-files.ts";
import { realNetwork } from "../world/real-network.ts";
import { realProcesses } from "../world/real-processes.ts";
import { createKubelet, type Kubelet } from "./kubelet.ts";

let folder: string;
let api: FakeApi;
let runtime: Runtime;
let kubelet: Kubelet;
let ends: (() => Promise<void>)[];

async function startKubelet(): Promise<void> {
  const world = { files: realFiles, clock: realClock, random: realRandom, log: silentLog };
  const made = await createProcessRuntime({
    ...world,
    folder: join(folder, "runtime"),
    processes: realProcesses,
  });
  const informers = createInformers({ transport: api.transport, ...world });
  const node = createKubelet({
    ...world,
    nodeName: "real",
    client: createClient(api.transport),
    informers,
    runtime: made,
    network: realNetwork,
    dial: realDial,
    grpcHealth: realGrpcHealth,
    config: {
      rootDir: folder,
      podLogsDir: join(folder, "logs"),
      nodeIp: "127.0.0.1",
      port: 0,
      capacity: { cpu: "2", memory: "4Gi" },
    },
  });
  await node.start();
  runtime = made;
  kubelet = node;
  ends = [
    async () => {
      await node.stop();
      informers.stop();
      await made.close();
    },
  ];
}
const stopKubelet = async () => {
  for (const end of ends) await end();
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everynode-kubelet-"));
  api = createFakeApi(realClock);
  await startKubelet();
});
afterEach(async () => {
  for (const { id } of await runtime.listContainers()) await runtime.stopContainer(id, 0);
  await stopKubelet();
  await rm(folder, { recursive: true, force: true });
});

const podNow = (): Pod | undefined => api.get(podKind, "default/a");
const containerNow = () => podNow()?.status?.containerStatuses?.[0];
const running = async () => (await runtime.listContainers()).filter(({ state }) => state === "running");
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

function put(script: string, more: Partial<NonNullable<Pod["spec"]>> = {}): void {
  api.put(podKind, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default" },
    spec: {
      nodeName: "real",
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 2,
      ...more,
      containers: [{ name: "main", image: "host", command: ["sh", "-c", script], ...more.containers?.[0] }],
    },
  });
}

describe("a pod of real processes", () => {
  it("runs, is restarted after kill -9, is adopted by the next kubelet and ends with its pod", async () => {
    put("echo begun; exec sleep 300");
    await until(() => expect(podNow()?.status?.phase).toBe("Running"));
    const [first] = await running();
    realProcesses.signal(first?.pid ?? 0, "SIGKILL");
    await until(() =>
      expect(containerNow()).toMatchObject({
        restartCount: 1,
        state: { running: {} },
        lastState: { terminated: { exitCode: 137 } },
      }),
    );
    const [second] = await running();
    await stopKubelet();
    await startKubelet();
    await until(() => expect(kubelet.registered).resolves.toBeUndefined());
    expect((await running()).map(({ pid }) => pid)).toEqual([second?.pid]);
    expect(containerNow()?.restartCount).toBe(1);
    await createClient(api.transport).of(podKind).delete({ name: "a", namespace: "default" });
    await until(() => expect(podNow()).toBeUndefined());
    expect(await runtime.listContainers()).toEqual([]);
    expect((await realFiles.list(join(folder, "pods"))) ?? []).toEqual([]);
    expect(await realFiles.list(join(folder, "logs"))).toEqual([]);
  });

  it("sees its ConfigMap in the environment and writes what it says to its log", async () => {
    const data = { greeting: "good morning" };
    api.put(configMapKind, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "words", namespace: "default" },
      data,
    });
    const env = [{ name: "GREETING", valueFrom: { configMapKeyRef: { name: "words", key: "greeting" } } }];
    put('echo "$GREETING from $0"; sleep 300', {
      containers: [{ name: "main", image: "host", env, args: ["$(GREETING)"] }],
    });
    await until(async () => {
      const [container] = await running();
      const log = container === undefined ? undefined : await realFiles.readText(container.logPath);
      expect(log).toMatch(/ stdout F good morning from good morning\n$/);
    });
  });

  it("names the command that is missing", async () => {
    put("", { containers: [{ name: "main", image: "host", command: ["/no/such/agent"] }] });
    await until(() => expect(containerNow()?.state?.waiting?.reason).toBe("RunContainerError"));
    expect(containerNow()?.state?.waiting?.message).toContain("/no/such/agent");
  });
});
