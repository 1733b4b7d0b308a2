// Owns tests of a container's environment and of what the downward API tells.
import { describe, expect, it } from "vitest";
import type { ConfigMap, Container, Pod, Secret } from "../../model/generated/types.ts";
import { RuntimeRefusal } from "../../runtime/runtime.ts";
import { resolveEnv } from "./env.ts";
import { fieldText, resourceText, type Whereabouts } from "./fields.ts";
import type { References } from "./references.ts";

const metadata = { name: "n", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" };
const settings: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata,
  data: { level: "debug", colour: "red" },
};
const password = Buffer.from("hush", "utf8").toString("base64");
const keys: Secret = { apiVersion: "v1", kind: "Secret", metadata, data: { password } };
const references: References = {
  token: async () => ({ token: "", until: 0 }),
  configMap: async (_namespace, name) => (name === "settings" ? settings : "absent"),
  secret: async (_namespace, name) => (name === "keys" ? keys : "absent"),
};
const where: Whereabouts = {
  nodeName: "worker-1",
  hostIp: "10.0.0.1",
  podIps: ["10.1.0.5"],
  allocatable: { cpu: "4", memory: "8Gi" },
};
const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...metadata, name: "a", labels: { app: "x", tier: 'y"z' }, annotations: { note: "hi" } },
  spec: { serviceAccountName: "robot", containers: [] },
};
const resolve = async (container: Partial<Container>) =>
  Object.fromEntries(await resolveEnv({ pod, container: { name: "main", ...container }, references, where }));

describe("resolveEnv", () => {
  it("takes envFrom first, then variables, each seeing those before it", async () => {
    const env = await resolve({
      envFrom: [{ configMapRef: { name: "settings" }, prefix: "S_" }, { secretRef: { name: "keys" } }],
      env: [
        { name: "URL", value: "http://$(S_colour)/$(LATER)" },
        { name: "LATER", value: "x" },
        { name: "TWICE", value: "$(LATER)$(LATER)" },
        { name: "password", value: "mine" },
      ],
    });
    expect(env).toEqual({
      S_level: "debug",
      S_colour: "red",
      password: "mine",
      URL: "http://red/$(LATER)",
      LATER: "x",
      TWICE: "xx",
    });
  });

  it("leaves out what is optional and absent", async () => {
    const env = await resolve({
      envFrom: [{ configMapRef: { name: "none", optional: true } }],
      env: [{ name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "none", optional: true } } }],
    });
    expect(env).toEqual({});
  });

  it.each<[string, Partial<Container>, string]>([
    ["a ConfigMap", { envFrom: [{ configMapRef: { name: "none" } }] }, 'configmap "none" not found'],
    [
      "a Secret",
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] },
      'secret "none" not found',
    ],
    [
      "a key",
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "k" } } }] },
      "couldn't find key k in ConfigMap default/settings",
    ],
    [
      "a field",
      { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] },
      "unsupported fieldPath: spec.x",
    ],
  ])("refuses a container that lacks %s", async (_what, container, message) => {
    await expect(resolve(container)).rejects.toEqual(
      new RuntimeRefusal("CreateContainerConfigError", message),
    );
    await expect(resolve(container)).rejects.toMatchObject({ reason: "CreateContainerConfigError" });
  });
});

describe("the downward API (K.3)", () => {
  it.each([
    ["metadata.name", "a"],
    ["metadata.namespace", "default"],
    ["metadata.uid", "u"],
    ["metadata.labels['app']", "x"],
    ["metadata.labels['none']", ""],
    ["metadata.annotations['note']", "hi"],
    ["metadata.labels", 'app="x"\ntier="y\\"z"'],
    ["spec.nodeName", "worker-1"],
    ["spec.serviceAccountName", "robot"],
    ["status.hostIP", "10.0.0.1"],
    ["status.podIP", "10.1.0.5"],
    ["status.phase", undefined],
  ])("tells %s as %s", (path, expected) => {
    expect(fieldText(pod, path, where)).toBe(expected);
  });

  it.each([
    ["limits.cpu", undefined, "2"],
    ["limits.cpu", "1m", "1500"],
    ["requests.memory", "1Mi", "64"],
    ["limits.memory", "1Mi", "8192"],
    ["requests.cpu", "1m", "1500"],
    ["nonsense", undefined, undefined],
  ])("tells %s by %s as %s", (resource, divisor, expected) => {
    const container: Container = {
      name: "main",
      resources: { limits: { cpu: "1500m" }, requests: { memory: "64Mi" } },
    };
    expect(resourceText(pod, container, { resource, divisor }, where)).toBe(expected);
  });
});
