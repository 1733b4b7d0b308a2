// Owns the proof of what a manifest folder comes to, file by file.
import { describe, expect, it } from "vitest";
import { planManifests, type FileFound, type Memory } from "./plan-manifests.ts";

const place = { nodeName: "Node-1", now: 1_000_000 };

const podText = (name: string, more = ""): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${more}spec:\n  containers:\n    - name: main\n      image: agent:1\n`;
const file = (name: string, text: string): FileFound => ({ name, is: "text", text });
const plan = (files: readonly FileFound[], memory: Memory = new Map()) => planManifests(files, memory, place);
const namesOf = ({ taken }: ReturnType<typeof plan>) => taken.map(({ pod }) => pod.metadata.name);

describe("a file", () => {
  const rows: readonly (readonly [string, string, readonly [number | undefined, RegExp]])[] = [
    ["is empty", "", [undefined, /empty/]],
    ["holds only comments", "# nothing\n", [undefined, /only comments/]],
    ["is broken YAML", "apiVersion: v1\nkind: [Pod\n", [3, /./]],
    ["is no object", "- 1\n", [1, /not an object/]],
    ["has no kind", "apiVersion: v1\nmetadata: {name: a}\n", [1, /kind is missing/]],
    ["is a ReplicaSet (S.2)", "apiVersion: apps/v1\nkind: ReplicaSet\n", [2, /ReplicaSet.*only Pods/]],
    ["is a Service (S.2)", "apiVersion: v1\nkind: Service\n", [2, /Service.*only Pods/]],
    ["is of another version", "apiVersion: v2\nkind: Pod\n", [1, /Pod is of v1/]],
    [
      "has an unknown field",
      podText("a").replace("image:", "imge:"),
      [8, /containers\[0\]\.imge: there is no/],
    ],
    [
      "has a wrong type",
      podText("a").replace("- name: main", "- name: [main]"),
      [7, /containers\[0\]\.name/],
    ],
    ["has no name", podText("a").replace("  name: a\n", "  labels: {}\n"), [3, /metadata\.name: is missing/]],
    ["has a bad name", podText("A_b"), [4, /metadata\.name/]],
    ["has a bad label", podText("a", "  labels:\n    -x: y\n"), [6, /metadata\.labels/]],
    ["has a UID that is a path", podText("a", "  uid: ../../etc\n"), [5, /metadata\.uid/]],
    ["has no containers", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n", [4, /containers/]],
    ["holds two documents", `${podText("a")}---\n${podText("b")}`, [10, /2 documents/]],
    [
      "grows without bound",
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      [1, /alias/i],
    ],
  ];
  it.each(rows)(
    "that %s is refused with its line, and harms no other (S.1)",
    (_what, text, [line, words]) => {
      const found = plan([file("a.yaml", podText("good")), file("b.yaml", text)]);
      expect(namesOf(found)).toEqual(["good-node-1"]);
      expect(found.complaints[0]).toMatchObject({ file: "b.yaml", because: expect.stringMatching(words) });
      expect(found.complaints[0]?.line).toBe(line);
    },
  );

  const references: readonly (readonly [string, string, string])[] = [
    ["ConfigMap", "  volumes: [{name: v, configMap: {name: c}}]\n", "spec.volumes[0].configMap"],
    ["Secret", "  volumes: [{name: v, secret: {secretName: s}}]\n", "spec.volumes[0].secret"],
    [
      "PersistentVolumeClaim",
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: p}}]\n",
      "spec.volumes[0].persistentVolumeClaim",
    ],
    ["ServiceAccount", "  serviceAccountName: robot\n", "spec.serviceAccountName"],
    ["Secret", "  imagePullSecrets: [{name: s}]\n", "spec.imagePullSecrets[0]"],
    [
      "ConfigMap",
      "      envFrom: [{configMapRef: {name: c}}]\n",
      "spec.containers[0].envFrom[0].configMapRef",
    ],
    [
      "Secret",
      "      env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n",
      "spec.containers[0].env[0].valueFrom.secretKeyRef",
    ],
  ];
  it.each(references)("that refers to a %s by %s is refused (S.8)", (kind, more, field) => {
    const { taken, complaints } = plan([file("a.yaml", podText("a") + more)]);
    expect(taken).toEqual([]);
    expect(complaints[0]?.because).toMatch(new RegExp(`refers to (a )?${kind}`));
    expect(complaints[0]?.because).toContain(field);
  });
});

describe("a static pod", () => {
  const [{ pod } = { pod: undefined }] = plan([file("web.yaml", podText("web"))]).taken;

  it("is named after its node, in namespace default, marked and tolerant (S.7, S.9)", () => {
    expect(pod?.metadata).toMatchObject({
      name: "web-node-1",
      namespace: "default",
      annotations: {
        "kubernetes.io/config.source": "file",
        "kubernetes.io/config.hash": pod?.metadata.uid,
        "kubernetes.io/config.seen": "1970-01-01T00:16:40.000Z",
      },
    });
    expect(pod?.spec).toMatchObject({
      nodeName: "Node-1",
      restartPolicy: "Always",
      tolerations: [{ operator: "Exists", effect: "NoExecute" }],
    });
  });

  it("has a UID of its content: white space, comments and the file's name change nothing (S.10)", () => {
    const uidOf = (name: string, text: string) => plan([file(name, text)]).taken[0]?.pod.metadata.uid;
    expect(uidOf("other.json", `# note\n${podText("web")}\n\n`)).toBe(pod?.metadata.uid);
    expect(uidOf("web.yaml", podText("web").replace("agent:1", "agent:2"))).not.toBe(pod?.metadata.uid);
    expect(uidOf("web.yaml", podText("web", "  uid: mine\n"))).toBe("mine");
    const elsewhere = planManifests([file("web.yaml", podText("web"))], new Map(), {
      ...place,
      nodeName: "n2",
    });
    expect(elsewhere.taken[0]?.pod.metadata.uid).not.toBe(pod?.metadata.uid);
  });
});

