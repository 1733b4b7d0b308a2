// Owns the walk through static pods on a node of a cluster: mirrors, drains, and an API server that goes away.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../ports.ts";
import { eventually, Everynode, run, withModernKubectl, type Ran } from "./harness.ts";
import { Ship } from "./ship.ts";

const kubectlPath = withModernKubectl();

describe.skipIf(kubectlPath === undefined)("a kubelet in a cluster", () => {
  const ship = new Ship();
  const kubeconfig = join(ship.folder, "kubeconfig");
  const data = join(ship.folder, "data");
  let server: Everynode | undefined;
  let controllers: Everynode | undefined;
  let port = 0;

  const kubectl = (args: string, input?: string): Ran =>
    run(kubectlPath ?? "", args.split(" "), {
      ...(input === undefined ? {} : { input }),
      env: { KUBECONFIG: kubeconfig, HOME: ship.folder },
    });
  const seen = (args: string): string => {
    const ran = kubectl(args);
    if (ran.code !== 0) throw new Error(`kubectl ${args}: ${ran.err}`);
    return ran.out;
  };
  const serve = async (): Promise<void> => {
    server = new Everynode([
      "apiserver",
      "--data-dir",
      data,
      "--port",
      `${port}`,
      "--kubeconfig",
      kubeconfig,
    ]);
    await eventually(
      "an API server",
      () => existsSync(kubeconfig) && kubectl("get --raw=/readyz").code === 0,
    );
  };
  const uidOf = (name: string) => seen(`get pod ${name} -o jsonpath={.metadata.uid}`);

  beforeAll(async () => {
    port = await freePort();
    await serve();
    controllers = new Everynode(["controller-manager", "--kubeconfig", kubeconfig]);
    await ship.start("--kubeconfig", kubeconfig);
  });
  afterAll(async () => {
    await ship.stop();
    if (controllers !== undefined && controllers.child.exitCode === null) await controllers.kill("SIGTERM");
    if (server !== undefined && server.child.exitCode === null) await server.kill("SIGTERM");
  });

  it("runs static pods and those of the API at once; both are listed (S.5, S.7)", async () => {
    ship.put("static-web.yaml", ship.pod("static-web"));
    await ship.one("static-web");
    await eventually("its mirror", () => /^static-web-node01\s+1\/1\s+Running/m.test(seen("get pods")));
    expect(kubectl("apply -f -", ship.pod("from-api", "  nodeName: node01\n")).err).toBe("");
    await ship.one("from-api");
    await eventually("both", () => /^from-api\s+1\/1\s+Running/m.test(seen("get pods")));
    const mirror = JSON.parse(seen("get pod static-web-node01 -o json"));
    expect(mirror.metadata.annotations).toMatchObject({
      "kubernetes.io/config.source": "file",
      "kubernetes.io/config.mirror": mirror.metadata.annotations["kubernetes.io/config.hash"],
    });
    expect(mirror.metadata.ownerReferences).toMatchObject([
      { kind: "Node", name: "node01", controller: true },
    ]);
    expect(seen("logs static-web-node01")).toBe("hello from static-web\n");
    expect(seen("describe pod static-web-node01")).toMatch(/Controlled By:\s+Node\/node01/);
  });

  it("shows a mirror that can't be used to change anything; a deleted one comes back (S.7)", async () => {
    const pid = await ship.one("static-web");
    const uid = uidOf("static-web-node01");
    kubectl("delete pod static-web-node01 --wait=false");
    const next = await eventually("a new mirror", () => {
      const now = uidOf("static-web-node01");
      return now !== uid && now;
    });
    kubectl("set image pod/static-web-node01 web=other:2");
    await eventually("the mirror as it was", () => {
      const [now, image] = seen(
        "get pod static-web-node01 -o jsonpath={.metadata.uid},{.spec.containers[0].image}",
      ).split(",");
      return now !== next && image === "host";
    });
    const unmarked = kubectl("annotate pod static-web-node01 kubernetes.io/config.mirror-");
    expect(unmarked.code).toBe(1);
    expect(unmarked.err).toContain("may not remove or update mirror pod annotation");
    kubectl("delete pod static-web-node01 --force --grace-period=0");
    await eventually("it again", () => /^static-web-node01\s+1\/1\s+Running/m.test(seen("get pods")));
    expect(ship.pids("static-web")).toEqual([pid]);
  });

  it("is left alone by a drain, and by a NoExecute taint (S.9)", async () => {
    const pid = await ship.one("static-web");
    const drained = kubectl("drain node01 --ignore-daemonsets --force --timeout=60s");
    expect(drained.err + drained.out).not.toContain("evicting pod default/static-web");
    await ship.none("from-api");
    seen("uncordon node01");
    expect(kubectl("apply -f -", ship.pod("from-api", "  nodeName: node01\n")).err).toBe("");
    await ship.one("from-api");
    const uid = uidOf("static-web-node01");
    seen("taint node node01 trouble=yes:NoExecute");
    await ship.none("from-api");
    expect(ship.pids("static-web")).toEqual([pid]);
    expect(uidOf("static-web-node01")).toBe(uid);
    seen("taint node node01 trouble-");
  });

  it("tells refused files as events of the node and as its condition StaticPodsHealthy", async () => {
    const condition = () =>
      seen('get node node01 -o jsonpath={.status.conditions[?(@.type=="StaticPodsHealthy")]}');
    expect(condition()).toContain('"status":"True"');
    ship.put("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n");
    await eventually("the condition", () => condition().includes('"status":"False"'));
    expect(condition()).toMatch(/1 complaint: .*deployment\.yaml:2:1: its kind is Deployment/);
    await eventually("the event", () =>
      /StaticPodRefused.*deployment\.yaml/.test(seen("describe node node01")),
    );
    ship.remove("deployment.yaml");
    await eventually("health", () => condition().includes('"status":"True"'));
  });

  it("goes on without the API server, and shows afterwards what came to be meanwhile", async () => {
    const pid = await ship.one("static-web");
    await server?.kill("SIGKILL");
    ship.put("meanwhile.yaml", ship.pod("meanwhile"));
    await ship.one("meanwhile");
    process.kill(await ship.one("meanwhile"), "SIGKILL");
    await eventually("it restarted", () => ship.pids("meanwhile").length === 1);
    expect(ship.pids("static-web")).toEqual([pid]);
    await serve();
    await eventually(
      "both mirrors",
      () =>
        /^meanwhile-node01\s+1\/1\s+Running/m.test(seen("get pods")) &&
        seen("get pods").includes("static-web"),
    );
    expect(ship.pids("static-web")).toEqual([pid]);
  });

  it("takes the mirror away with the file (S.7)", async () => {
    ship.remove("static-web.yaml");
    await ship.none("static-web");
    await eventually("no mirror", () => !seen("get pods").includes("static-web"));
    expect(seen("get pods")).toContain("meanwhile-node01");
  });
});
