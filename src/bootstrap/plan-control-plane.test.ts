// Owns the proof of the control plane's static pods.
import { describe, expect, test } from "vitest";
import { pod as podKind } from "../model/kinds/pod.ts";
import { checkSchema } from "../model/schema-check.ts";
import { planControlPlane, type ControlPlane, type EtcdMember } from "./plan-control-plane.ts";

const plane: ControlPlane = {
  program: ["/usr/bin/node", "/opt/everynode.js"],
  version: "1.2.3",
  address: "192.0.2.1",
  apiServerPort: 6443,
  controllerManagerPort: 10_257,
  schedulerPort: 10_259,
  pki: "/d/pki",
  apiServerData: "/d/apiserver",
  controllerManagerConf: "/d/controller-manager.conf",
  schedulerConf: "/d/scheduler.conf",
};
const etcd: EtcdMember = {
  name: "ship",
  program: "/usr/bin/etcd",
  dataDir: "/d/etcd",
  port: 2379,
  pki: "/d/pki/etcd",
};
const wordsOf = (given: ControlPlane, name: string): readonly string[] =>
  planControlPlane(given).find((one) => one.name === name)?.pod.spec?.containers[0]?.command ?? [];

describe("the control plane's static pods", () => {
  test.each([
    ["without etcd", plane, ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]],
    ["with it", { ...plane, etcd }, ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]],
  ])("%s: each a valid pod that refers to nothing in an API", (_name, given, names) => {
    const components = planControlPlane(given);
    expect(components.map(({ name }) => name)).toEqual(names);
    for (const { pod } of components) {
      const { errors, unknown, pruned } = checkSchema("Pod", pod);
      expect([...errors, ...unknown]).toEqual([]);
      expect(pruned).toEqual(pod);
      const draft = structuredClone(pod);
      podKind.applyDefaults(draft);
      expect(podKind.validate(draft)).toEqual([]);
      expect(pod.metadata.namespace).toBe("kube-system");
      expect(pod.spec).toMatchObject({ hostNetwork: true, priorityClassName: "system-node-critical" });
      expect(JSON.stringify(pod)).not.toMatch(/configMap|secret|serviceAccount/);
    }
  });

  test("are asked for their health where they listen", () => {
    expect(planControlPlane({ ...plane, etcd }).map(({ health }) => health)).toEqual([
      "http://192.0.2.1:2381/health",
      "https://192.0.2.1:6443/readyz",
      "https://192.0.2.1:10257/readyz",
      "https://192.0.2.1:10259/readyz",
    ]);
    const [first] = planControlPlane({ ...plane, address: "2001:db8::1" });
    expect(first?.health).toBe("https://[2001:db8::1]:6443/readyz");
    expect(first?.pod.spec?.containers[0]?.livenessProbe?.httpGet?.host).toBe("2001:db8::1");
  });

  test("the API server calls etcd with a certificate of etcd's own authority", () => {
    expect(wordsOf(plane, "kube-apiserver").join(" ")).not.toContain("etcd");
    expect(wordsOf({ ...plane, etcd }, "kube-apiserver")).toEqual(
      expect.arrayContaining([
        "--etcd-servers=https://192.0.2.1:2379",
        "--etcd-cafile=/d/pki/etcd/ca.crt",
        "--etcd-certfile=/d/pki/etcd/apiserver-etcd-client.crt",
      ]),
    );
    expect(wordsOf({ ...plane, etcd }, "etcd")).toEqual(
      expect.arrayContaining(["--client-cert-auth=true", "--trusted-ca-file=/d/pki/etcd/ca.crt"]),
    );
  });

  test("only the controller manager is handed the authority's key", () => {
    for (const { name, pod } of planControlPlane({ ...plane, etcd }))
      expect(JSON.stringify(pod).includes("/ca.key"), name).toBe(name === "kube-controller-manager");
  });
});
