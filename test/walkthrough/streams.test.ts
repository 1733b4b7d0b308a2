// Owns the walk through exec, attach, port-forward and cp: with every kubectl on the machine, and Debian's Python client.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../ports.ts";
import { Cluster, eventually, kubectls, processesMarked, run, withModernKubectl } from "./harness.ts";
import { Ship } from "./ship.ts";

const kubectlPath = withModernKubectl();
// One of each way of speaking: SPDY alone (1.27, 1.29), WebSocket from 1.30 on.
const some = kubectls().filter((path) => /\.1\.(?:27|29|30|31|33)$/.test(path));
const clients = some.length > 0 ? some : kubectls().slice(-1);
const hasPython = run("/usr/bin/python3", ["-c", "import kubernetes"]).code === 0;
if (!hasPython) console.warn("skipped: Debian's python3-kubernetes is not there");

/** A pod on the host's network whose container counts, and keeps a mark in its environment. */
const web = (mark: string) => `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  terminationGracePeriodSeconds: 1
  hostNetwork: true
  containers:
    - name: main
      image: host
      command: [/bin/sh, -c, "n=0; while :; do echo tick $n; n=$((n+1)); sleep 0.2; done"]
      env: [{ name: COLOUR, value: "${mark}" }]
---
apiVersion: v1
kind: Pod
metadata: { name: two }
spec:
  containers:
    - { name: a, image: host, command: [sleep, "1000000"] }
    - { name: b, image: host, command: [sleep, "1000000"] }
`;

/** Says back what it hears, and how much it was once the other side has ended. */
function echoing(): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let count = 0;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      count += bytes.length;
      socket.write(bytes);
    });
    socket.on("end", () => socket.end(`heard ${count}`));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      // A server that listens has an address with a port.
      const { port } = server.address() as AddressInfo;
      resolve({ server, port });
    });
  });
}

/** Sends all, ends, and gives what came back until the end. */
function talk(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.once("end", () => resolve(Buffer.concat(parts)));
    socket.once("error", reject);
    socket.end(bytes);
  });
}

describe.skipIf(kubectlPath === undefined)("streams", () => {
  const cluster = new Cluster(kubectlPath ?? "");
  const mark = `walk-${process.pid}`;
  const { env } = cluster;

  beforeAll(async () => {
    await cluster.start("--workers", "1");
    cluster.ok("apply -f -", web(mark));
    cluster.ok("wait --for=condition=Ready pod --all --timeout=60s");
  });
  afterAll(async () => {
    await cluster.stop();
  });

  describe.each(clients.map((path) => [path.replace(/^.*\//, ""), path]))("%s", (_name, kubectl) => {
    const exec = (args: readonly string[], input?: string) =>
      run(kubectl, ["exec", ...args], { env, ...(input === undefined ? {} : { input }) });

    it("exec: output and errors apart, the container's environment, the exit code", () => {
      const ran = exec(["web", "--", "sh", "-c", "echo $COLOUR; echo err >&2; exit 7"]);
      expect([ran.out, ran.code]).toEqual([`${mark}\n`, 7]);
      expect(ran.err).toMatch(/^err\ncommand terminated with exit code 7/);
      expect(exec(["web", "--", "sh", "-c", "kill -9 $$"]).code).toBe(137);
      expect(exec(["web", "--", "no-such-command"]).code).toBe(127);
    });

    it("exec: thousands of lines, megabytes, and an input that ends", () => {
      const lines = exec([
        "web",
        "--",
        "sh",
        "-c",
        "i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done",
      ]);
      expect(lines.out.split("\n").length).toBe(5001);
      const text = "0123456789abcdef".repeat(200_000);
      expect(exec(["-i", "web", "--", "cat"], text).out === text).toBe(true);
      expect(exec(["-i", "web", "--", "wc", "-c"], text).out.trim()).toBe(String(text.length));
    });

    it.skipIf(!hasPython)("exec -it: a terminal, its size, ^C, the shell's exit code", () => {
      const walk = join(import.meta.dirname, "terminal.py");
      const ran = run("/usr/bin/python3", [walk, kubectl, "exec", "-it", "web", "--", "sh"], { env });
      expect(ran.out).toContain("33 101\r\n");
      expect(ran.out).toContain("40 120\r\n");
      expect(ran.out).toContain("still here\r\n");
      expect(ran.out).toMatch(/\nexit 5\n$/);
    });

    it("exec: what cannot be is said as upstream says it", () => {
      expect(exec(["two", "-c", "zz", "--", "true"]).err).toMatch(/container zz is not valid for pod two/);
      expect(exec(["none", "--", "true"]).err).toMatch(/pods "none" not found/);
      expect(run(kubectl, ["--as=joe", "exec", "web", "--", "true"], { env }).err).toMatch(/Forbidden/);
    });

    it("cp: both ways, every byte", () => {
      const from = join(cluster.folder, "from");
      writeFileSync(from, randomBytes(3_000_000));
      const inside = join(cluster.folder, "inside");
      mkdirSync(inside, { recursive: true });
      const back = join(cluster.folder, "back");
      expect(run(kubectl, ["cp", from, `web:${inside}/copy`], { env }).code).toBe(0);
      expect(run(kubectl, ["cp", `web:${inside}/copy`, back], { env }).code).toBe(0);
      expect(readFileSync(back).equals(readFileSync(from))).toBe(true);
    });

    it("attach: what is printed from now on, until one goes away; the pod goes on", async () => {
      const attached = cluster.beside("attach web", kubectl);
      await eventually("a few ticks", () => (attached.output.match(/tick \d+\n/g)?.length ?? 0) >= 3);
      attached.child.kill("SIGKILL");
      expect(
        cluster.ok("get pod web -o jsonpath={.status.phase},{.status.containerStatuses[0].restartCount}"),
      ).toBe("Running,0");
    });

    it("run -i --rm: input, output, exit code, and nothing left", () => {
      const words = ["run", "-i", "--rm", "--restart=Never", "once", "--image=host", "--command", "--"];
      const cat = run(kubectl, [...words, "cat"], { env, input: "hello\n" });
      expect(cat.out).toMatch(/^hello$/m);
      expect(cat.code).toBe(0);
      const four = run(kubectl, [...words, "sh", "-c", "read line; exit 4"], { env, input: "\n" });
      expect(four.code).toBe(4);
      expect(cluster.kubectl("get pod once").err).toMatch(/not found/);
    });

    it("port-forward: several connections at once, each direction ending apart; a closed port is told", async () => {
      const { server, port } = await echoing();
      const forwarding = cluster.beside(`port-forward pod/web :${port} :1`, kubectl);
      const local = await eventually("both ports", () => {
        const found = [...forwarding.output.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g)];
        return found.length === 2 && new Map(found.map(([, here, there]) => [Number(there), Number(here)]));
      });
      const sizes = [0, 1, 100_000, 2_000_000, 7];
      const heard = await Promise.all(
        sizes.map((size) => talk(local.get(port) ?? 0, Buffer.alloc(size, "x"))),
      );
      expect(heard.map(({ length }) => length)).toEqual(sizes.map((size) => size + `heard ${size}`.length));
      await talk(local.get(1) ?? 0, Buffer.from("x")).catch(() => undefined);
      await eventually("the refusal", () =>
        /error forwarding port 1 to pod .*connection refused/.test(forwarding.errors),
      );
      forwarding.child.kill("SIGKILL");
      await new Promise((resolve) => server.close(resolve));
    });

    it("a command whose client is gone does not stay", async () => {
      const there = cluster.beside("exec web -- sh -c 'echo on; exec sleep 987654'", kubectl);
      await eventually("its first word", () => there.output === "on\n");
      const left = () => processesMarked(mark).filter((pid) => commandOf(pid).includes("987654"));
      expect(left().length).toBeGreaterThan(0);
      there.child.kill("SIGKILL");
      await eventually("its end", () => left().length === 0);
    });
  });

  it.skipIf(!hasPython)("Python's client: exec, input, terminal, exit code, ports", () => {
    const ran = run("/usr/bin/python3", [join(import.meta.dirname, "streams.py")], { env });
    expect(ran.err).toBe("");
    expect(ran.out.split("\n")).toEqual([
      "out err",
      "one code 3",
      "20000000",
      "22 77",
      "hi there",
      "error forwarding port 1",
      "",
    ]);
  });
});

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};

