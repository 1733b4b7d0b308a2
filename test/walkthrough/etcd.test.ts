// Owns the walk of a cluster whose objects lie in etcd: two API servers over it, two of each component, and each may die.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, type KeyPair } from "../../src/world/certificates.ts";
import { realClock } from "../../src/world/real-clock.ts";
import { EtcdMember, etcdOrSkip } from "../conformance/store/etcd-server.ts";
import { freePort } from "../ports.ts";
import { Cluster, eventually, withKubectl, type Everynode } from "./harness.ts";

const agent = (name: string): string =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "agent", image: "agent:1" }] },
      },
    },
  });

const year = 365 * 86_400_000;

const kubectlPath = withKubectl();

describe.skipIf(!etcdOrSkip() || kubectlPath === undefined)("a cluster on etcd", () => {
  const cluster = new Cluster(kubectlPath ?? "");
  const at = (name: string): string => join(cluster.folder, name);
  let etcd: EtcdMember;
  const servers: Everynode[] = [];
  const managers: Everynode[] = [];

  const pem = (name: string, pair: KeyPair): void => {
    writeFileSync(at(`${name}.crt`), pair.cert);
    writeFileSync(at(`${name}.key`), pair.key);
  };
  const via = (server: number, args: string, input?: string): string =>
    cluster.ok(`--kubeconfig ${at(`admin-${server}`)} ${args}`, input);
  const holder = (): string =>
    cluster.kubectl(
      `--kubeconfig ${at("admin-0")} get lease kube-controller-manager -n kube-system -o jsonpath='{.spec.holderIdentity}'`,
    ).out;
  /** Who led first. */
  let led = "";
  const managed = async (server: number): Promise<void> => {
    const flags = ["--leader-elect", "--kubeconfig", at(`admin-${server}`)];
    managers.push(cluster.also("controller-manager", ...flags));
    await eventually("a leader", () => holder() !== "");
  };
  const kubeconfigs = [0, 1];

  beforeAll(async () => {
    const ca = await makeAuthority(realClock, "etcd-ca");
    pem("ca", ca);
    const names = ["127.0.0.1"];
    const use = { is: "server", names } as const;
    pem("server", await makeCertificate(realClock, { commonName: "etcd", use, validFor: year }, ca));
    const client = { commonName: "apiserver", use: { is: "client" }, validFor: year } as const;
    pem("client", await makeCertificate(realClock, client, ca));
    etcd = new EtcdMember({
      name: "one",
      scheme: "https",
      clientPort: await freePort(),
      peerPort: await freePort(),
      flags: [
        `--cert-file=${at("server.crt")}`,
        `--key-file=${at("server.key")}`,
        `--trusted-ca-file=${at("ca.crt")}`,
        "--client-cert-auth",
      ],
    });
    await etcd.start();
    for (const server of kubeconfigs) {
      const started = cluster.also(
        "apiserver",
        "--port",
        "0",
        "--data-dir",
        at(`data-${server}`),
        "--cert-dir",
        at("pki"),
        "--kubeconfig",
        at(`admin-${server}`),
        "--etcd-servers",
        etcd.endpoint,
        "--etcd-cafile",
        at("ca.crt"),
        "--etcd-certfile",
        at("client.crt"),
        "--etcd-keyfile",
        at("client.key"),
      );
      servers.push(started);
      await started.line(/^ready /);
    }
    for (const server of kubeconfigs) {
      await managed(server);
      led ||= holder();
      cluster.also("scheduler", "--leader-elect", "--kubeconfig", at(`admin-${server}`));
    }
    cluster.also("hollow-nodes", "--count", "5", "--kubeconfig", at("admin-1"));
    await eventually("five nodes", () => via(0, "get nodes -o name").split("\n").length === 6);
  });
  afterAll(async () => {
    await cluster.stop();
    await etcd.dispose();
  });

  const allReady = (server: number, name: string): Promise<unknown> =>
    eventually(
      `${name} on all five nodes`,
      () => via(server, `get ds ${name} -o jsonpath='{.status.numberReady}'`) === "5",
      120_000,
    );

  it("answers with what the other server was told, at once", async () => {
    for (let round = 0; round < 10; round++) {
      via(round % 2, `create configmap told-${round}`);
      expect(via((round + 1) % 2, `get configmap told-${round} -o name`)).toBe(`configmap/told-${round}\n`);
    }
    via(0, "create namespace fresh");
    via(1, "create configmap first -n fresh");
  });

  it("puts a DaemonSet made at one server on every node, and shows it at the other", async () => {
    via(0, "apply -f -", agent("logs"));
    await allReady(1, "logs");
  });

  it("keeps objects where upstream keeps them, as JSON", () => {
    const value = execFileSync(
      "etcdctl",
      [
        "--endpoints",
        etcd.endpoint,
        "--cacert",
        at("ca.crt"),
        "--cert",
        at("client.crt"),
        "--key",
        at("client.key"),
        "get",
        "--print-value-only",
        "/registry/daemonsets/default/logs",
      ],
      { encoding: "utf8", env: { ...process.env, ETCDCTL_API: "3" } },
    );
    expect(JSON.parse(value)).toMatchObject({ kind: "DaemonSet", metadata: { name: "logs" } });
  });

  it("goes on when etcd dies and comes back, and loses nothing", async () => {
    via(0, "create configmap kept");
    await etcd.kill();
    expect(cluster.kubectl(`--kubeconfig ${at("admin-0")} create configmap lost`).err).toContain(
      "cannot reach the store",
    );
    await etcd.start();
    await eventually(
      "writes are taken again",
      () => cluster.kubectl(`--kubeconfig ${at("admin-0")} create configmap again`).code === 0,
    );
    expect(via(1, "get configmap kept -o name")).toBe("configmap/kept\n");
    expect(cluster.kubectl(`--kubeconfig ${at("admin-1")} get configmap lost`).code).toBe(1);
  });

  it("has one leader among controllers, and another when it is killed", async () => {
    const [first, second] = managers;
    // Where etcd was away for longer than a Lease lasts, the first has ended, and nobody waits behind the second.
    const leader = first?.hasEnded === true ? second : first;
    if (leader === second) {
      await eventually("the second leads", () => holder() !== led);
      await managed(1);
    }
    const before = holder();
    await leader?.kill("SIGKILL");
    via(1, "apply -f -", agent("metrics"));
    await allReady(1, "metrics");
    expect(holder()).not.toBe(before);
  });

  it("serves on when one API server is killed", async () => {
    await servers[0]?.kill("SIGKILL");
    via(1, "apply -f -", agent("backup"));
    await eventually("backup made", () => via(1, "get ds backup -o name") !== "");
    expect(via(1, "get pods -l app=logs -o name").trim().split("\n")).toHaveLength(5);
  });
});
