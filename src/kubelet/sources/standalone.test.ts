// Owns tests of a kubelet with a source beside the API, and with none at all (S.5, S.6).
import { expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { oneContainer, Rig } from "../kubelet-rig.fixture.ts";
import type { PodSource, SourceTold } from "./source.ts";

const staticPod = (name: string, uid: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "default",
    uid,
    resourceVersion: "",
    creationTimestamp: "",
    annotations: { "kubernetes.io/config.source": "file" },
  },
  spec: oneContainer({ name }),
});

function folder(): { source: PodSource; door: () => SourceTold } {
  let told: SourceTold | undefined;
  return {
    source: {
      name: "file",
      start: (door) => {
        told = door;
        return () => undefined;
      },
    },
    door: () => {
      if (told === undefined) throw new Error("the source is not started");
      return told;
    },
  };
}

it("runs, restarts and replaces pods with no API server anywhere", async () => {
  const { source, door } = folder();
  const rig = await new Rig({ inCluster: false, sources: [source] }).start();
  door().replace([staticPod("proxy", "u1")]);
  door().ready();
  await rig.run(100);
  rig.runtime.end(rig.runtime.running("proxy")?.id ?? "", 1);
  await rig.run(100);
  expect(rig.runtime.running("proxy")?.attempt).toBe(1);
  const shown: unknown = JSON.parse((await rig.ask("/pods", "kube-apiserver")).body);
  expect(shown).toMatchObject({
    items: [{ status: { phase: "Running", containerStatuses: [{ restartCount: 1 }] } }],
  });
  // The file changed: the old pod ends before the new one of its name begins.
  door().replace([staticPod("proxy", "u2")]);
  await rig.run(100);
  expect(Array.from(rig.runtime.sandboxes.values(), ({ config }) => config.pod.uid)).toEqual(["u2"]);
  expect([rig.runtime.mostAtOnce, rig.api.requests]).toEqual([1, []]);
  door().replace([]);
  await rig.run(100);
  expect(rig.runtime.containers.size).toBe(0);
  await rig.halt();
});

it("runs the folder's pods beside the API's, and without waiting for an API server that is away", async () => {
  const { source, door } = folder();
  const rig = new Rig({ sources: [source] });
  rig.api.intercept = () => "drop";
  await rig.start();
  door().replace([staticPod("proxy", "u1")]);
  door().ready();
  await rig.run(1000);
  expect(rig.runtime.running("proxy")).toBeDefined();
  rig.api.intercept = undefined;
  rig.put({ name: "a", spec: oneContainer() });
  await rig.run(60_000);
  expect(rig.pod("a")?.status?.phase).toBe("Running");
  expect(rig.runtime.running("proxy")).toBeDefined();
  await rig.halt();
});
