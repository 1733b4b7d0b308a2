// Owns the walk through static pods: a kubelet all alone, then the same in a cluster, as a person meets them.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endMarked, eventually, Everynode, processesMarked, run, withKubectl, type Ran } from "./harness.ts";

const bin = join(import.meta.dirname, "../../bin/everynode.js");
const everynode = (...args: string[]): Ran => run(process.execPath, [bin, ...args]);

/** A pod of one process that lives until it is told to end; `SET` in its environment tells it from others. */
const podText = (name: string, mark: string, more = ""): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  terminationGracePeriodSeconds: 1
${more}  containers:
    - name: web
      image: host
      command: ["/bin/sh", "-c", "echo hello from ${name}; exec sleep 1000000"]
      env:
        - { name: WALK, value: "${mark}" }
        - { name: SET, value: "${name}-set" }
`;

class Ship {
  readonly mark = randomUUID();
  readonly folder = mkdtempSync(join(tmpdir(), "everynode-static-"));
  readonly manifests = join(this.folder, "manifests");
  readonly root = join(this.folder, "root");
  kubelet: Everynode | undefined;

  constructor() {
    mkdirSync(this.manifests);
  }

  async start(...args: string[]): Promise<Everynode> {
    const from =
      args.includes("--config") || args.includes("--manifest-url")
        ? []
        : ["--pod-manifest-path", this.manifests];
    this.kubelet = new Everynode([
      "kubelet",
      "--root-dir",
      this.root,
      "--node-name",
      "Node01",
      ...from,
      ...args,
    ]);
    await this.kubelet.line(/^node node01 runs/);
    return this.kubelet;
  }

  put(file: string, text: string): void {
    const beside = join(this.manifests, `.${file}.new`);
    writeFileSync(beside, text);
    renameSync(beside, join(this.manifests, file));
  }

  pod(name: string, more = ""): string {
    return podText(name, this.mark, more);
  }

  remove(file: string): void {
    unlinkSync(join(this.manifests, file));
  }

  /** Pids of the pod's own process. */
  pids(name: string): number[] {
    return processesMarked(this.mark).filter((pid) => {
      try {
        const env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        return (
          env.includes(`SET=${name}-set`) &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === "sleep"
        );
      } catch {
        return false;
      }
    });
  }

  /** Resolves with the pid when exactly one process is there. */
  one(name: string, limit = 20_000): Promise<number> {
    return eventually(
      `one process of ${name}`,
      () => {
        const pids = this.pids(name);
        if (pids.length !== 1) throw new Error(`there are ${pids.length}; ${this.kubelet?.errors ?? ""}`);
        return pids[0];
      },
      limit,
    );
  }

  none(name: string, limit = 20_000): Promise<boolean> {
    return eventually(`no process of ${name}`, () => this.pids(name).length === 0, limit);
  }

  async stop(): Promise<void> {
    const { child } = this.kubelet ?? {};
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await this.kubelet?.kill("SIGTERM");
    endMarked(this.folder);
    endMarked(this.mark);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("a kubelet alone at sea", () => {
  const ship = new Ship();

  beforeAll(async () => {
    await ship.start();
  });
  afterAll(async () => {
    await ship.stop();
  });

  it("runs a pod whose file is put into the folder, with no API server anywhere (S.3, S.6)", async () => {
    ship.put("static-web.yaml", ship.pod("static-web"));
    const from = Date.now();
    await ship.one("static-web");
    // Within a second, with some more for a machine that is busy with other tests.
    expect(Date.now() - from).toBeLessThan(3000);
  });

  it("shows it with ps and logs, as docker would", () => {
    const shown = everynode("ps", "--root-dir", ship.root);
    expect(shown.out.split("\n")[0]).toMatch(
      /^CONTAINER ID\s+IMAGE\s+COMMAND\s+CREATED\s+STATUS\s+NAME\s+POD\s+NAMESPACE/,
    );
    expect(shown.out).toMatch(
      /^[0-9a-f]{13}\s+host\s+"\/bin\/sh.*Up \d+s\s+web\s+static-web-node01\s+default/m,
    );
    expect(everynode("logs", "--root-dir", ship.root, "static-web-node01").out).toBe(
      "hello from static-web\n",
    );
  });

  it("restarts it when it crashes (S.4)", async () => {
    const before = await ship.one("static-web");
    process.kill(before, "SIGKILL");
    const after = await eventually("another process", () =>
      ship.pids("static-web").find((pid) => pid !== before),
    );
    expect(after).not.toBe(before);
    expect(everynode("ps", "-a", "--root-dir", ship.root).out).toMatch(/Exited \(137\)/);
  });

  it("stops the old pod before it starts the new one when the file changes (S.3)", async () => {
    // One that ignores the word to end takes its whole grace period.
    ship.put("static-web.yaml", ship.pod("static-web").replace('"echo', "\"trap '' TERM; echo"));
    const first = await ship.one("static-web");
    const before = await eventually("the stubborn one", () =>
      ship.pids("static-web").find((pid) => pid !== first),
    );
    ship.put("static-web.yaml", ship.pod("static-web").replace("hello from", "hello again from"));
    let most = 0;
    await eventually("the new process", () => {
      const pids = ship.pids("static-web");
      most = Math.max(most, pids.length);
      return pids.length === 1 && pids[0] !== before;
    });
    expect(most).toBe(1);
    await eventually("its log", () =>
      everynode("logs", "--root-dir", ship.root, "static-web-node01").out.includes("hello again from"),
    );
  });

  it("keeps every process over its own restart and its own death (S.10)", async () => {
    const before = await ship.one("static-web");
    await ship.kubelet?.kill("SIGTERM");
    expect(ship.pids("static-web")).toEqual([before]);
    expect(everynode("ps", "--root-dir", ship.root).out).toContain("static-web-node01");
    await ship.start();
    await ship.kubelet?.kill("SIGKILL");
    await ship.start();
    ship.put("other.yaml", ship.pod("other"));
    await ship.one("other");
    expect(ship.pids("static-web")).toEqual([before]);
  });

  it("runs only the new pod when the file changed while the kubelet was away", async () => {
    const before = await ship.one("other");
    await ship.kubelet?.kill("SIGKILL");
    ship.put("other.yaml", ship.pod("other").replace("hello from", "hi from"));
    await ship.start();
    let most = 0;
    await eventually("the new process", () => {
      const pids = ship.pids("other");
      most = Math.max(most, pids.length);
      return pids.length === 1 && pids[0] !== before;
    });
    expect(most).toBe(1);
    ship.remove("other.yaml");
    await ship.none("other");
  });

  it("refuses what is no Pod, says which line, and lint finds the same offline (S.1, S.2, S.8)", async () => {
    ship.put("replicas.yaml", "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: { name: x }\n");
    ship.put("refers.yaml", `${ship.pod("refers")}      envFrom: [{ configMapRef: { name: settings } }]\n`);
    ship.put("broken.yaml", "apiVersion: v1\nkind: [Pod\n");
    const errors = await eventually("three complaints", () => {
      const text = ship.kubelet?.errors ?? "";
      return ["replicas", "refers", "broken"].every((name) => text.includes(`${name}.yaml`)) && text;
    });
    expect(errors).toMatch(/replicas\.yaml:2:1: its kind is ReplicaSet, .*only Pods/);
    expect(errors).toMatch(/refers\.yaml:\d+:\d+: .*refers to ConfigMap settings/);
    expect(errors).toMatch(/broken\.yaml:\d+:\d+: /);
    const linted = everynode("lint", ship.manifests);
    expect(linted.code).toBe(1);
    for (const name of ["replicas", "refers", "broken"])
      expect(linted.out).toMatch(new RegExp(`^${ship.manifests}/${name}\\.yaml:\\d+:\\d+: `, "m"));
    for (const name of ["replicas.yaml", "refers.yaml", "broken.yaml"]) ship.remove(name);
    expect(everynode("lint", ship.manifests)).toMatchObject({ code: 0, out: "" });
    expect(ship.pids("static-web")).toHaveLength(1);
  });

  it("goes on with its pods while the folder is gone (S.11)", async () => {
    const before = await ship.one("static-web");
    renameSync(ship.manifests, `${ship.manifests}.away`);
    await eventually("a complaint", () => ship.kubelet?.errors.includes("cannot read the folder"));
    expect(ship.pids("static-web")).toEqual([before]);
    renameSync(`${ship.manifests}.away`, ship.manifests);
    ship.put("back.yaml", ship.pod("back"));
    await ship.one("back");
    expect(ship.pids("static-web")).toEqual([before]);
    ship.remove("back.yaml");
    await ship.none("back");
  });

  it("ends the pod when its file is removed (S.3)", async () => {
    ship.remove("static-web.yaml");
    await ship.none("static-web");
    await eventually(
      "nothing left in ps",
      () => !everynode("ps", "-a", "--root-dir", ship.root).out.includes("static-web"),
    );
  });
});

describe("a kubelet with a configuration file", () => {
  const ship = new Ship();
  const config = join(ship.folder, "kubelet.yaml");
  afterAll(async () => {
    await ship.stop();
  });

  it("is refused with file, line and field where the file is wrong (S.5)", () => {
    writeFileSync(
      config,
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodpath: manifests\nfileCheckFrequency: soon\n",
    );
    const refused = everynode("kubelet", "--config", config, "--root-dir", ship.root);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/kubelet\.yaml:3:1: staticPodpath: .*did you mean staticPodPath\?/);
    expect(refused.err).toMatch(/kubelet\.yaml:4:1: fileCheckFrequency: "soon" is not a length of time/);
  });

  it("runs the pods of staticPodPath and of staticPodURL at once (S.5)", async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers["x-from"]?.toString());
      response.end(ship.pod("from-url"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    writeFileSync(
      config,
      `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: manifests
