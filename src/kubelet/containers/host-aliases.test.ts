// Owns the proof that a pod's further hosts are known in its containers, and probes by gRPC and root's absence are minded.
import { describe, expect, it } from "vitest";
import { oneContainer, Rig } from "../kubelet-rig.fixture.ts";

const hostAliases = [{ ip: "10.1.2.3", hostnames: ["db", "db.example"] }];
const mountsOf = (rig: Rig) => rig.runtime.configOf(rig.runtime.running("main")?.id ?? "").mounts;

describe("a pod's host aliases", () => {
  it("stand after the host's own names, in a file of the container's own", async () => {
    const rig = new Rig();
    await rig.files.writeText("/etc/hosts", "127.0.0.1 localhost\n");
    rig.put({ name: "a", spec: oneContainer({}, { hostAliases }) });
    await rig.start();
    const mount = mountsOf(rig).find(({ containerPath }) => containerPath === "/etc/hosts");
    expect(await rig.files.readText(mount?.hostPath ?? "")).toBe(
      "127.0.0.1 localhost\n\n# Entries added by HostAliases.\n10.1.2.3\tdb\tdb.example\n",
    );
    await rig.halt();
  });

  it("give way to a file that the container brings itself, and none makes none", async () => {
    const rig = new Rig();
    const own = oneContainer(
      { volumeMounts: [{ name: "v", mountPath: "/etc/hosts" }] },
      { hostAliases, volumes: [{ name: "v", hostPath: { path: "/my/hosts" } }] },
    );
    rig.put({ name: "a", spec: own });
    await rig.start();
    expect(mountsOf(rig).map(({ hostPath }) => hostPath)).toEqual(["/my/hosts"]);
    await rig.halt();
  });
});

describe("a gRPC probe (K.1)", () => {
  it("asks the container's port for the service, and goes by what is answered", async () => {
    const rig = new Rig();
    const asked: string[] = [];
    let answer: "serving" | { error: string } = "serving";
    rig.grpc = (port, service) => {
      asked.push(`${port} ${service}`);
      return answer;
    };
    const readinessProbe = { grpc: { port: 9000, service: "shop" }, periodSeconds: 1, failureThreshold: 1 };
    rig.put({ name: "a", spec: oneContainer({ readinessProbe }) });
    await rig.start();
    const isReady = () => rig.pod("a")?.status?.containerStatuses?.[0]?.ready;
    await rig.run(1000);
    expect([asked[0], isReady()]).toEqual(["9000 shop", true]);
    answer = { error: 'service unhealthy (responded with "NOT_SERVING")' };
    await rig.run(1100);
    expect(isReady()).toBe(false);
    expect(rig.events.join("\n")).toMatch(/Unhealthy a: Readiness probe failed: service unhealthy/);
    await rig.halt();
  });
});

describe("a container's confinement", () => {
  it("is told to the runtime, the container's own word before the pod's", async () => {
    const rig = new Rig();
    const securityContext = {
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
      appArmorProfile: { type: "Localhost", localhostProfile: "mine" },
      seLinuxOptions: { level: "s0:c1" },
    };
    const own = { seccompProfile: { type: "Unconfined" } };
    rig.put({ name: "a", spec: oneContainer({ securityContext: own }, { securityContext }) });
    await rig.start();
    const { security } = rig.runtime.configOf(rig.runtime.running("main")?.id ?? "");
    expect(security.mustNotBeRoot).toBe(true);
    expect(security.confinement).toEqual(["appArmorProfile Localhost mine", "seLinuxOptions s0:c1"]);
    await rig.halt();
  });
});
