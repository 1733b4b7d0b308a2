// Owns the walk through what a pod can ask of its node, each seen with kubectl.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Edge, shell } from "./edge.fixture.ts";
import { eventually, withModernKubectl } from "./harness.ts";

const kubectl = withModernKubectl();
const isRoot = process.getuid?.() === 0;

describe.skipIf(kubectl === undefined)("a pod asks its node", () => {
  const edge = new Edge(kubectl ?? "");

  beforeAll(async () => {
    await edge.start("containerLogMaxSize: 2Ki\ncontainerLogMaxFiles: 5\ncontainerLogMonitorInterval: 1s\n");
  });
  afterAll(() => edge.stop());

  it("to say why it ended: by its own message, or with the end of its log", async () => {
    edge.apply("speaks", {
      restartPolicy: "Never",
      containers: [shell("echo out of cheese >/dev/termination-log; exit 3")],
    });
    edge.apply("logs-it", {
      restartPolicy: "Never",
      containers: [shell("echo no cheese; exit 1", { terminationMessagePolicy: "FallbackToLogsOnError" })],
    });
    const ended = (name: string) => edge.until(name, "ended", ({ status }) => status?.phase === "Failed");
    const terminatedOf = async (name: string) =>
      (await ended(name)).status?.containerStatuses?.[0]?.state.terminated;
    expect(await terminatedOf("logs-it")).toMatchObject({ exitCode: 1, message: "no cheese\n" });
    if (isRoot)
      expect(await terminatedOf("speaks")).toMatchObject({ exitCode: 3, message: "out of cheese\n" });
  });

  it("to keep its log short: rotated and compressed, and followed over it without a gap", async () => {
    const count = 150;
    edge.apply("talks", {
      restartPolicy: "Never",
      containers: [
        shell(
          `n=0; while [ $n -lt ${count} ]; do echo line $n of a long tale that fills the log; n=$((n+1)); sleep 0.05; done`,
        ),
      ],
    });
    await edge.until("talks", "runs", ({ status }) => status?.phase === "Running");
    const followed = edge.logs("talks", "-f").trim().split("\n");
    expect(followed).toEqual(
      Array.from({ length: count }, (_, n) => `line ${n} of a long tale that fills the log`),
    );
    const folder = join(edge.root, "logs");
    const pod = readdirSync(folder).find((name) => name.startsWith("default_talks_")) ?? "";
    await eventually("compressed logs", () => {
      const names = readdirSync(join(folder, pod, "main"));
      return names.length <= 5 && names.some((name) => /^0\.log\.\d{8}-\d{6}\.gz$/.test(name));
    });
  });

  it("for files and variables of every kind", async () => {
    edge.cluster.ok("create configmap conf --from-literal=a.conf=one --from-literal=LEVEL=debug");
    const script = [
      "echo env $APP_LEVEL $GREETING $LIMIT $NODE",
      "echo mode $(stat -L -c %a /tmp/conf/run.sh)",
      "echo sub $(cat /tmp/sub)",
      "echo labels $(cat /tmp/down/labels)",
      "echo token $(cut -d. -f2 /tmp/down/token | tr _- /+ | base64 -d 2>/dev/null | grep -o 'system:serviceaccount:default:default')",
      "grep db.example /etc/hosts",
      ...(isRoot ? ["echo memory $(stat -f -c %T /tmp/mem)"] : []),
      "echo group $(stat -c %g /tmp/mem)",
      "exec sleep 100000",
    ];
    edge.apply("asks", {
      serviceAccountName: "default",
      hostAliases: [{ ip: "10.1.2.3", hostnames: ["db.example"] }],
      ...(isRoot ? { securityContext: { fsGroup: 4321 } } : {}),
      volumes: [
        {
          name: "conf",
          configMap: { name: "conf", items: [{ key: "a.conf", path: "run.sh", mode: 0o755 }] },
        },
        { name: "whole", configMap: { name: "conf" } },
        {
          name: "down",
          projected: {
            sources: [
              { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] } },
              { serviceAccountToken: { path: "token", audience: "vault" } },
            ],
          },
        },
        { name: "mem", emptyDir: { ...(isRoot ? { medium: "Memory" } : {}), sizeLimit: "4Mi" } },
      ],
      containers: [
        shell(script.join("\n"), {
          envFrom: [{ prefix: "APP_", configMapRef: { name: "conf" } }],
          env: [
            { name: "WHO", value: "you" },
            { name: "GREETING", value: "hello-$(WHO)" },
            { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
            { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          ],
          resources: { limits: { memory: "64Mi", cpu: "500m" } },
          volumeMounts: [
            { name: "conf", mountPath: "/tmp/conf" },
            { name: "whole", mountPath: "/tmp/sub", subPath: "a.conf" },
            { name: "down", mountPath: "/tmp/down" },
            { name: "mem", mountPath: "/tmp/mem" },
          ],
        }),
      ],
    });
    const pod = await edge.until("asks", "runs", ({ status }) => status?.phase === "Running");
    expect(pod.status?.qosClass).toBe("Guaranteed");
    const log = await eventually("its log", () => {
      const text = edge.logs("asks");
      return text.includes("group ") && text;
    });
    expect(log.trim().split("\n")).toEqual([
      "env debug hello-you 64 edge",
      "mode 755",
      "sub one",
      "labels asks",
      "token system:serviceaccount:default:default",
      "10.1.2.3\tdb.example",
      ...(isRoot ? ["memory tmpfs"] : []),
      `group ${isRoot ? 4321 : process.getgid?.()}`,
    ]);
    edge.cluster.ok("delete pod asks --now");
  });

  it("to be asked by gRPC whether it is ready", async () => {
    const health = { code: 1 };
    const server = new Server();
    const method = {
      path: "/grpc.health.v1.Health/Check",
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => ({ bytes }),
      requestSerialize: ({ bytes }: { bytes: Buffer }) => bytes,
      responseSerialize: (code: number) => Buffer.from([8, code]),
      responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
    };
    server.addService(
      { check: method },
      { check: (_call: unknown, answer: (failure: null, code: number) => void) => answer(null, health.code) },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (failure, bound) =>
        failure === null ? resolve(bound) : reject(failure),
      ),
    );
    try {
      const readinessProbe = { grpc: { port }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10 };
      edge.apply("healthy", { containers: [shell("exec sleep 100000", { readinessProbe })] });
      const ready = (is: boolean) =>
        edge.until(
          "healthy",
          `is ready: ${is}`,
          ({ status }) => status?.containerStatuses?.[0]?.ready === is,
        );
      await ready(true);
      health.code = 2;
      await ready(false);
    } finally {
      server.forceShutdown();
    }
  });

  it("for less than all rights, and hears which of its wishes can't be met", async () => {
    const refused = async (name: string, securityContext: object): Promise<string> => {
      edge.apply(name, { containers: [shell("exec sleep 100000", { securityContext })] });
      const pod = await edge.until(name, "is refused", ({ status }) =>
        (status?.containerStatuses?.[0]?.state.waiting?.reason ?? "").startsWith("Create"),
      );
      return pod.status?.containerStatuses?.[0]?.state.waiting?.message ?? "";
    };
    expect(await refused("seccomp", { seccompProfile: { type: "RuntimeDefault" } })).toContain(
      "securityContext.seccompProfile RuntimeDefault",
    );
    if (!isRoot) return;
    expect(await refused("not-root", { runAsNonRoot: true })).toContain("image will run as root");
    edge.apply("nobody", {
      restartPolicy: "Never",
      containers: [
        shell(
          "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; touch /etc/x 2>&1 | grep -o Read-only",
          {
            securityContext: {
              runAsUser: 4000,
              runAsGroup: 4001,
              runAsNonRoot: true,
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
            },
          },
        ),
      ],
      securityContext: { supplementalGroups: [4002] },
    });
    await edge.until("nobody", "ended", ({ status }) => /Succeeded|Failed/.test(status?.phase ?? ""));
    expect(edge.logs("nobody").trim().split("\n")).toEqual([
      "4000",
      "4001",
      "4001 4002",
      "NoNewPrivs:\t1",
      "Read-only",
    ]);
  });

  it("for no more memory than its limit: the kernel ends it, and its status says why", async () => {
    if (!isRoot || edge.kubelet?.errors.includes("limits of containers are not enforced") === true) {
      console.warn("skipped: this machine enforces no limits");
      return;
    }
    edge.apply("eats", {
      restartPolicy: "Never",
      containers: [shell("exec tail /dev/zero", { resources: { limits: { memory: "32Mi" } } })],
    });
    const pod = await edge.until("eats", "ended", ({ status }) => status?.phase === "Failed");
    expect(pod.status?.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
    });
  });
});