describe("a node alone", () => {
  const ship = new Ship();
  afterAll(() => ship.stop());

  it("answers its owner's certificate and nobody else's; what is read-only is read by anyone (S.6)", async () => {
    const [open, port] = await freePorts(2);
    const config = join(ship.folder, "kubelet.yaml");
    writeFileSync(
      config,
      `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ${ship.manifests}
port: ${port}
readOnlyPort: ${open}
streamingConnectionIdleTimeout: 1h
`,
    );
    await ship.start("--config", config);
    ship.put("web.yaml", ship.pod("web"));
    await ship.one("web");
    const pki = join(ship.root, "pki");
    expect(existsSync(join(pki, "kubelet-client.key"))).toBe(true);
    const ask = (path: string, owner: boolean) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const asked = request(`https://localhost:${port}${path}`, {
          ca: readFileSync(join(pki, "ca.crt")),
          agent: false,
          ...(owner
            ? {
                cert: readFileSync(join(pki, "kubelet-client.crt")),
                key: readFileSync(join(pki, "kubelet-client.key")),
              }
            : {}),
        });
        asked.once("error", reject);
        asked.once("response", (response) => {
          let text = "";
          response.on("data", (bytes: Buffer) => (text += bytes.toString()));
          response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
        });
        asked.end();
      });
    expect((await ask("/pods", false)).status).toBe(401);
    expect(JSON.parse((await ask("/pods", true)).text)).toMatchObject({
      items: [{ metadata: { name: "web-node01" } }],
    });
    expect(JSON.parse((await ask("/configz", true)).text)).toMatchObject({
      kubeletconfig: {
        kind: "KubeletConfiguration",
        readOnlyPort: open,
        streamingConnectionIdleTimeout: "3600s",
      },
    });
    expect((await ask("/containerLogs/default/web-node01/web", true)).text).toBe("hello from web\n");
    const plain = async (path: string) => (await fetch(`http://127.0.0.1:${open}${path}`)).status;
    expect([await plain("/pods"), await plain("/healthz"), await plain("/metrics")]).toEqual([200, 200, 200]);
    expect([
      await plain("/runningpods/"),
      await plain("/configz"),
      await plain("/exec/default/web-node01/web"),
    ]).toEqual([404, 404, 404]);
  });
});
