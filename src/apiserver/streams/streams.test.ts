// Owns tests of exec, attach and port-forward through the API server: who may, which kubelet is asked what, how its answer is passed on.
import { Duplex, PassThrough } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import type { UpgradeRequest, Upgraded } from "../../world/upgrade-client.ts";
import { ask, fakePipeline, testEdge } from "../http/fakes.fixture.ts";
import { streamHeaders } from "./plan-stream-request.ts";

const podPath = "/api/v1/namespaces/default/pods/p";
const pod = (containers: readonly string[], more: object = {}): object => ({
  metadata: { name: "p", namespace: "default" },
  spec: { nodeName: "n", containers: containers.map((name) => ({ name })), ...more },
});
const reachable = {
  metadata: { name: "n" },
  status: {
    addresses: [{ type: "InternalIP", address: "10.0.0.7" }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
};
const admin = { commonName: "admin", organizations: ["system:masters"] };

/** Two ends of one connection. */
function connection() {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return {
    near: Duplex.from({ writable: there, readable: back }),
    far: Duplex.from({ writable: back, readable: there }),
  };
}

interface Given {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly peer?: { readonly commonName: string; readonly organizations: readonly string[] } | undefined;
  readonly pod?: object;
  readonly answer?: () => Promise<Upgraded>;
}

/** Asks for a switch of protocols, and what comes back. */
function switching(target: string, given: Given = {}) {
  const asked: UpgradeRequest[] = [];
  const scripted = { "/api/v1/nodes/n": reachable, [podPath]: given.pod ?? pod(["a"]) };
  const { edge } = testEdge({
    pipeline: fakePipeline(scripted),
    kubeletStreams: (request) => {
      asked.push(request);
      return given.answer?.() ?? Promise.reject(new Error("connection refused"));
    },
  });
  const { near, far } = connection();
  let text = "";
  near.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  edge.upgrade({
    method: given.method ?? "POST",
    target,
    headers: { connection: "Upgrade", upgrade: "SPDY/3.1", ...given.headers },
    ...("peer" in given ? (given.peer === undefined ? {} : { peer: given.peer }) : { peer: admin }),
    socket: far,
    head: Buffer.from("early "),
  });
  const says = (pattern: RegExp) => vi.waitFor(() => expect(text).toMatch(pattern), { timeout: 10_000 });
  return { asked, near, says };
}

describe("asking the kubelet", () => {
  const at = "https://10.0.0.7:10250";
  it.each([
    [
      "exec?command=ls&command=-l&stdout=true&stderr=true",
      `${at}/exec/default/p/a?output=1&error=1&command=ls&command=-l`,
    ],
    [
      "exec?command=sh&stdin=1&stdout=1&tty=1&container=i",
      `${at}/exec/default/p/i?input=1&output=1&tty=1&command=sh`,
    ],
    ["attach", `${at}/attach/default/p/a?output=1&error=1`],
    ["attach?stdin=true&stderr=false", `${at}/attach/default/p/a?input=1&output=1`],
    ["portforward", `${at}/portForward/default/p`],
    ["portforward?ports=80&ports=443", `${at}/portForward/default/p?port=80&port=443`],
  ])("%s: %s", async (asking, url) => {
    const { asked, says } = switching(`${podPath}/${asking}`, {
      pod: pod(["a"], { initContainers: [{ name: "i" }] }),
    });
    await says(/cannot reach the kubelet at 10\.0\.0\.7:10250: connection refused/);
    expect(asked.map((request) => request.url)).toEqual([url]);
  });

  it("says what the client says of the streams, and nothing of who it is", () => {
    const headers = {
      upgrade: "websocket",
      "sec-websocket-key": "k",
      "x-stream-protocol-version": ["v4.channel.k8s.io", "v3.channel.k8s.io"],
      authorization: "Bearer secret",
      "impersonate-user": "joe",
      cookie: "x",
    };
    expect(streamHeaders(headers)).toEqual({
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "k",
      "x-stream-protocol-version": "v4.channel.k8s.io, v3.channel.k8s.io",
    });
  });
});

describe("refusals", () => {
  it.each([
    ["exec of no such pod", `${podPath}x/exec?command=ls`, {}, /404/],
    [
      "two containers and no name",
      `${podPath}/exec?command=ls`,
      { pod: pod(["a", "b"]) },
      /400[^]*a container name must be specified for pod p, choose one of: \[a b\]/,
    ],
    [
      "no such container",
      `${podPath}/exec?command=ls&container=c`,
      {},
      /400[^]*container c is not valid for pod p/,
    ],
    [
      "a pod on no node",
      `${podPath}/attach`,
      { pod: pod(["a"], { nodeName: undefined }) },
      /400[^]*pod p does not have a host assigned/,
    ],
    ["another method", `${podPath}/exec`, { method: "PUT" }, /405/],
    ["no stream", `${podPath}/log`, { method: "GET" }, /400[^]*only exec, attach and portforward/],
    [
      "a stranger",
      `${podPath}/exec`,
      { peer: { commonName: "joe", organizations: [] } },
      /403[^]*cannot create resource \\"pods\/exec\\"/,
    ],
    [
      "a stranger by WebSocket",
      `${podPath}/portforward`,
      { method: "GET", peer: { commonName: "joe", organizations: [] } },
      /403[^]*cannot get resource \\"pods\/portforward\\"/,
    ],
    [
      "an unknown token",
      `${podPath}/exec`,
      { peer: undefined, headers: { authorization: "Bearer no" } },
      /^HTTP\/1\.1 401 /,
    ],
  ])("%s", async (_name, target, given, wanted) => {
    const { asked, says } = switching(target, given);
    await says(wanted);
    expect(asked).toEqual([]);
  });

  it("the kubelet's own words reach the client", async () => {
    const answer = async (): Promise<Upgraded> => ({
      is: "refused",
      status: 404,
      headers: { "content-type": "text/plain" },
      body: 'container not found ("a")\n',
    });
    const { says } = switching(`${podPath}/exec?command=ls`, { answer });
    await says(/^HTTP\/1\.1 404 [^]*Content-Type: text\/plain[^]*\r\n\r\ncontainer not found \("a"\)\n$/);
  });

  it.each(["GET", "POST"])("%s without a switch is told to ask for one", async (method) => {
    const { edge } = testEdge({ pipeline: fakePipeline() });
    const { status, json } = await ask(edge, `${podPath}/exec?command=ls`, { method });
    expect([status, json["message"]]).toEqual([400, "Upgrade request required"]);
  });
});

describe("joined", () => {
  it("bytes go both ways, those that came early too, and an end is an end", async () => {
    const kubelet = connection();
    const answer = async (): Promise<Upgraded> => ({
      is: "switched",
      rawHeaders: [
        "Upgrade",
        "SPDY/3.1",
        "Connection",
        "Upgrade",
        "X-Stream-Protocol-Version",
        "v4.channel.k8s.io",
      ],
      socket: kubelet.near,
      head: Buffer.from("first "),
    });
    const { near, says } = switching(`${podPath}/exec?command=ls`, { answer });
    let heard = "";
    kubelet.far.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    await says(
      /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: SPDY\/3\.1\r\nConnection: Upgrade\r\nX-Stream-Protocol-Version: v4\.channel\.k8s\.io\r\n\r\nfirst $/,
    );
    near.write("question");
    await vi.waitFor(() => expect(heard).toBe("early question"));
    const ended = new Promise((resolve) => near.once("end", resolve));
    kubelet.far.end("answer");
    await says(/first answer$/);
    await ended;
  });
});
