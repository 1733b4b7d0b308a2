// Owns the walk of a kind whose versions differ: stored in one, asked for in the other, converted by a webhook that may fail.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate } from "../../src/world/certificates.ts";
import { realClock } from "../../src/world/real-clock.ts";
import { Cluster, eventually, kubectls, withModernKubectl, type Ran } from "./harness.ts";

const definition = (url: string, caBundle: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: peers.hook.example.com }
spec:
  group: hook.example.com
  scope: Namespaced
  names: { plural: peers, singular: peer, kind: Peer }
  conversion:
    strategy: Webhook
    webhook: { conversionReviewVersions: [v1], clientConfig: { url: "${url}", caBundle: ${caBundle} } }
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns: [{ name: Host, type: string, jsonPath: .spec.host }]
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { host: { type: string }, port: { type: integer, maximum: 65535 } } } } } }
    - name: v2
      served: true
      storage: false
      subresources: { status: {} }
      additionalPrinterColumns: [{ name: Address, type: string, jsonPath: .spec.address }]
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { address: { type: string, pattern: "^[a-z]+:[0-9]+$" } } }, status: { type: object, x-kubernetes-preserve-unknown-fields: true } } } }
`;

const peer = (version: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: `hook.example.com/${version}`, kind: "Peer", metadata: { name }, spec });

const newest = withModernKubectl();
const oldest = kubectls().find((path) => path.endsWith("kubectl.1.27"));

describe.skipIf(newest === undefined)("a kind with a conversion webhook", () => {
  const cluster = new Cluster(newest ?? "");
  const shared = new SharedArrayBuffer(12);
  const state = new Int32Array(shared);
  // It answers while kubectl is waited for: in a thread of its own.
  let hook: Worker | undefined;
  let url = "";
  let caBundle = "";
  const modes = ["well", "refuse", "wrong-uid", "drop", "away"] as const;
  const behave = (mode: (typeof modes)[number]): void => void Atomics.store(state, 0, modes.indexOf(mode));
  const calls = (): number => Atomics.load(state, 1);

  const kubectl = (args: string, input?: string): Ran => cluster.kubectl(args, input);
  const ok = (args: string, input?: string): string => cluster.ok(args, input);

  beforeAll(async () => {
    const ca = await makeAuthority(realClock, "hook-ca");
    const use = { is: "server", names: ["127.0.0.1"] } as const;
    const { cert, key } = await makeCertificate(
      realClock,
      { commonName: "hook", use, validFor: 86_400_000 },
      ca,
    );
    caBundle = Buffer.from(ca.cert).toString("base64");
    hook = new Worker(join(import.meta.dirname, "conversion-webhook.mjs"), {
      workerData: { cert, key, shared },
    });
    const port = await eventually("the webhook", () => Atomics.load(state, 2) || undefined);
    url = `https://127.0.0.1:${port}/convert`;
    const server = cluster.also(
      "apiserver",
      "--port",
      "0",
      "--data-dir",
      cluster.dataDir,
      "--kubeconfig",
      cluster.kubeconfig,
    );
    await server.line(/^ready /);
    ok("apply -f -", definition(url, caBundle));
    ok("wait --for=condition=Established crd/peers.hook.example.com --timeout=60s");
    await eventually("the kind served", () => kubectl("get peers").code === 0);
  });
  afterAll(async () => {
    await cluster.stop();
    await hook?.terminate();
  });

  it("refuses a definition whose webhook cannot be", () => {
    const bad = kubectl("create --dry-run=server -f -", definition("http://127.0.0.1/x", "bm9uZQ=="));
    expect(bad.err).toContain("'https' is the only allowed URL scheme");
    expect(bad.err).toContain("clientConfig.caBundle");
  });

  it("takes objects in either version and shows them in either", () => {
    ok("apply -f -", peer("v1", "one", { host: "a", port: 1 }));
    ok("apply -f -", peer("v2", "two", { address: "b:2" }));
    expect(ok("get peers.v2.hook.example.com one -o jsonpath={.spec}")).toBe('{"address":"a:1"}');
    expect(ok("get peers.v1.hook.example.com two -o jsonpath={.spec}")).toBe('{"host":"b","port":2}');
    expect(ok("get peers.v2.hook.example.com --no-headers")).toMatch(/^one +a:1\ntwo +b:2\n$/);
    expect(ok("get peers.v1.hook.example.com --no-headers")).toMatch(/^one +a\ntwo +b\n$/);
  });

  it("holds a request to the schema of its own version", () => {
    expect(kubectl("apply -f -", peer("v2", "bad", { address: "B" })).err).toContain("should match");
    expect(kubectl("apply -f -", peer("v1", "bad", { host: "a", port: 70_000 })).err).toContain("65535");
  });

  it("patches, applies and deletes in the version that is not stored", () => {
    ok(`patch peers.v2.hook.example.com one --type=merge -p '{"spec":{"address":"c:3"}}'`);
    expect(ok("get peers.v1.hook.example.com one -o jsonpath={.spec}")).toBe('{"host":"c","port":3}');
    ok("apply --server-side --force-conflicts -f -", peer("v2", "one", { address: "d:4" }));
    expect(ok("get peers.v1.hook.example.com one -o jsonpath={.spec.host}")).toBe("d");
    ok(`label peers.v2.hook.example.com one colour=red`);
    expect(ok("get peers.v1.hook.example.com -l colour=red -o name")).toBe("peer.hook.example.com/one\n");
    ok("apply -f -", peer("v2", "short", { address: "e:5" }));
    ok("delete peers.v2.hook.example.com short");
  });

  it("converts an object once for all who ask", () => {
    ok("get peers.v2.hook.example.com");
    const before = calls();
    for (let round = 0; round < 3; round += 1) ok("get peers.v2.hook.example.com");
    expect(calls()).toBe(before);
  });

  it("tells watchers of either version, and goes on for one while the other's webhook fails", async () => {
    const watching = (version: string) =>
      cluster.beside(`get peers.${version}.hook.example.com -w --no-headers`);
    const [first, second] = [watching("v1"), watching("v2")];
    try {
      await eventually("both began", () => first.output.includes("two") && second.output.includes("two"));
      ok("apply -f -", peer("v1", "seen", { host: "s", port: 9 }));
      await eventually("both told", () => first.output.includes("seen") && /seen +s:9/.test(second.output));
      behave("refuse");
      ok("apply -f -", peer("v1", "alone", { host: "x", port: 9 }));
      await eventually("the stored version's told", () => first.output.includes("alone"));
    } finally {
      behave("well");
      for (const watch of [first, second]) await watch.kill("SIGTERM");
    }
  });

  it("says what went wrong, as upstream says it, and serves what needs no conversion", async () => {
    const fresh = (): string => {
      ok(`patch peers.v1.hook.example.com one --type=merge -p '{"spec":{"port":${calls()}}}'`);
      return kubectl("get peers.v2.hook.example.com one").err;
    };
    const about = "conversion webhook for hook.example.com/v1, Kind=Peer";
    behave("refuse");
    expect(fresh()).toContain(`${about} failed: not today`);
    behave("wrong-uid");
    expect(fresh()).toContain(`${about} failed: expected response.uid=`);
    behave("drop");
    expect(fresh()).toContain(`${about} returned 0 objects, expected 1`);
    expect(kubectl("create -f -", peer("v2", "lost", { address: "l:1" })).err).toContain(
      "returned 0 objects",
    );
    behave("well");
    expect(kubectl("get peers.v1.hook.example.com lost").code).not.toBe(0);
    behave("away");
    expect(fresh()).toContain(`${about} failed: Post "${url}?timeout=30s": `);
    expect(kubectl("get peers.v1.hook.example.com one").code).toBe(0);
    behave("well");
    expect(kubectl("get peers.v2.hook.example.com one").code).toBe(0);
  });

  it("does not trust a webhook of another authority", async () => {
    const other = await makeAuthority(realClock, "other-ca");
    ok("apply -f -", definition(url, Buffer.from(other.cert).toString("base64")));
    await eventually("the new authority", () =>
      kubectl("get peers.v2.hook.example.com one").err.includes("conversion webhook for"),
    );
    ok("apply -f -", definition(url, caBundle));
    await eventually("the old one", () => kubectl("get peers.v2.hook.example.com one").code === 0);
  });

  it("answers an older kubectl alike", () => {
    if (oldest === undefined) return console.warn("skipped: there is no kubectl 1.27 here");
    const own = cluster.kubectlPath;
    cluster.kubectlPath = oldest;
    expect(ok("get peers.v2.hook.example.com two --no-headers")).toMatch(/^two +b:2\n$/);
    ok("apply -f -", peer("v2", "old", { address: "o:1" }));
    ok("apply -f -", peer("v2", "old", { address: "o:2" }));
    expect(ok("get peers.v1.hook.example.com old -o jsonpath={.spec.port}")).toBe("2");
    cluster.kubectlPath = own;
  });

  it("goes with its definition while the webhook is away", async () => {
    behave("away");
    ok("delete crd/peers.hook.example.com --timeout=60s");
    expect(kubectl("get crd").out).not.toContain("peers");
  });
});
