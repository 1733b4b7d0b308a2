// Owns the proof that a log is asked of the right kubelet, and of none where it can't be.
import { describe, expect, it } from "vitest";
import { ask, fakeKubelets, fakePipeline, testEdge } from "../http/fakes.fixture.ts";

const podPath = "/api/v1/namespaces/default/pods/p";
const pod = (containers: readonly string[], more: object = {}): object => ({
  metadata: { name: "p", namespace: "default" },
  spec: { nodeName: "n", containers: containers.map((name) => ({ name })), ...more },
});
const node = (status: object): object => ({ metadata: { name: "n" }, status });
const reachable = {
  addresses: [
    { type: "Hostname", address: "n.local" },
    { type: "InternalIP", address: "10.0.0.7" },
  ],
  daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
};

function world(
  podObject: object | undefined,
  status: object = reachable,
  respond: Parameters<typeof fakeKubelets>[0] = () => ({ bytes: ["one\n", "two\n"] }),
) {
  const kubelets = fakeKubelets(respond);
  const scripted = {
    "/api/v1/nodes/n": node(status),
    ...(podObject === undefined ? {} : { [podPath]: podObject }),
  };
  return { ...testEdge({ kubelets, pipeline: fakePipeline(scripted) }), kubelets };
}

describe("asking the kubelet", () => {
  it.each([
    ["", "https://10.0.0.7:10250/containerLogs/default/p/a"],
    [
      "?container=a&follow=true&tailLines=5&pretty=1",
      "https://10.0.0.7:10250/containerLogs/default/p/a?follow=true&tailLines=5",
    ],
    ["?container=i", "https://10.0.0.7:10250/containerLogs/default/p/i"],
    [
      "?sinceTime=2026-01-01T00%3A00%3A00Z",
      "https://10.0.0.7:10250/containerLogs/default/p/a?sinceTime=2026-01-01T00%3A00%3A00Z",
    ],
  ])("log%s: %s", async (query, url) => {
    const { edge, kubelets } = world(pod(["a"], { initContainers: [{ name: "i" }] }));
    const answer = await ask(edge, `${podPath}/log${query}`);
    expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([
      200,
      "text/plain",
      "one\ntwo\n",
    ]);
    expect(kubelets.asked.map((asked) => asked.url)).toEqual([url]);
  });

  it.each([
    [{ ...reachable, addresses: [{ type: "InternalIP", address: "::1" }] }, "https://[::1]:10250/"],
    [{ ...reachable, addresses: [{ type: "Hostname", address: "n.local" }] }, "https://n.local:10250/"],
  ])("finds the address in %j", async (status, origin) => {
    const { edge, kubelets } = world(pod(["a"]), status);
    await ask(edge, `${podPath}/log`);
    expect(kubelets.asked[0]?.url.startsWith(origin)).toBe(true);
  });

  it("has nothing to say of a pod on no node yet", async () => {
    const { edge, kubelets } = world(pod(["a"], { nodeName: undefined }));
    const answer = await ask(edge, `${podPath}/log`);
    expect([answer.status, answer.text, kubelets.asked.length]).toEqual([200, "", 0]);
  });

  it("lets those read who may not read the pod itself, and none who may not read logs", async () => {
    const { edge } = world(pod(["a"]));
    const peer = { commonName: "jane", organizations: [] };
    const answer = await ask(edge, `${podPath}/log`, { peer });
    expect(answer.json).toMatchObject({
      code: 403,
      message:
        'pods "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
    });
  });
});

describe("refusals", () => {
  const rows: readonly {
    name: string;
    world: () => ReturnType<typeof world>;
    query?: string;
    code: number;
    words: string;
  }[] = [
    { name: "no such pod", world: () => world(undefined), code: 404, words: "not found" },
    {
      name: "which container",
      world: () => world(pod(["a", "b"])),
      code: 400,
      words: "a container name must be specified for pod p, choose one of: [a b]",
    },
    {
      name: "which container, with init ones",
      world: () => world(pod(["a", "b"], { initContainers: [{ name: "i" }, { name: "j" }] })),
      code: 400,
      words: "choose one of: [a b] or one of the init containers: [i j]",
    },
    {
      name: "no such container",
      world: () => world(pod(["a"])),
      query: "?container=z",
      code: 400,
      words: "container z is not valid for pod p",
    },
    {
      name: "a bad option",
      world: () => world(pod(["a"])),
      query: "?tailLines=-1",
      code: 422,
      words: 'tailLines: Invalid value: "-1": must be greater than or equal to 0',
    },
    {
      name: "a node that tells no address",
      world: () => world(pod(["a"]), {}),
      code: 400,
      words: "node n has not told where its kubelet listens",
    },
    {
      name: "the kubelet's refusal, in its words",
      world: () =>
        world(pod(["a"]), reachable, () => ({
          status: 400,
          bytes: ['container "a" in pod "p" is waiting to start: ContainerCreating\n'],
        })),
      code: 400,
      words: 'container "a" in pod "p" is waiting to start: ContainerCreating',
    },
    {
      name: "a kubelet out of reach",
      world: () =>
        world(pod(["a"]), reachable, () => {
          throw new Error("connect ECONNREFUSED");
        }),
      code: 500,
      words:
        "cannot reach the kubelet at https://10.0.0.7:10250/containerLogs/default/p/a: connect ECONNREFUSED",
    },
  ];
  it.each(rows)("$name", async ({ world, query, code, words }) => {
    const answer = await ask(world().edge, `${podPath}/log${query ?? ""}`);
    expect(answer.json).toMatchObject({ kind: "Status", code });
    expect(answer.json["message"]).toContain(words);
  });

  it("keeps what came before the kubelet broke off", async () => {
    const chunks = (async function* () {
      yield new TextEncoder().encode("half");
      throw new Error("reset");
    })();
    const { edge } = world(pod(["a"]), reachable, () => ({ chunks }));
    expect((await ask(edge, `${podPath}/log?follow=true`)).text).toBe("half");
  });
});
