// Owns the walk of kinds that definitions make, at two API servers over one etcd, with no controllers anywhere.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EtcdMember, etcdOrSkip } from "../conformance/store/etcd-server.ts";
import { freePort } from "../ports.ts";
import { Cluster, eventually, withModernKubectl, type Everynode, type Ran } from "./harness.ts";

const schema = (more: string): string =>
  `{ openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer${more} } } } } } }`;

const definition = (plural: string, { more = "", short = plural.slice(0, 3) } = {}): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.two.example.com }
spec:
  group: two.example.com
  scope: Namespaced
  names: { plural: ${plural}, singular: ${plural.slice(0, -1)}, kind: ${plural}Kind, shortNames: [${short}] }
  versions: [{ name: v1, served: true, storage: true, schema: ${schema(more)} }]
`;

const object = (plural: string, name: string, size: number, metadata = ""): string =>
  JSON.stringify({
    apiVersion: "two.example.com/v1",
    kind: `${plural}Kind`,
    metadata: { name },
    spec: { size },
  }).replace('"metadata":{', `"metadata":{${metadata}`);

const crd = (plural: string): string => `crd/${plural}.two.example.com`;
const kubectlPath = withModernKubectl();

describe.skipIf(!etcdOrSkip() || kubectlPath === undefined)("custom resources at two API servers", () => {
  const cluster = new Cluster(kubectlPath ?? "");
  const at = (name: string): string => join(cluster.folder, name);
  let etcd: EtcdMember;
  const servers: Everynode[] = [];
  const both = [0, 1];

  // Each server's discovery is remembered apart.
  const kubectl = (server: number, args: string, input?: string): Ran =>
    cluster.kubectl(
      `--kubeconfig ${at(`admin-${server}`)} --cache-dir ${at(`cache-${server}`)} ${args}`,
      input,
    );
  const via = (server: number, args: string, input?: string): string => {
    const ran = kubectl(server, args, input);
    if (ran.code !== 0) throw new Error(`server ${server}: kubectl ${args}: ${ran.out}${ran.err}`);
    return ran.out;
  };
  const condition = (server: number, plural: string, type: string): string =>
    via(server, `get ${crd(plural)} -o jsonpath='{.status.conditions[?(@.type=="${type}")].status}'`);
  const served = (server: number, plural: string): Promise<unknown> =>
    eventually(
      `${plural} served by ${server}`,
      () => kubectl(server, `get ${plural}.two.example.com`).code === 0,
    );

  beforeAll(async () => {
    etcd = new EtcdMember({
      name: "one",
      scheme: "http",
      clientPort: await freePort(),
      peerPort: await freePort(),
      flags: [],
    });
    await etcd.start();
    for (const server of both) {
      const own = ["--port", "0", "--data-dir", at(`data-${server}`), "--cert-dir", at("pki")];
      const started = cluster.also(
        "apiserver",
        ...own,
        "--kubeconfig",
        at(`admin-${server}`),
        "--etcd-servers",
        etcd.endpoint,
      );
      servers.push(started);
      await started.line(/^ready /);
    }
  });
  afterAll(async () => {
    await cluster.stop();
    await etcd.dispose();
  });

  it("establishes what is defined at one, and serves it at both", async () => {
    via(0, "apply -f -", definition("boxes"));
    via(1, `wait --for=condition=Established ${crd("boxes")} --timeout=60s`);
    for (const server of both) await served(server, "boxes");
    via(0, "apply -f -", object("boxes", "made-at-0", 1));
    via(1, "apply -f -", object("boxes", "made-at-1", 2));
    for (const server of both)
      expect(via(server, "get boxes -o name").trim().split("\n")).toEqual([
        "boxeskind.two.example.com/made-at-0",
        "boxeskind.two.example.com/made-at-1",
      ]);
    via(1, `patch boxes made-at-0 --type=merge -p '{"spec":{"size":7}}'`);
    expect(via(0, "get boxes made-at-0 -o jsonpath={.spec.size}")).toBe("7");
  });

  it("refuses names that another has, and lets them go to who waits for them", async () => {
    via(1, "apply -f -", definition("crates", { short: "box" }));
    await eventually("a conflict", () => condition(0, "crates", "NamesAccepted") === "False");
    expect(condition(1, "crates", "Established")).toBe("False");
    expect(
      via(0, `get ${crd("crates")} -o jsonpath='{.status.conditions[?(@.type=="NamesAccepted")].message}'`),
    ).toContain('"box" is already in use');
    via(0, "apply -f -", definition("crates"));
    via(1, `wait --for=condition=Established ${crd("crates")} --timeout=60s`);
  });

  it("establishes many at once, each once", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `kind${String.fromCharCode(97 + index)}s`);
    // Four at a time at each in turn: the servers work on all of them side by side.
    for (let from = 0; from < names.length; from += 4) {
      const some = names
        .slice(from, from + 4)
        .map((name, index) => definition(name, { short: `s${from + index}` }));
      via((from / 4) % 2, "apply -f -", some.join("---"));
    }
    for (const name of names) via(1, `wait --for=condition=Established ${crd(name)} --timeout=60s`);
    const revisions = (): string => via(0, "get crd -o jsonpath={.items[*].metadata.resourceVersion}");
    // Nobody writes what is so already: after a look from both sides everything stays as it is.
    const before = revisions();
    for (const server of both) via(server, "get crd");
    expect(revisions()).toBe(before);
  });

  it("holds objects to a definition that was changed at the other server", async () => {
    via(0, "apply -f -", definition("boxes", { more: ", maximum: 5" }));
    await eventually("the bound at server 1", () =>
      kubectl(1, "create --dry-run=server -f -", object("boxes", "large", 6)).err.includes(
        "less than or equal to 5",
      ),
    );
    expect(kubectl(0, "create -f -", object("boxes", "large", 6)).code).not.toBe(0);
  });

  it("tells watchers at one server what is written at the other", async () => {
    const watching = cluster.beside(`--kubeconfig ${at("admin-1")} get boxes.two.example.com -w -o name`);
    await eventually("what is there", () => watching.output.includes("made-at-0"));
    via(0, "apply -f -", object("boxes", "told", 3));
    await eventually("what is new", () => watching.output.includes("told"));
    await watching.kill("SIGTERM");
  });

  it("takes a definition away with its objects, whichever server is asked", async () => {
    via(0, "apply -f -", object("crates", "kept", 1, '"finalizers":["example.com/keep"],'));
    via(1, "apply -f -", object("crates", "gone", 1));
    via(1, `delete ${crd("crates")} --wait=false`);
    await eventually("the other goes", () => via(0, "get crates -o name").trim().endsWith("/kept"));
    expect(kubectl(0, "create -f -", object("crates", "late", 1)).err).toContain("terminating");
    via(1, `patch crates kept --type=merge -p '{"metadata":{"finalizers":null}}'`);
    via(0, `wait --for=delete ${crd("crates")} --timeout=60s`);
    for (const server of both)
      await eventually(
        `crates gone at ${server}`,
        () => kubectl(server, "get --raw /apis/two.example.com/v1/crates").code !== 0,
      );
  });

  it("goes on at one server when the other is killed", async () => {
    await servers[0]?.kill("SIGKILL");
    via(1, "apply -f -", definition("chests"));
    via(1, `wait --for=condition=Established ${crd("chests")} --timeout=60s`);
    await served(1, "chests");
    via(1, `delete ${crd("chests")} --timeout=60s`);
  });
});
