// Owns tests of the node's server: who may ask, and logs.
import { describe, expect, it } from "vitest";
import { oneContainer, Rig } from "../kubelet-rig.fixture.ts";

const api = "kube-apiserver-kubelet-client";
const logPath = (rig: Rig, name = "main") => rig.runtime.running(name)?.logPath ?? "";
const line = (second: number, text: string) => `2026-01-01T00:00:0${second}.000000000Z stdout F ${text}\n`;

async function withPod(): Promise<Rig> {
  const rig = await new Rig().start();
  rig.put({ name: "a", spec: oneContainer() });
  await rig.run(100);
  return rig;
}

describe("who may ask", () => {
  it.each([
    ["/healthz", undefined, 200],
    ["/pods", undefined, 401],
    // The rig's API server reviews nothing, and without a review nobody else may.
    ["/pods", "system:node:worker-2", 500],
    ["/configz", api, 200],
    ["/exec/default/a/main", api, 400],
    ["/exec/default/a/main", undefined, 401],
    ["/pods", api, 200],
    ["/metrics", undefined, 401],
    ["/metrics", api, 200],
    ["/nonsense", api, 404],
    ["/containerLogs/default/none/main", api, 404],
    ["/containerLogs/default/a/none", api, 404],
    ["/containerLogs/default/a/main?tailLines=x", api, 400],
    ["/containerLogs/default/a/main?previous=true", api, 400],
  ])("%s by %s is answered with %i", async (target, peer, status) => {
    const rig = await withPod();
    expect((await rig.ask(target, peer)).status).toBe(status);
    await rig.halt();
  });
});

describe("/pods and /runningpods", () => {
  it("show the pods as they are known here", async () => {
    const rig = await withPod();
    const pods: unknown = JSON.parse((await rig.ask("/pods", api)).body);
    expect(pods).toMatchObject({
      kind: "PodList",
      items: [{ metadata: { name: "a" }, status: { phase: "Running" } }],
    });
    const running: unknown = JSON.parse((await rig.ask("/runningpods", api)).body);
    expect(running).toMatchObject({
      items: [{ metadata: { name: "a" }, spec: { containers: [{ name: "main" }] } }],
    });
    await rig.halt();
  });
});

describe("/containerLogs", () => {
  it.each([
    ["", "one\ntwo\nthree\n"],
    ["?tailLines=1", "three\n"],
    ["?tailLines=0", ""],
    ["?limitBytes=5", "one\nt"],
    ["?sinceTime=2026-01-01T00:00:03Z", "three\n"],
    ["?tailLines=1&timestamps=true", "2026-01-01T00:00:03.000000000Z three\n"],
  ])("with %s gives %j", async (query, expected) => {
    const rig = await withPod();
    await rig.files.append(logPath(rig), line(1, "one") + line(2, "two") + line(3, "three"));
    expect((await rig.ask(`/containerLogs/default/a/main${query}`, api)).body).toBe(expected);
    await rig.halt();
  });

  it("follows until the container has ended, its last words included, and tells of the one before", async () => {
    const rig = await withPod();
    const path = logPath(rig);
    await rig.files.append(path, line(1, "one"));
    const asked = rig.ask("/containerLogs/default/a/main?follow=true", api);
    await rig.run(100);
    await rig.files.append(path, line(2, "two"));
    await rig.run(100);
    await rig.files.append(path, line(3, "last words"));
    rig.runtime.end(rig.runtime.running("main")?.id ?? "", 1);
    await rig.run(2100);
    expect((await asked).body).toBe("one\ntwo\nlast words\n");
    const before = await rig.ask("/containerLogs/default/a/main?previous=true", api);
    expect(before.body).toBe("one\ntwo\nlast words\n");
    await rig.halt();
  });
});
