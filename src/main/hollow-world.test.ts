// Owns the proof that hollow nodes share a port without hearing each other's requests, and keep no files.
import { describe, expect, it } from "vitest";
import type { Files } from "../world/files.ts";
import type { Exchange, HttpServerOptions, Network } from "../world/http.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { hollowFiles, openSharedPort, podKeyOfTarget, slottedClock } from "./hollow-world.ts";

function fakeNetwork() {
  let served: HttpServerOptions | undefined;
  let closed = false;
  const network: Network = {
    client: () => {
      throw new Error("no client is needed");
    },
    serve: async (options) => {
      served = options;
      return { host: options.host, port: 4711, close: async () => void (closed = true) };
    },
  };
  const ask = (target: string): string => {
    let answered = "";
    const exchange = { target, respond: (status: number) => (answered = String(status)) };
    // The shared port reads nothing else of an exchange.
    served?.handle(exchange as unknown as Exchange);
    return answered;
  };
  return { network, ask, isClosed: () => closed };
}

describe("a shared port", () => {
  it("leads a request to the node its path tells, and only while that node serves", async () => {
    const { network, ask, isClosed } = fakeNetwork();
    const places: Record<string, string> = { "default/a": "n1", "default/b": "n2" };
    const shared = await openSharedPort(
      network,
      { host: "127.0.0.1", port: 0 },
      (target) => places[podKeyOfTarget(target) ?? ""],
    );
    const heard: string[] = [];
    const serve = (node: string) =>
      shared.networkFor(node).serve({
        host: "127.0.0.1",
        port: 0,
        handle: ({ target }) => heard.push(`${node} ${target}`),
      });
    const [first] = await Promise.all([serve("n1"), serve("n2")]);
    expect([first.port, shared.port]).toEqual([4711, 4711]);
    ask("/containerLogs/default/a/main?follow=true");
    ask("/containerLogs/default/b/main");
    expect(heard).toEqual([
      "n1 /containerLogs/default/a/main?follow=true",
      "n2 /containerLogs/default/b/main",
    ]);
    expect(ask("/containerLogs/default/c/main")).toBe("404");
    expect(ask("/healthz")).toBe("200");
    await first.close();
    expect(ask("/containerLogs/default/a/main")).toBe("404");
    expect(isClosed()).toBe(false);
    await shared.close();
    expect(isClosed()).toBe(true);
  });

  it.each([
    ["/containerLogs/ns/pod/c?tailLines=1", "ns/pod"],
    ["/containerLogs/ns", undefined],
    ["/exec/ns/pod/c?command=ls", "ns/pod"],
    ["/portForward/ns/pod", "ns/pod"],
    ["/pods", undefined],
  ])("reads %s as the pod %s", (target, key) => {
    expect(podKeyOfTarget(target)).toBe(key);
  });
});

it("hollow files read the machine's and never write to it", async () => {
  const touched: string[] = [];
  // Every verb notes its name: the proof is which names never come.
  const real = new Proxy({} as Files, {
    get: (_, verb) => async () => {
      touched.push(String(verb));
      return undefined;
    },
  });
  const files = hollowFiles(real, ["/var/lib/own"]);
  await files.facts("/var/log");
  await files.readText("/etc/hostname");
  await files.writeText("/x", "y");
  await files.append("/x", "y");
  await files.makeFolder("/x");
  await files.link("/x", "/y");
  await files.rename("/x", "/y");
  await files.remove("/");
  expect(touched).toEqual(["facts", "readText"]);
});

it("hollow files have nothing in the node's own folders, and don't look there", async () => {
  const real = new Proxy({} as Files, {
    get: (_, verb) => async (path: string) => `${String(verb)} ${path}`,
  });
  const files = hollowFiles(real, ["/var/lib/own", "/var/log/pods"]);
  const { facts, list, readBytes, readText, usage } = files;
  for (const path of ["/var/lib/own", "/var/lib/own/pods/uid/containers/a/0", "/var/log/pods/default_a_uid"])
    expect(
      await Promise.all([facts(path), list(path), readText(path), readBytes(path, 0, 1), usage(path)]),
    ).toEqual([undefined, undefined, undefined, undefined, { bytes: 0, inodes: 0 }]);
  expect(await facts("/var/lib/owner")).toBe("facts /var/lib/owner");
  expect(await files.space("/var/lib/own")).toBe("space /var/lib/own");
});

it.each([
  { name: "short delays are kept", delay: 1000, at: 1100 },
  { name: "long ones end at the turn of a slot", delay: 9_990, at: 10_000 },
  { name: "and never late", delay: 10_149, at: 10_000 },
  { name: "at the turn itself on time", delay: 9_900, at: 10_000 },
])("a clock in slots: $name", ({ delay, at }) => {
  const clock = new VirtualClock(100);
  const ended: number[] = [];
  slottedClock(clock).after(delay, () => ended.push(clock.now()));
  const cancel = slottedClock(clock).after(delay, () => ended.push(-1));
  cancel();
  clock.advance(20_000);
  expect(ended).toEqual([at]);
});
