// Owns the walk through a cluster made machine by machine: init, join, tokens, what breaks and comes back, and reset.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRequest } from "../../src/world/certificate-requests.ts";
import {
  endMarked,
  eventually,
  everynode,
  processesMarked,
  run,
  withModernKubectl,
  type Ran,
} from "./harness.ts";
import { freePorts } from "../ports.ts";

const kubectlPath = withModernKubectl();
const components = ["apiserver", "controller-manager", "scheduler"] as const;

/** The pids of programs whose command line has the folder, and whose words are so. */
function pidsOf(folder: string, is: (words: readonly string[]) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const text = readFileSync(`/proc/${name}/cmdline`, "utf8");
        const words = text.split("\0");
        return text.includes(folder) && words[0] === process.execPath && is(words);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.skipIf(kubectlPath === undefined)("a cluster made machine by machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "everynode-init-"));
  const first = join(folder, "first");
  const second = join(folder, "second");
  const admin = join(first, "admin.conf");
  let initFlags: string[] = [];
  let joinFlags: string[] = [];
  let server = "";

  const done = (ran: Ran): string => {
    if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${ran.err}${ran.out}`);
    return ran.out;
  };
  const kubectl = (args: string, input?: string): Ran =>
    run(kubectlPath ?? "", args.split(" "), {
      ...(input === undefined ? {} : { input }),
      env: { KUBECONFIG: admin, HOME: folder },
    });
  const seen = (args: string, input?: string): string => {
    const ran = kubectl(args, input);
    if (ran.code !== 0) throw new Error(`kubectl ${args}: ${ran.err}`);
    return ran.out;
  };
  const pidOf = (component: string): number | undefined => {
    const pids = pidsOf(first, (words) => words.includes(component));
    if (pids.length > 1) throw new Error(`several of ${component}: ${pids.join(", ")}`);
    return pids[0];
  };
  const running = (component: string, besides: readonly number[] = []): Promise<number> =>
    eventually(`a ${component}`, () => {
      const pid = pidOf(component);
      return pid !== undefined && !besides.includes(pid) && pid;
    });
  const allReady = () =>
    eventually("the control plane ready", () => {
      const rows = seen("-n kube-system get pods --no-headers").trim().split("\n");
      return rows.length === 3 && rows.every((row) => /\s1\/1\s+Running\s/.test(row));
    });

  beforeAll(async () => {
    const [api, manager, scheduler, kubelet, other] = await freePorts(5);
    server = `https://127.0.0.1:${api}`;
    initFlags = [
      `--data-dir ${first} --node-name ship --apiserver-bind-port ${api} --kubelet-port ${kubelet}`,
      `--controller-manager-port ${manager} --scheduler-port ${scheduler} --token abcdef.0123456789abcdef`,
    ].flatMap((flags) => flags.split(" "));
    joinFlags = ["--data-dir", second, "--node-name", "boat", "--kubelet-port", `${other}`];
  });
  afterAll(() => {
    endMarked(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it("checks before it touches anything, and tells in a dry run what it would do", async () => {
    const dry = everynode("init", ...initFlags, "--dry-run");
    expect(dry.err).toBe("");
    expect(dry.out).toContain(`would write ${first}/manifests/kube-apiserver.yaml`);
    expect(dry.out).toContain("component: kube-scheduler");
    expect(existsSync(first)).toBe(false);

    const taken = createServer();
    await new Promise<void>((listening) =>
      taken.listen(Number(initFlags[initFlags.indexOf("--kubelet-port") + 1]), "127.0.0.1", listening),
    );
    const refused = everynode("init", ...initFlags);
    await new Promise((closed) => taken.close(closed));
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/\[ERROR Port-\d+\]: .* something listens there already/);
    expect(existsSync(first)).toBe(false);

    expect(everynode("init", ...initFlags, "--skip-phases", "certz").err).toContain(
      "there are preflight, certs",
    );
    const unit = done(everynode("init", ...initFlags, "--print-unit"));
    expect(unit).toContain(`--kubeconfig ${first}/kubelet.conf`);
    expect(unit).toContain("KillMode=process");
    expect(existsSync(first)).toBe(false);
  });

  it("makes this machine a cluster whose control plane is static pods", async () => {
    const out = done(everynode("init", ...initFlags));
    expect(out).toContain("[wait-control-plane] kube-apiserver is healthy");
    expect(out).toMatch(
      /everynode join --server https:\/\/127\.0\.0\.1:\d+ --token abcdef\.0123456789abcdef --ca-hash sha256:[0-9a-f]{64}/,
    );
    joinFlags.push("--ca-hash", /sha256:[0-9a-f]{64}/.exec(out)?.[0] ?? "");
    expect(seen("get nodes --no-headers")).toMatch(/^ship\s+Ready\s+control-plane\s/);
    expect(seen("get node ship -o jsonpath={.spec.taints}")).toContain(
      '"effect":"NoSchedule","key":"node-role.kubernetes.io/control-plane"',
    );
    await allReady();
    for (const component of components) {
      const pod = `kube-${component}-ship`;
      expect(seen(`-n kube-system describe pod ${pod}`)).toMatch(/Controlled By:\s+Node\/ship/);
    }
    expect(seen("-n kube-system logs kube-apiserver-ship")).toContain(`ready ${server}`);
    expect(seen("-n kube-system get cm kubeadm-config kubelet-config -o name").split("\n")).toHaveLength(3);
  });

  it("shows cluster-info to anybody, signed, and nothing else", async () => {
    const anonymously = (path: string): Promise<{ code: number | undefined; text: string }> =>
      new Promise((resolve, reject) => {
        const asked = request(`${server}${path}`, { rejectUnauthorized: false }, (response) => {
          let text = "";
          response.on("data", (part: Buffer) => (text += part.toString()));
          response.on("end", () => resolve({ code: response.statusCode, text }));
        });
        asked.on("error", reject);
        asked.end();
      });
    const openMaps = "/api/v1/namespaces/kube-public/configmaps";
    const info = await anonymously(`${openMaps}/cluster-info`);
    expect(info.code).toBe(200);
    expect(info.text).toContain("jws-kubeconfig-abcdef");
    for (const path of [openMaps, `${openMaps}/kube-root-ca.crt`, "/api/v1/namespaces/kube-system/secrets"])
      expect((await anonymously(path)).code, path).toBe(401);
  });

  it("lets a token's bearer ask for a certificate, and nothing more", () => {
    const bearer = (args: string, token = "abcdef.0123456789abcdef") =>
      run(
        kubectlPath ?? "",
        [`--server=${server}`, "--insecure-skip-tls-verify", `--token=${token}`, ...args.split(" ")],
        { env: { KUBECONFIG: "/dev/null", HOME: folder } },
      );
    expect(bearer("auth whoami").out).toMatch(/Username\s+system:bootstrap:abcdef/);
    expect(bearer("auth can-i create csr").out).toBe("yes\n");
    expect(bearer("-n kube-public get cm cluster-info").code).toBe(0);
    for (const args of [
      "-n kube-system get secrets",
      "get pods",
      "get nodes",
      "-n kube-system get cm kubeadm-config",
      "auth can-i approve csr",
      "auth can-i create nodes",
      "auth can-i update certificatesigningrequests/approval",
    ])
      expect(bearer(args).code, args).not.toBe(0);
    expect(bearer("get csr", "abcdef.0123456789abcdee").err).toContain("must be logged in");
  });

  it("refuses whom it should, clearly, and leaves nothing behind", async () => {
    const good = joinFlags.at(-1) ?? "";
    const rest = joinFlags.slice(0, -2);
    const expiring = done(everynode("token", "create", "--ttl", "1s", "--kubeconfig", admin)).trim();
    await eventually(
      "its time over",
      () =>
        kubectl(`-n kube-system get secret bootstrap-token-${expiring.slice(0, 6)}`).err.includes(
          "NotFound",
        ) &&
        !seen("-n kube-public get cm cluster-info -o jsonpath={.data}").includes(
          `jws-kubeconfig-${expiring.slice(0, 6)}`,
        ),
    );
    const cases: [name: string, flags: string[], says: RegExp][] = [
      [
        "another second part",
        ["--server", server, "--token", "abcdef.0123456789abcdee", "--ca-hash", good],
        /token abcdef is known there, and its second part is another/,
      ],
      [
        "an unknown token",
        ["--server", server, "--token", "zzzzzz.0123456789abcdef", "--ca-hash", good],
        /knows no token zzzzzz, which may be wrong or have expired/,
      ],
      [
        "an expired token",
        ["--server", server, "--token", expiring, "--ca-hash", good],
        /knows no token \w{6}, which may be wrong or have expired/,
      ],
      [
        "another authority",
        ["--server", server, "--token", "abcdef.0123456789abcdef", "--ca-hash", `sha256:${"0".repeat(64)}`],
        /its authority's key is sha256:[0-9a-f]{64}, and --ca-hash gives sha256:0000/,
      ],
      [
        "nobody there",
        ["--server", "https://127.0.0.1:1", "--token", "abcdef.0123456789abcdef", "--ca-hash", good],
        /cannot reach https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
      ],
      [
        "a name that is taken",
        `--server ${server} --token abcdef.0123456789abcdef --ca-hash ${good} --node-name ship`.split(" "),
        /a node of this name is in the cluster and Ready/,
      ],
    ];
    for (const [name, flags, says] of cases) {
      const ran = everynode("join", ...rest, ...flags);
      expect(ran.code, name).toBe(1);
      expect(ran.err, name).toMatch(says);
      expect(existsSync(second), name).toBe(false);
    }
    expect(everynode("join", ...rest, "--server", server, "--token", "nonsense").code).toBe(2);
    expect(
      everynode("join", ...rest, "--server", server, "--token", "abcdef.0123456789abcdef").err,
    ).toContain("--ca-hash is missing");
    expect(processesMarked(second)).toEqual([]);
  });

  it("takes in a second machine by token and signed certificate; a daemon runs there", async () => {
    const command = done(everynode("token", "create", "--print-join-command", "--kubeconfig", admin)).trim();
    const joined = done(everynode(...command.split(" ").slice(1), ...joinFlags.slice(0, -2)));
    expect(joined).toContain("this machine is node boat and Ready");
    expect(seen("get nodes --no-headers")).toMatch(/^boat\s+Ready\s+<none>/m);
    expect(seen("get csr --no-headers")).toMatch(
      /^csr-\w+\s+\S+\s+kubernetes\.io\/kube-apiserver-client-kubelet\s+system:bootstrap:\w{6}\s+<none>\s+Approved,Issued$/m,
    );
    seen("apply -f -", daemonSet);
    await eventually("its pod on the second machine", () =>
      /^watch-\w+\s+1\/1\s+Running\s.*\sboat\s/m.test(seen("get pods -o wide --no-headers")),
    );
    expect(seen("get pods -o wide --no-headers")).not.toContain(" ship ");
    expect(existsSync(join(second, "pki"))).toBe(false);
  });

  it("lists and deletes tokens, and takes away those whose time is over", async () => {
    const token = done(
      everynode("token", "create", "--description", "for the yard", "--kubeconfig", admin),
    ).trim();
    const listed = () => done(everynode("token", "list", "--data-dir", first));
    expect(listed()).toMatch(new RegExp(`^${token}\\s+23h\\s.*authentication,signing\\s+for the yard`, "m"));
    const signed = () => seen("-n kube-public get cm cluster-info -o jsonpath={.data}");
    const id = token.slice(0, 6);
    await eventually("signed with it", () => signed().includes(`jws-kubeconfig-${id}`));
    expect(done(everynode("token", "delete", id, "--data-dir", first))).toContain(`"${id}" deleted`);
    expect(listed()).not.toContain(token);
    await eventually("no longer signed with it", () => !signed().includes(`jws-kubeconfig-${id}`));
    expect(everynode("token", "delete", id, "--data-dir", first).err).toContain("there is none of this ID");
    const brief = done(everynode("token", "create", "--ttl", "1s", "--kubeconfig", admin)).slice(0, 6);
    await eventually("its Secret gone", () =>
      kubectl(`-n kube-system get secret bootstrap-token-${brief}`).err.includes("NotFound"),
    );
  });

  it("signs what a person approves, and nothing that is denied", async () => {
    const put = async (name: string) => {
      const { request: pem } = await makeRequest({ commonName: "jane", organizations: ["crew"] });
      const spec = {
        request: Buffer.from(pem).toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client",
        usages: ["client auth"],
        username: "somebody-else",
      };
      seen(
        "apply -f -",
        JSON.stringify({
          apiVersion: "certificates.k8s.io/v1",
          kind: "CertificateSigningRequest",
          metadata: { name },
          spec,
        }),
      );
    };
    await put("jane");
    await put("mallory");
    expect(seen("get csr jane --no-headers")).toMatch(/kubernetes-admin\s+<none>\s+Pending$/m);
    seen("certificate approve jane");
    seen("certificate deny mallory");
    await eventually("a certificate", () => /Approved,Issued$/m.test(seen("get csr jane --no-headers")));
    const cert = Buffer.from(seen("get csr jane -o jsonpath={.status.certificate}"), "base64").toString();
    expect(cert).toContain("-----BEGIN CERTIFICATE-----");
    expect(seen("get csr mallory --no-headers")).toMatch(/Denied$/m);
    expect(seen("get csr mallory -o jsonpath={.status.certificate}")).toBe("");
    expect(kubectl("certificate approve mallory").code).toBe(1);
  });

  it("starts again whatever is killed, and loses nothing (V.1)", async () => {
    seen("create configmap cargo --from-literal=weight=12");
    const before = Object.fromEntries(components.map((one) => [one, pidOf(one) ?? 0]));
    process.kill(before["apiserver"] ?? 0, "SIGKILL");
    await running("apiserver", Object.values(before));
    await eventually("an answer", () => kubectl("get --raw=/readyz").code === 0);
    expect(seen("get configmap cargo -o jsonpath={.data.weight}")).toBe("12");
    for (const component of ["controller-manager", "scheduler"] as const) {
      process.kill(before[component] ?? 0, "SIGKILL");
      await running(component, Object.values(before));
    }
    await allReady();
    await eventually(
      "each restarted once",
      () =>
        seen("-n kube-system get pods -o jsonpath={.items[*].status.containerStatuses[0].restartCount}") ===
        "1 1 1",
    );
    // They are at work: a pod that is taken away comes back.
    const uid = () => seen("get pods -o jsonpath={.items[*].metadata.uid}");
    const old = uid();
    seen("delete pods -l app=watch --grace-period=0 --force");
    await eventually(
      "another pod",
      () => !uid().includes(old) && /1\/1\s+Running/.test(seen("get pods --no-headers")),
    );
  });

  it("rolls the component whose manifest is edited, and no other (S.3)", async () => {
    const manifest = join(first, "manifests/kube-scheduler.yaml");
    const before = Object.fromEntries(components.map((one) => [one, pidOf(one) ?? 0]));
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8").replace("  labels:\n", "  labels:\n    rolled: yes-it-is\n"),
    );
    await running("scheduler", [before["scheduler"] ?? 0]);
    await eventually("its mirror", () =>
      seen("-n kube-system get pods -l rolled=yes-it-is --no-headers").includes("1/1"),
    );
    expect(pidOf("apiserver")).toBe(before["apiserver"]);
    expect(pidOf("controller-manager")).toBe(before["controller-manager"]);
  });

  it("comes back after the whole machine was switched off", async () => {
    const unit = done(everynode("init", ...initFlags, "--print-unit"));
    const [program = "", ...words] = (/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? "").split(" ");
    const daemon = seen("get pods -o jsonpath={.items[0].metadata.uid}");
    const old = pidsOf(first, () => true);
    expect(old).toHaveLength(4);
    for (const pid of old) process.kill(pid, "SIGKILL");
    await eventually("all gone", () => processesMarked(first).length === 0);
    spawn(program, words, { detached: true, stdio: "ignore" }).unref();
    for (const component of components) await running(component, old);
    await eventually("an answer", () => kubectl("get --raw=/readyz").code === 0);
    await allReady();
    expect(seen("get configmap cargo -o jsonpath={.data.weight}")).toBe("12");
    await eventually("both nodes Ready", () => {
      const nodes = seen("get nodes --no-headers");
      return /^boat\s+Ready\s/m.test(nodes) && /^ship\s+Ready\s/m.test(nodes);
    });
    expect(seen("get pods -o jsonpath={.items[0].metadata.uid}")).toBe(daemon);
  });

  it("undoes what was made and nothing else, and can be told so twice", () => {
    expect(everynode("reset", "--data-dir", second).err).toContain("say so with --force");
    const left = done(everynode("reset", "--force", "--data-dir", second));
    expect(left).toContain("[reset] 1 pod has ended");
    expect(existsSync(second)).toBe(false);
    expect(processesMarked(second)).toEqual([]);

    writeFileSync(join(first, "manifests/notes.txt"), "mine");
    const reset = done(everynode("reset", "--force", "--data-dir", first));
    expect(reset).toContain(`kept ${first}/manifests: it holds what no set-up made: notes.txt`);
    expect(readdirSync(first, { recursive: true })).toEqual(["manifests", "manifests/notes.txt"]);
    expect(processesMarked(first)).toEqual([]);
    expect(done(everynode("reset", "--force", "--data-dir", first))).toContain("nothing to undo");
  });
});

const daemonSet = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: watch }
spec:
  selector: { matchLabels: { app: watch } }
  template:
    metadata: { labels: { app: watch } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: watch
          image: host
          command: [/bin/sh, -c, "echo on watch; exec sleep 3600"]
`;
