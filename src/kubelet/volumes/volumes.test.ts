// Owns tests of volumes: what lies in them, how they change, what is refused (K.3).
import { describe, expect, it } from "vitest";
import type { ConfigMap, Pod, Volume } from "../../model/generated/types.ts";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { MemoryFiles } from "../memory-files.fixture.ts";
import { Volumes } from "./volumes.ts";

const metadata = { name: "a", namespace: "default", uid: "u1", resourceVersion: "1", creationTimestamp: "" };
const podOf = (...volumes: Volume[]): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { ...metadata, labels: { app: "x" } },
  spec: { containers: [{ name: "main" }], volumes },
});

function setUp() {
  const files = new MemoryFiles();
  const settings: ConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data: { "a.conf": "one", "b.conf": "two" },
  };
  const objects = { settings };
  const clock = new VirtualClock();
  const mounted = new Map<string, number | undefined>();
  const asked: string[] = [];
  const api = { isUp: true };
  const volumes = new Volumes({
    files,
    clock,
    mounts: {
      mountMemory: async (path, sizeMax) => void mounted.set(path, sizeMax),
      unmount: async (path) => void mounted.delete(path),
      under: async (path) =>
        Array.from(mounted.keys()).filter((one) => one === path || one.startsWith(`${path}/`)),
    },
    rootDir: "/root",
    references: {
      token: async (pod, { audience, expirationSeconds }) => {
        if (!api.isUp) throw new Error("connection refused");
        asked.push(`${pod.metadata.name} ${audience}`);
        return { token: `token-${asked.length}`, until: clock.now() + expirationSeconds * 1000 };
      },
      configMap: async (_namespace, name) => (name === "settings" ? objects.settings : "absent"),
      secret: async (_namespace, name) =>
        name === "keys"
          ? {
              apiVersion: "v1",
              kind: "Secret",
              metadata,
              data: { bin: Buffer.from([0, 255, 10]).toString("base64") },
            }
          : "absent",
    },
    whereabouts: () => ({ nodeName: "n", hostIp: "10.0.0.1", podIps: [], allocatable: {} }),
  });
  return { files, volumes, objects, clock, mounted, asked, api };
}
const folderOf = (plugin: string, name: string) => `/root/pods/u1/volumes/kubernetes.io~${plugin}/${name}`;

describe("a ConfigMap volume", () => {
  it("shows every key as a file through one link, and swaps all at once when it changes", async () => {
    const { files, volumes, objects } = setUp();
    const pod = podOf({ name: "conf", configMap: { name: "settings" } });
    await volumes.prepare(pod);
    const folder = folderOf("configmap", "conf");
    expect(await files.readText(`${folder}/a.conf`)).toBe("one");
    const before = await files.list(folder);
    await volumes.prepare(pod);
    expect(await files.list(folder)).toEqual(before);
    objects.settings = { ...objects.settings, data: { "a.conf": "new", "c.conf": "three" } };
    await volumes.prepare(pod);
    expect(await files.readText(`${folder}/a.conf`)).toBe("new");
    expect(await files.readText(`${folder}/c.conf`)).toBe("three");
    expect(await files.readText(`${folder}/b.conf`)).toBeUndefined();
    expect((await files.list(folder))?.filter((name) => name.startsWith("..")).length).toBe(2);
  });

  it("puts chosen keys under chosen paths with their modes", async () => {
    const { files, volumes } = setUp();
    const items = [{ key: "a.conf", path: "deep/er/x", mode: 0o400 }];
    await volumes.prepare(podOf({ name: "conf", configMap: { name: "settings", items } }));
    const path = `${folderOf("configmap", "conf")}/deep/er/x`;
    expect([await files.readText(path), files.modeOf(path)]).toEqual(["one", 0o400]);
  });
});

it("keeps the bytes of a Secret that is no text", async () => {
  const { files, volumes } = setUp();
  await volumes.prepare(podOf({ name: "s", secret: { secretName: "keys" } }));
  const bytes = await files.readBytes(`${folderOf("secret", "s")}/bin`, 0, 10);
  expect(Array.from(bytes ?? [])).toEqual([0, 255, 10]);
});

