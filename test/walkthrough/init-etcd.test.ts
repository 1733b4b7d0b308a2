// Owns the walk through a control plane whose objects are kept in etcd.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  endMarked,
  eventually,
  everynode,
  Everynode,
  processesMarked,
  run,
  withModernKubectl,
  type Ran,
} from "./harness.ts";
import { freePorts, threeFreePorts } from "../ports.ts";

const kubectlPath = withModernKubectl();
const withEtcd = run("/bin/sh", ["-c", "command -v etcd"]).code === 0;
if (!withEtcd) {
  if (process.env["EVERYNODE_SKIP_IS_FAILURE"] === "1")
    throw new Error("no etcd on this machine: in CI a skip is a failure");
  console.warn("skipped: a control plane over etcd needs an etcd on the PATH, and there is none");
}

describe.skipIf(kubectlPath === undefined || !withEtcd)("a control plane over etcd", () => {
  const folder = mkdtempSync(join(tmpdir(), "everynode-init-etcd-"));
  const data = join(folder, "data");
  const kubectl = (args: string): Ran =>
    run(kubectlPath ?? "", args.split(" "), { env: { KUBECONFIG: join(data, "admin.conf"), HOME: folder } });
  afterAll(() => {
    endMarked(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it("runs etcd as a static pod too, loses nothing with its death, and is taken back whole", async () => {
    const [api, manager, scheduler, node] = await freePorts(4);
    const etcd = await threeFreePorts();
    const flags = `--data-dir ${data} --node-name ship --apiserver-bind-port ${api} --kubelet-port ${node} --controller-manager-port ${manager} --scheduler-port ${scheduler} --etcd --etcd-port ${etcd}`;
    const init = new Everynode(["init", ...flags.split(" "), "--foreground"]);
    await init.line(/everynode join --server/, 180_000);
    expect(init.output).toContain("[wait-control-plane] etcd is healthy");
    await eventually("four pods ready", () => {
      const rows = kubectl("-n kube-system get pods --no-headers").out.trim().split("\n");
      return rows.length === 4 && rows.every((row) => /\s1\/1\s+Running\s/.test(row));
    });
    expect(kubectl("create configmap cargo --from-literal=weight=12").code).toBe(0);
    expect(existsSync(join(data, "apiserver/store"))).toBe(false);
    const pids = () =>
      processesMarked(data).filter((pid) => {
        const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return program.endsWith("/etcd");
      });
    const [old = 0, ...others] = pids();
    expect(others).toEqual([]);
    process.kill(old, "SIGKILL");
    await eventually("another etcd", () => pids().some((pid) => pid !== old));
    await eventually(
      "the cargo",
      () => kubectl("get configmap cargo -o jsonpath={.data.weight} --request-timeout=5s").out === "12",
    );
    // In the foreground the command stays, starts the kubelet again, and ends with it; containers go on.
    const kubelet = () => Number(readFileSync(join(data, "kubelet.pid"), "utf8"));
    const killed = kubelet();
    process.kill(killed, "SIGKILL");
    await eventually("another kubelet", () => kubelet() !== killed);
    expect(await init.kill("SIGTERM")).toBe(0);
    // It has ended by then; its number stays until somebody has asked how.
    await eventually("the kubelet's end", () => !existsSync(`/proc/${kubelet()}`));
    expect(pids()).toHaveLength(1);
    expect(everynode("reset", "--force", "--data-dir", data)).toMatchObject({ code: 0 });
    expect(existsSync(data)).toBe(false);
    expect(processesMarked(data)).toEqual([]);
  });
});
