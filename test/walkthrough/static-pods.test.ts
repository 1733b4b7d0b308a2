// Owns the walk through static pods on a kubelet all alone, as a person meets them.
import { createServer } from "node:http";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, everynode } from "./harness.ts";
import { Ship } from "./ship.ts";

describe("a kubelet alone at sea", () => {
  const ship = new Ship();

  beforeAll(async () => {
    // It looks by itself so seldom that only a change which the system reports can be what brings a pod.
    await ship.start("--file-check-frequency", "1h");
  });
  afterAll(async () => {
    await ship.stop();
  });

  it("runs a pod whose file is put into the folder, with no API server anywhere (S.3, S.6)", async () => {
    ship.put("static-web.yaml", ship.pod("static-web"));
    await ship.one("static-web");
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