it("joins ConfigMap and downward API in a projected volume", async () => {
  const { files, volumes } = setUp();
  const downwardAPI = { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] };
  await volumes.prepare(
    podOf({ name: "all", projected: { sources: [{ configMap: { name: "settings" } }, { downwardAPI }] } }),
  );
  const folder = folderOf("projected", "all");
  expect(await files.readText(`${folder}/labels`)).toBe('app="x"');
  expect(await files.readText(`${folder}/b.conf`)).toBe("two");
});

it("is removed with its pod", async () => {
  const { files, volumes } = setUp();
  await volumes.prepare(
    podOf({ name: "conf", configMap: { name: "settings" } }, { name: "tmp", emptyDir: {} }),
  );
  await volumes.remove("u1");
  expect(await files.facts("/root/pods/u1")).toBeUndefined();
  await volumes.prepare(podOf({ name: "conf", configMap: { name: "settings" } }));
  expect(await files.readText(`${folderOf("configmap", "conf")}/a.conf`)).toBe("one");
});

describe("what can't be mounted", () => {
  it.each<[string, Volume, string]>([
    ["no ConfigMap", { name: "v", configMap: { name: "none" } }, 'configmap "none" not found'],
    [
      "no key",
      { name: "v", configMap: { name: "settings", items: [{ key: "k", path: "k" }] } },
      "references non-existent config key: settings: k",
    ],
    [
      "a path that leads out",
      { name: "v", configMap: { name: "settings", items: [{ key: "a.conf", path: "../../x" }] } },
      "it leads out of the volume",
    ],
    [
      "no folder",
      { name: "v", hostPath: { path: "/none", type: "Directory" } },
      "hostPath type check failed: /none is not a directory",
    ],
  ])("%s", async (_name, volume, words) => {
    const { volumes } = setUp();
    await expect(volumes.prepare(podOf(volume))).rejects.toThrow(
      new RegExp(`^MountVolume.SetUp failed for volume "v" : .*${words.replaceAll(".", "\\.")}`),
    );
  });

  it("an optional ConfigMap that is absent is an empty folder", async () => {
    const { files, volumes } = setUp();
    await volumes.prepare(podOf({ name: "v", configMap: { name: "none", optional: true } }));
    expect((await files.list(folderOf("configmap", "v")))?.filter((name) => !name.startsWith(".."))).toEqual(
      [],
    );
  });
});

describe("mounts", () => {
  it("name the source, with sub-paths made and expanded, and read-only where the content is the API's", async () => {
    const { files, volumes } = setUp();
    const pod = podOf(
      { name: "tmp", emptyDir: {} },
      { name: "host", hostPath: { path: "/data" } },
      { name: "conf", configMap: { name: "settings" } },
    );
    await volumes.prepare(pod);
    const mounts = await volumes.mountsFor(
      pod,
      {
        name: "main",
        volumeMounts: [
          { name: "tmp", mountPath: "/tmp", subPathExpr: "$(NAME)/x" },
          { name: "host", mountPath: "/host", readOnly: true },
          { name: "conf", mountPath: "/etc/a.conf", subPath: "a.conf" },
        ],
      },
      new Map([["NAME", "pod-a"]]),
    );
    expect(mounts).toEqual([
      { hostPath: `${folderOf("empty-dir", "tmp")}/pod-a/x`, containerPath: "/tmp", readonly: false },
      { hostPath: "/data", containerPath: "/host", readonly: true },
      { hostPath: `${folderOf("configmap", "conf")}/a.conf`, containerPath: "/etc/a.conf", readonly: true },
    ]);
    expect((await files.facts(`${folderOf("empty-dir", "tmp")}/pod-a/x`))?.is).toBe("folder");
  });

  it("refuse a sub-path that leads out of the volume", async () => {
    const { volumes } = setUp();
    const container = { name: "main", volumeMounts: [{ name: "tmp", mountPath: "/tmp", subPath: "../x" }] };
    await expect(
      volumes.mountsFor(podOf({ name: "tmp", emptyDir: {} }), container, new Map()),
    ).rejects.toMatchObject({
      reason: "CreateContainerConfigError",
    });
  });
});

