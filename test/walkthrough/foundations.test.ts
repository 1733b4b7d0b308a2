// Owns the walk of a new user through a cluster with a stock kubectl: from the first apply to a crash and back.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, eventually, Everynode, processesMarked, run, withKubectl } from "./harness.ts";

const mark = `WALK=${randomUUID()}`;

const agent = (name: string, more = ""): string => `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
${more}
      containers:
        - name: agent
          image: host
          command: ["/bin/sh", "-c", "echo started on $NODE; exec sleep 1000000"]
          env:
            - { name: WALK, value: "${mark.slice(5)}" }
            - { name: SET, value: "${name}-set" }
            - { name: NODE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
`;

/** Host processes that are the agent itself, by the node they belong to. */
function agents(name: string): { pid: number; node: string }[] {
  return processesMarked(mark).flatMap((pid) => {
    try {
      const env = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (!env.includes(`SET=${name}-set`) || command[0] !== "sleep") return [];
      return [{ pid, node: env.find((pair) => pair.startsWith("NODE="))?.slice(5) ?? "" }];
    } catch {
      return [];
    }
  });
}

const nodesOf = (found: readonly { node: string }[]): string[] => found.map(({ node }) => node).sort();
const kubectlPath = withKubectl();

describe.skipIf(kubectlPath === undefined)("a cluster from one command", () => {
  const cluster = new Cluster(kubectlPath ?? "");
  const kubectl = (args: string, input?: string): string => cluster.ok(args, input);
  const readyOn = (name: string, ...nodes: string[]): Promise<unknown> =>
    eventually(`${name} ready on ${nodes.join(" ")}`, () => {
      const lines = kubectl(
        `get pods -l app=${name} -o jsonpath='{range .items[*]}{.spec.nodeName}{" "}{.status.conditions[?(@.type=="Ready")].status}{" "}{.metadata.deletionTimestamp}{"\\n"}{end}'`,
      )
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.trim())
        .sort();
      const wanted = nodes.map((node) => `${node} True`).sort();
      if (JSON.stringify(lines) !== JSON.stringify(wanted)) throw new Error(`saw ${lines.join("; ")}`);
      return true;
    });

  beforeAll(async () => {
    await cluster.start();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  it("shows one control-plane node and three workers, Ready", () => {
    const nodes = kubectl("get nodes");
    expect(nodes.split("\n")[0]).toMatch(/^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION$/);
    expect(nodes).toMatch(/^control-plane\s+Ready\s+control-plane\s/m);
    for (const worker of ["worker-1", "worker-2", "worker-3"])
      expect(nodes).toMatch(new RegExp(`^${worker}\\s+Ready\\s`, "m"));
    expect(kubectl("get nodes -o wide").split("\n")[0]).toMatch(
      /INTERNAL-IP\s+EXTERNAL-IP\s+OS-IMAGE\s+KERNEL-VERSION\s+CONTAINER-RUNTIME/,
    );
  });

  it("applies a DaemonSet: one process a worker, none on the tainted control plane (D.1)", async () => {
    expect(kubectl("apply -f -", agent("one"))).toContain("daemonset.apps/one created");
    await readyOn("one", "worker-1", "worker-2", "worker-3");
    expect(nodesOf(agents("one"))).toEqual(["worker-1", "worker-2", "worker-3"]);
    expect(kubectl("apply -f -", agent("one"))).toContain("daemonset.apps/one unchanged");
  });

  it("prints what upstream prints", async () => {
    await eventually("ds counts", () => /^one\s+3\s+3\s+3\s+3\s+3\s+<none>\s+\d+/m.test(kubectl("get ds")));
    expect(kubectl("get ds").split("\n")[0]).toMatch(
      /^NAME\s+DESIRED\s+CURRENT\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+NODE SELECTOR\s+AGE$/,
    );
    expect(kubectl("get ds -o wide").split("\n")[0]).toMatch(/CONTAINERS\s+IMAGES\s+SELECTOR$/);
    expect(kubectl("get pods").split("\n")[0]).toMatch(/^NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE$/);
    expect(kubectl("get pods -o wide")).toMatch(
      /^one-[a-z0-9]{5}\s+1\/1\s+Running\s+0\s+\S+\s+\S+\s+worker-1\s/m,
    );
    expect(
      kubectl("get pods --field-selector spec.nodeName=worker-2 -o name").trim().split("\n"),
    ).toHaveLength(1);
    expect(kubectl("get pods --selector app=one,app!=two -o name").trim().split("\n")).toHaveLength(3);
    expect(kubectl("get ds,pods -o name")).toMatch(/daemonset\.apps\/one\n(pod\/one-\S+\n){3}/);
    expect(JSON.parse(kubectl("get ds one -o json")).status.numberReady).toBe(3);
    expect(kubectl("get ds one -o yaml")).toMatch(/numberReady: 3/);
    const described = kubectl("describe ds one");
    for (const line of [
      /Desired Number of Nodes Scheduled: 3/,
      /Number of Nodes Misscheduled: 0/,
      /Pods Status:\s+3 Running \/ 0 Waiting/,
      /SuccessfulCreate/,
    ])
      expect(described).toMatch(line);
    const pod = kubectl("get pods -o name").split("\n")[0] ?? "";
    expect(kubectl(`describe ${pod}`)).toMatch(/Controlled By:\s+DaemonSet\/one/);
    expect(kubectl("describe node worker-1")).toMatch(/Non-terminated Pods:\s+\(1 in total\)/);
  });

  it("shows and follows a container's log", async () => {
    const pod = kubectl(
      "get pods --field-selector spec.nodeName=worker-1 -o jsonpath='{.items[0].metadata.name}'",
    );
    expect(kubectl(`logs ${pod}`)).toBe("started on worker-1\n");
    kubectl(
      "apply -f -",
      agent("talker").replace(
        "exec sleep 1000000",
        "n=0; while true; do n=$((n+1)); echo tick $n; sleep 1; done",
      ),
    );
    await readyOn("talker", "worker-1", "worker-2", "worker-3");
    const talker = kubectl("get pods -l app=talker -o jsonpath='{.items[0].metadata.name}'");
    const followed = cluster.beside(`logs -f ${talker}`);
    await eventually("what was said, and what came", () =>
      /^started.*\ntick 1\n(?:tick \d+\n)*tick [4-9]\n/.test(followed.output),
    );
    await followed.kill("SIGKILL");
    expect(kubectl(`logs ${pod} --tail=1 --timestamps`)).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z started on worker-1\n$/,
    );
    kubectl("delete ds talker --wait=true");
  });

  it("runs on the control plane too with the right toleration", async () => {
    kubectl(
      "apply -f -",
      agent(
        "everywhere",
        "      tolerations: [{ key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule }]",
      ),
    );
    await readyOn("everywhere", "control-plane", "worker-1", "worker-2", "worker-3");
    kubectl("delete ds everywhere");
    await eventually("its processes are gone", () => agents("everywhere").length === 0);
  });

  it("restarts a killed container with a restart count", async () => {
    const victim = agents("one").find(({ node }) => node === "worker-3");
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await eventually(
      "restart count 1",
      () =>
        kubectl(
          "get pods --field-selector spec.nodeName=worker-3 -o jsonpath='{.items[0].status.containerStatuses[0].restartCount} {.items[0].status.phase}'",
        ) === "1 Running",
    );
    // A shell first, until it has become the agent.
    let most = 0;
    await eventually("another agent", () => {
      const replaced = agents("one").filter(({ node }) => node === "worker-3");
      most = Math.max(most, replaced.length);
      return replaced.some(({ pid }) => pid !== victim?.pid);
    });
    expect(most).toBe(1);
    expect(
      kubectl(
        "get pods --field-selector spec.nodeName=worker-3 -o jsonpath='{.items[0].status.containerStatuses[0].lastState.terminated.exitCode}'",
      ),
    ).toBe("137");
  });

  it("recreates a deleted pod, never two at once (D.7)", async () => {
    // The name may be the same again: it is the pod that is another one.
    const uids = (): string =>
      kubectl("get pods --field-selector spec.nodeName=worker-2 -o jsonpath='{.items[*].metadata.uid}'");
    const before = uids();
    const pod = kubectl(
      "get pods --field-selector spec.nodeName=worker-2 -o jsonpath='{.items[0].metadata.name}'",
    );
    kubectl(`delete pod ${pod} --wait=false`);
    let most = 0;
    await eventually("a new pod", () => {
      most = Math.max(most, agents("one").filter(({ node }) => node === "worker-2").length);
      const now = uids();
      return now !== "" && !now.includes(before);
    });
    await readyOn("one", "worker-1", "worker-2", "worker-3");
    expect(most).toBeLessThanOrEqual(1);
  });

  it("follows labels, taints and cordons (D.1, D.2, D.4)", async () => {
    kubectl("apply -f -", agent("picky", "      nodeSelector: { disk: ssd }"));
    await eventually("nothing desired", () => / 0 /.test(kubectl("get ds picky --no-headers")));
    kubectl("label node worker-2 disk=ssd");
    await readyOn("picky", "worker-2");
    kubectl("taint node worker-2 maintenance=yes:NoSchedule");
    await eventually(
      "the taint is seen",
      () => kubectl("get ds picky -o jsonpath='{.status.desiredNumberScheduled}'") === "0",
    );
    await readyOn("picky", "worker-2");
    kubectl("label node worker-2 disk-");
    await eventually("gone from worker-2", () => agents("picky").length === 0);
    kubectl("taint node worker-2 maintenance-");
    kubectl("cordon worker-1");
    expect(kubectl("get nodes")).toMatch(/^worker-1\s+Ready,SchedulingDisabled/m);
    kubectl("label node worker-1 disk=ssd");
    await readyOn("picky", "worker-1");
    kubectl("taint node worker-1 out=now:NoExecute");
    await eventually("evicted", () => agents("picky").length === 0);
    kubectl("taint node worker-1 out-");
    kubectl("uncordon worker-1");
    kubectl("label node worker-1 disk-");
    kubectl("delete ds picky");
    await readyOn("one", "worker-1", "worker-2", "worker-3");
  });

  it("follows node affinity", async () => {
    const affinity = `      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{ matchExpressions: [{ key: kubernetes.io/hostname, operator: NotIn, values: [worker-1] }] }]`;
    kubectl("apply -f -", agent("affine", affinity));
    await readyOn("affine", "worker-2", "worker-3");
    const term = kubectl(
      "get pods -l app=affine --field-selector spec.nodeName=worker-2 -o jsonpath='{.items[0].spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms}'",
    );
    expect(JSON.parse(term)).toEqual([
      { matchFields: [{ key: "metadata.name", operator: "In", values: ["worker-2"] }] },
    ]);
    kubectl("delete ds affine");
  });

  it("a node joins and gets its pod; deleted, its pod and process end and start nowhere else (D.18)", async () => {
    const joined = cluster.also(
      "kubelet",
      "--kubeconfig",
      cluster.kubeconfig,
      "--node-name",
      "worker-9",
      "--root-dir",
      join(cluster.folder, "d9"),
    );
    await readyOn("one", "worker-1", "worker-2", "worker-3", "worker-9");
    expect(nodesOf(agents("one"))).toEqual(["worker-1", "worker-2", "worker-3", "worker-9"]);
    kubectl("delete node worker-9");
    await eventually("its process has ended", () => !nodesOf(agents("one")).includes("worker-9"));
    await readyOn("one", "worker-1", "worker-2", "worker-3");
    expect(nodesOf(agents("one"))).toEqual(["worker-1", "worker-2", "worker-3"]);
    await joined.kill("SIGTERM");
  });

  it("watches", async () => {
    const watching = cluster.beside("get ds -w --output-watch-events");
    await eventually("the set", () => /ADDED\s+one\s+3/.test(watching.output));
    await watching.kill("SIGKILL");
  });

  it("replaces outdated pods within maxUnavailable (D.14)", async () => {
    const before = agents("one").map(({ pid }) => pid);
    kubectl("set env ds/one ROUND=2");
    expect(kubectl("rollout status ds/one --timeout=60s")).toMatch(/successfully rolled out/);
    expect(nodesOf(agents("one"))).toEqual(["worker-1", "worker-2", "worker-3"]);
    expect(agents("one").some(({ pid }) => before.includes(pid))).toBe(false);
  });

  it("kill -9 of the whole cluster loses nothing and starts nothing twice (V.1, D.7)", async () => {
    await eventually("steady", () => / 3 +3 +3 +3 +3 /.test(kubectl("get ds one --no-headers")));
    const before = agents("one");
    const uids = kubectl("get pods -o jsonpath='{.items[*].metadata.uid}'");
    kubectl("create -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept }\ndata: { a: b }\n");
    await cluster.up?.kill("SIGKILL");
    expect(agents("one")).toEqual(before);
    await cluster.start();
    expect(kubectl("get cm kept -o jsonpath='{.data.a}'")).toBe("b");
    await readyOn("one", "worker-1", "worker-2", "worker-3");
    expect(agents("one").sort((a, b) => a.pid - b.pid)).toEqual(before.sort((a, b) => a.pid - b.pid));
    expect(kubectl("get pods -o jsonpath='{.items[*].metadata.uid}'")).toBe(uids);
    const victim = before[0];
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await eventually(
      "an adopted container is restarted too",
      () => agents("one").length === 3 && !agents("one").some(({ pid }) => pid === victim?.pid),
    );
  });

  it("says what is wrong in the first five minutes", async () => {
    const second = new Everynode(["up", "--port", "0", "--data-dir", cluster.dataDir]);
    expect(await second.ended()).toBe(1);
    expect(second.errors).toMatch(
      new RegExp(`cannot open .*${cluster.dataDir}.*: process ${cluster.up?.child.pid} has it open`),
    );
    const port = new URL(/server: (\S+)/.exec(readFileSync(cluster.kubeconfig, "utf8"))?.[1] ?? "").port;
    const taken = new Everynode(["up", "--port", port, "--data-dir", join(cluster.folder, "other")]);
    expect(await taken.ended()).toBe(1);
    expect(taken.errors).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*--port`));
    writeFileSync(join(cluster.folder, "broken.yaml"), "apiVersion: v1\nkind: [\n");
    expect(cluster.kubectl(`apply -f ${join(cluster.folder, "broken.yaml")}`).err).toMatch(
      /broken\.yaml.*line/,
    );
    expect(
      cluster.kubectl("apply -f -", agent("bad").replace("  template:", "  replicas: 3\n  template:")).err,
    ).toMatch(/unknown field "(?:spec\.)?replicas"/);
    expect(
      cluster.kubectl(
        "apply -f -",
        agent("bad").replace("matchLabels: { app: bad }", "matchLabels: { app: other }"),
      ).err,
    ).toMatch(
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    );
    kubectl("apply -f -", agent("nosuch").replace('"/bin/sh", "-c"', '"no-such-program"'));
    await eventually("the reason on the pod", () =>
      /RunContainerError|CrashLoopBackOff/.test(
        kubectl(
          "get pods -l app=nosuch -o jsonpath='{.items[0].status.containerStatuses[0].state.waiting.reason}'",
        ),
      ),
    );
    await eventually("the event names the program", () =>
      /Warning\s+Failed .*no-such-program/.test(
        kubectl(`describe pod ${kubectl("get pods -l app=nosuch -o jsonpath='{.items[0].metadata.name}'")}`),
      ),
    );
    kubectl("delete ds nosuch");
    const stranger = run(
      cluster.kubectlPath,
      [
        "get",
        "pods",
        "--server",
        `https://127.0.0.1:${port}`,
        "--insecure-skip-tls-verify",
        "--username",
        "",
        "--token",
        "wrong",
      ],
      {
        env: { KUBECONFIG: "/dev/null", HOME: cluster.folder },
      },
    );
    expect(stranger.code).not.toBe(0);
    expect(stranger.err).toMatch(/You must be logged in to the server|Unauthorized/);
  });

  it("deletes, and the processes end; an orderly end leaves nothing behind", async () => {
    kubectl("delete ds one");
    await eventually("all gone", () => agents("one").length === 0 && kubectl("get pods -o name") === "");
    kubectl("apply -f -", agent("last"));
    await readyOn("last", "worker-1", "worker-2", "worker-3");
    expect(await cluster.up?.kill("SIGTERM")).toBe(0);
    expect(agents("last")).toEqual([]);
  });
});