staticPodURL: http://127.0.0.1:${port}/pods
staticPodURLHeader: { x-from: [node01] }
httpCheckFrequency: 500ms
cgroupDriver: systemd
`,
    );
    ship.put("from-file.yaml", ship.pod("from-file"));
    try {
      await ship.start("--config", config);
      const file = await ship.one("from-file");
      const url = await ship.one("from-url");
      expect(asked[0]).toBe("node01");
      expect(ship.kubelet?.errors).toContain("cgroupDriver");
      const count = asked.length;
      await eventually("another question", () => asked.length > count + 1);
      expect(ship.pids("from-url")).toEqual([url]);
      await new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      });
      await eventually("a complaint of the URL", () => ship.kubelet?.errors.includes("can't be asked"));
      expect(ship.pids("from-url")).toEqual([url]);
      expect(ship.pids("from-file")).toEqual([file]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

const kubectlPath = withKubectl();

describe.skipIf(kubectlPath === undefined)("a kubelet in a cluster", () => {
  const ship = new Ship();
  const kubeconfig = join(ship.folder, "kubeconfig");
  const data = join(ship.folder, "data");
  let server: Everynode | undefined;
  let controllers: Everynode | undefined;
  let port = "0";

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
    server = new Everynode(["apiserver", "--data-dir", data, "--port", port, "--kubeconfig", kubeconfig]);
    await eventually(
      "an API server",
      () => existsSync(kubeconfig) && kubectl("get --raw=/readyz").code === 0,
    );
    port = /server: https:\/\/[^:]+:(\d+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "0";
  };
  const uidOf = (name: string) => seen(`get pod ${name} -o jsonpath={.metadata.uid}`);

  beforeAll(async () => {
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
    const drained = kubectl("drain node01 --ignore-daemonsets --force --timeout=20s");
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