describe("a folder", () => {
  it("is read in name order without its dot-files and folders; backups are told of, not run (S.1, S.12)", () => {
    const found = plan([
      file("b.yaml", podText("b")),
      file(".hidden.yaml", podText("hidden")),
      file("a.yaml", podText("a")),
      { name: "sub", is: "folder" },
      ...["a.yaml~", "a.yaml.bak", "a.yaml.swp", "#a.yaml#", "a.yaml.orig"].map((name) =>
        file(name, podText("backup")),
      ),
    ]);
    expect(namesOf(found)).toEqual(["a-node-1", "b-node-1"]);
    expect(found.complaints.map((one) => one.file)).toHaveLength(5);
    for (const { because } of found.complaints) expect(because).toContain("backup");
  });

  it.each([
    ["name", podText("a"), podText("a").replace("agent:1", "agent:2"), /a\.yaml gives already/],
    [
      "UID",
      podText("a", "  uid: same\n"),
      podText("b", "  uid: same\n"),
      /uid same is that of the pod in a\.yaml/,
    ],
  ])("runs the first of two files that give one %s (S.12)", (_what, first, second, words) => {
    const found = plan([file("b.yaml", second), file("a.yaml", first)]);
    expect(found.taken.map((one) => one.file)).toEqual(["a.yaml"]);
    expect(found.complaints).toMatchObject([{ file: "b.yaml", because: expect.stringMatching(words) }]);
  });

  it("goes on with what a file last held while it is broken or can't be read (S.11)", () => {
    const first = plan([file("a.yaml", podText("a"))]);
    for (const now of [
      file("a.yaml", "kind: [Pod"),
      { name: "a.yaml", is: "unreadable", because: "EIO" } as const,
    ]) {
      const next = planManifests([now], first.memory, { ...place, now: 2_000_000 });
      expect(next.taken).toEqual(first.taken);
      expect(next.complaints[0]?.because).toContain("what it held before goes on");
    }
    expect(planManifests([], first.memory, place).taken).toEqual([]);
  });
});
