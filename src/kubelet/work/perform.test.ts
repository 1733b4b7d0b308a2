// Owns the test of a start that a kubelet that is gone had asked for (S.10, V.3).
import { expect, test } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/simulated-runtime.ts";
import { silentLog } from "../../world/log.ts";
import { seededRandom } from "../../world/random.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { containerConfigOf, sandboxConfigOf } from "../containers/container-config.ts";
import { LastWords } from "../containers/last-words.ts";
import { MemoryFiles } from "../memory-files.fixture.ts";
import { performForContainer, type Tools } from "./perform.ts";

test("a container whose start is still under way from before never comes up beside the next attempt", async () => {
  const clock = new VirtualClock();
  const behaviour = () => ({ startTakes: 90_000 });
  const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), behaviour });
  const container = { name: "main", image: "agent:1" };
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "a",
      namespace: "default",
      uid: "1",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { containers: [container] },
  };
  const where = { nodeName: "n1", podLogsDir: "/var/log/pods", hostIp: "10.0.0.1" };
  const sandbox = { id: await runtime.runPodSandbox(sandboxConfigOf(pod, 0, where)), ips: [] };
  const config = containerConfigOf(pod, container, 0, { env: new Map(), mounts: [] });
  const id = await runtime.createContainer(sandbox.id, config);
  const before = runtime.startContainer(id).catch(() => "refused");
  const { signal } = new AbortController();
  const files = new MemoryFiles();
  const lastWords = new LastWords(files, "/var/lib/kubelet");
  // What a start needs of the kubelet's tools.
  const tools = { runtime, clock, log: silentLog, lastWords, files, signal } as unknown as Tools;
  const told: string[] = [];
  const order = { do: "start-container", id } as const;
  await performForContainer(tools, { pod, container, sandbox }, order, ({ is }) => told.push(is));
  expect(told).toEqual(["failed"]);
  await clock.advanceAsync(100_000);
  expect(await before).toBe("refused");
  expect(await runtime.listContainers()).toEqual([]);
});