describe("a service account's token in a volume", () => {
  const volume: Volume = {
    name: "t",
    projected: {
      sources: [{ serviceAccountToken: { path: "token", audience: "vault", expirationSeconds: 3600 } }],
    },
  };
  const file = `${folderOf("projected", "t")}/token`;

  it("is kept over every refresh until four fifths of its life are over, then made anew", async () => {
    const { files, volumes, clock, asked } = setUp();
    const pod = podOf(volume);
    const tokenAfter = async (seconds: number) => {
      await clock.advanceAsync(seconds * 1000);
      await volumes.prepare(pod);
      return files.readText(file);
    };
    expect(await tokenAfter(0)).toBe("token-1");
    expect(await tokenAfter(2879)).toBe("token-1");
    expect(await tokenAfter(1)).toBe("token-2");
    expect(asked).toEqual(["a vault", "a vault"]);
    expect(volumes.changes(pod)).toBe(true);
  });

  it("serves on while the API is away, until it is void", async () => {
    const { files, volumes, clock, api } = setUp();
    const pod = podOf(volume);
    await volumes.prepare(pod);
    api.isUp = false;
    await clock.advanceAsync(3_500_000);
    await volumes.prepare(pod);
    expect(await files.readText(file)).toBe("token-1");
    await clock.advanceAsync(100_000);
    await expect(volumes.prepare(pod)).rejects.toThrow("connection refused");
  });

  it("is its group's alone where the pod names one", async () => {
    const { files, volumes } = setUp();
    const pod = podOf(volume);
    await volumes.prepare({
      ...pod,
      spec: { containers: [], ...pod.spec, securityContext: { fsGroup: 2000 } },
    });
    expect([files.modeOf(file), files.groupOf(file)]).toEqual([0o640, 2000]);
  });
});

describe("the access to a volume's files", () => {
  it("is the mode of the volume, or of the key, of text and other content alike", async () => {
    const { files, volumes } = setUp();
    await volumes.prepare(
      podOf(
        { name: "keys", secret: { secretName: "keys", defaultMode: 0o400 } },
        { name: "conf", configMap: { name: "settings", items: [{ key: "a.conf", path: "a", mode: 0o777 }] } },
      ),
    );
    expect(files.modeOf(`${folderOf("secret", "keys")}/bin`)).toBe(0o400);
    expect(files.modeOf(`${folderOf("configmap", "conf")}/a`)).toBe(0o777);
  });

  it("is the group's too where the pod names one; what is new in an emptyDir is the group's", async () => {
    const { files, volumes } = setUp();
    const pod = podOf(
      { name: "keys", secret: { secretName: "keys", defaultMode: 0o400 } },
      { name: "e", emptyDir: {} },
    );
    await volumes.prepare({
      ...pod,
      spec: { containers: [], ...pod.spec, securityContext: { fsGroup: 2000 } },
    });
    const [key, empty] = [`${folderOf("secret", "keys")}/bin`, folderOf("empty-dir", "e")];
    expect([files.modeOf(key), files.groupOf(key)]).toEqual([0o440, 2000]);
    expect([files.modeOf(empty), files.groupOf(empty)]).toEqual([0o2777, 2000]);
  });
});

describe("an emptyDir in memory", () => {
  const pod = podOf({ name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } });

  it("is mounted once, at most as large as its limit, and taken away with the pod", async () => {
    const { volumes, mounted } = setUp();
    await volumes.prepare(pod);
    await volumes.prepare(pod);
    expect([...mounted]).toEqual([[folderOf("empty-dir", "m"), 1024 * 1024]]);
    expect(volumes.emptyFolders(pod)).toEqual([]);
    await volumes.remove("u1");
    expect(mounted.size).toBe(0);
  });
});
