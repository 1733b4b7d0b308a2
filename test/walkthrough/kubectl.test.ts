// Owns the walk of every kubectl on this machine through the API: each verb people use, on the built product.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, eventually, kubectls, run, withModernKubectl } from "./harness.ts";

const newest = withModernKubectl();
const others = kubectls().filter((path) => path !== newest);

interface Traits {
  readonly label?: string;
  readonly image?: string;
  readonly env?: string;
  readonly more?: string;
  readonly head?: string;
}

const agent = (name: string, traits: Traits = {}): string => `
${traits.head ?? "apiVersion: apps/v1\nkind: DaemonSet"}
metadata: { name: ${name}, labels: { team: ${traits.label ?? "blue"} } }
spec:
${traits.more ?? `  selector: { matchLabels: { app: ${name} } }`}
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: agent
          image: ${traits.image ?? "host"}
          command: ["sleep", "1000000"]
          env: ${traits.env ?? "[{ name: A, value: '1' }, { name: B, value: '2' }]"}
`;

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Readonly<Record<string, unknown>>;
}

describe.skipIf(newest === undefined)("kubectl", () => {
  const cluster = new Cluster(newest ?? "");
  const kubectl = (args: string, input?: string): string => cluster.ok(args, input);
  const refused = (args: string, input?: string): string => cluster.refused(args, input);
  const entries = (what: string): Entry[] =>
    JSON.parse(kubectl(`get ${what} -o json --show-managed-fields`)).metadata.managedFields;

  beforeAll(async () => {
    await cluster.start();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  describe("client-side apply", () => {
    it("creates, leaves, configures; what left the file leaves the object, and nothing else does", () => {
      expect(kubectl("apply -f -", agent("one"))).toBe("daemonset.apps/one created\n");
      expect(kubectl("apply -f -", agent("one"))).toBe("daemonset.apps/one unchanged\n");
      kubectl("annotate ds one by=hand");
      const changed = agent("one", { env: "[{ name: A, value: '9' }]" });
      const shown = cluster.kubectl("diff -f -", changed);
      expect(shown.code).toBe(1);
      expect(shown.out).toMatch(/^-\s+- name: B$/m);
      expect(kubectl("apply -f -", changed)).toBe("daemonset.apps/one configured\n");
      expect(kubectl("get ds one -o jsonpath='{.spec.template.spec.containers[0].env}'")).toBe(
        '[{"name":"A","value":"9"}]',
      );
      expect(kubectl("get ds one -o jsonpath='{.metadata.annotations.by}'")).toBe("hand");
      expect(cluster.kubectl("diff -f -", changed).code).toBe(0);
    });

    it("tries without doing", () => {
      const changed = agent("one", { label: "red" });
      expect(kubectl("apply --dry-run=client -f -", changed)).toMatch(/configured \(dry run\)/);
      expect(kubectl("apply --dry-run=server -f -", changed)).toMatch(/configured \(server dry run\)/);
      expect(kubectl("get ds one -o jsonpath='{.metadata.labels.team}'")).toBe("blue");
      expect(kubectl("create --dry-run=server -f -", agent("never"))).toMatch(/created \(server dry run\)/);
      expect(refused("get ds never")).toMatch(/daemonsets\.apps "never" not found/);
    });

    it("prunes what left the set of files", () => {
      const map = (name: string) =>
        `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, labels: { set: pruned } }\n`;
      kubectl("apply -f -", map("first") + map("second"));
      const pruned = "apply --prune -l set=pruned --prune-allowlist=core/v1/ConfigMap -f -";
      expect(kubectl(pruned, map("first"))).toMatch(/configmap\/second pruned/);
      expect(kubectl("get cm -l set=pruned -o name")).toBe("configmap/first\n");
    });

    it("refuses a Deployment whose kind was merely changed, and takes it without validation", () => {
      const turned = agent("turned", {
        more: "  replicas: 2\n  progressDeadlineSeconds: 600\n  strategy: { type: RollingUpdate }\n  selector: { matchLabels: { app: turned } }",
      });
      const because = refused("apply -f -", turned);
      for (const field of ["replicas", "progressDeadlineSeconds", "strategy"])
        expect(because).toContain(`unknown field "spec.${field}"`);
      expect(kubectl("apply --validate=false -f -", turned)).toMatch(/turned created/);
      const { spec } = JSON.parse(kubectl("get ds turned -o json"));
      expect(Object.keys(spec).sort()).toEqual([
        "revisionHistoryLimit",
        "selector",
        "template",
        "updateStrategy",
      ]);
      const warned = cluster.kubectl("apply --validate=warn -f -", turned.replace("blue", "red"));
      expect(warned.err).toMatch(/Warning: unknown field "spec\.replicas"/);
      kubectl("delete ds turned");
    });

    it.each(["extensions/v1beta1", "apps/v1beta2"])("takes a manifest of %s, with a warning", (version) => {
      const old = agent("old", { head: `apiVersion: ${version}\nkind: DaemonSet`, more: "" });
      const made = cluster.kubectl("apply -f -", old);
      expect(made.out, made.err).toMatch(/daemonset\.(extensions|apps)\/old created/);
      expect(made.err).toContain(
        `Warning: ${version} DaemonSet is deprecated in v1.9+, unavailable in Kubernetes v1.16+; use apps/v1 DaemonSet`,
      );
      expect(kubectl("apply -f -", old)).toMatch(/unchanged/);
      expect(kubectl("apply -f -", old.replace("blue", "red"))).toMatch(/configured/);
      expect(kubectl("get ds old -o jsonpath='{.apiVersion} {.spec.selector.matchLabels.app}'")).toBe(
        "apps/v1 old",
      );
      const [group, number] = version.split("/");
      expect(kubectl(`get daemonsets.${number}.${group} old -o jsonpath='{.apiVersion}'`)).toBe(version);
      expect(kubectl("get all -o name").match(/\/old$/gm)).toHaveLength(1);
      expect(kubectl(`explain ds --api-version=${version}`)).toMatch(/VERSION:\s+v1beta/);
      kubectl("delete -f -", old);
    });

    it("names every fault of a manifest at once", () => {
      const bad = agent("Bad_Name", {
        more: "  selector: { matchLabels: { app: else } }\n  minReadySeconds: -1",
      })
        .replace("name: agent", "name: Agent!")
        .replace("name: A,", "name: '=',");
      const because = refused("create -f -", bad);
      for (const field of [
        "metadata.name",
        "spec.template.metadata.labels",
        "spec.template.spec.containers[0].name",
        "spec.template.spec.containers[0].env[0].name",
        "spec.minReadySeconds",
      ])
        expect(because).toContain(`${field}: Invalid value`);
    });
  });

  describe("server-side apply", () => {
    const apply = "apply --server-side -f -";
    it("owns what it applies, refuses what others own, takes it by force, lets go what it no longer applies", () => {
      expect(kubectl(apply, agent("ssa"))).toBe("daemonset.apps/ssa serverside-applied\n");
      const [first] = entries("ds ssa");
      expect(first).toMatchObject({ manager: "kubectl", operation: "Apply" });
      const before = kubectl("get ds ssa -o jsonpath='{.metadata.generation}'");
      kubectl(apply, agent("ssa"));
      expect(kubectl("get ds ssa -o jsonpath='{.metadata.generation}'")).toBe(before);
      kubectl("label ds ssa team=green --overwrite");
      const wanted = agent("ssa", { label: "red", env: "[{ name: A, value: '1' }]" });
      expect(refused(apply, wanted)).toContain(
        'Apply failed with 1 conflict: conflict with "kubectl-label" using apps/v1: .metadata.labels.team',
      );
      kubectl(`${apply} --force-conflicts`, wanted);
      expect(kubectl("get ds ssa -o jsonpath='{.metadata.labels.team}'")).toBe("red");
      expect(entries("ds ssa").some(({ manager }) => manager === "kubectl-label")).toBe(false);
      expect(kubectl("get ds ssa -o jsonpath='{.spec.template.spec.containers[0].env[*].name}'")).toBe("A");
    });

    it("shares a field with another applier, and removes it when the last one lets go", () => {
      const file = (data: string) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shared }\ndata: ${data}\n`;
      kubectl(`${apply} --field-manager=a`, file("{ k: v, a: '1' }"));
      kubectl(`${apply} --field-manager=b`, file("{ k: v, b: '1' }"));
      kubectl(`${apply} --field-manager=a`, file("{ a: '1' }"));
      expect(JSON.parse(kubectl("get cm shared -o jsonpath='{.data}'"))).toEqual({ k: "v", a: "1", b: "1" });
      kubectl(`${apply} --field-manager=b`, file("{ b: '1' }"));
      expect(JSON.parse(kubectl("get cm shared -o jsonpath='{.data}'"))).toEqual({ a: "1", b: "1" });
      expect(refused(`${apply} --field-manager=a`, file("{ a: '1', b: '2' }"))).toContain(
        'conflict with "b": .data.b',
      );
    });

    it("takes over from client-side apply without conflict", () => {
      kubectl("apply -f -", agent("moved"));
      kubectl(apply, agent("moved", { label: "red" }));
      expect(kubectl("get ds moved -o jsonpath='{.metadata.labels.team}'")).toBe("red");
      expect(entries("ds moved").some(({ manager }) => manager === "kubectl-client-side-apply")).toBe(false);
      kubectl("delete ds moved ssa");
    });

    it("names a field that is none", () => {
      expect(refused(`${apply} --validate=false`, agent("odd", { more: "  replicas: 1" }))).toContain(
        ".spec.replicas: field not declared in schema",
      );
    });

    it("tells who wrote what, when asked", () => {
      expect(kubectl("get ds one -o yaml")).not.toContain("managedFields");
      expect(kubectl("get ds one -o yaml --show-managed-fields")).toContain("f:spec:");
      const found = entries("ds one");
      expect(found.find(({ manager }) => manager === "kubectl-client-side-apply")?.fieldsV1).toHaveProperty([
        "f:spec",
        "f:template",
      ]);
      const status = found.find(({ subresource }) => subresource === "status");
      expect(Object.keys(status?.fieldsV1 ?? {})).toEqual(["f:status"]);
    });
  });

  it("changes objects: replace, edit, patch, set, label, annotate", () => {
    kubectl("replace -f -", agent("one"));
    const editor = join(cluster.folder, "editor.sh");
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/team: blue/team: edited/" "$1"\n');
    chmodSync(editor, 0o755);
    const edited = run(cluster.kubectlPath, ["edit", "ds", "one"], {
      env: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder, KUBE_EDITOR: editor },
    });
    expect(edited.out).toBe("daemonset.apps/one edited\n");
    kubectl(
      `patch ds one -p '{"spec":{"template":{"spec":{"containers":[{"name":"agent","env":[{"name":"C","value":"3"}]}]}}}}'`,
    );
    expect(kubectl("get ds one -o jsonpath='{.spec.template.spec.containers[0].env[*].name}'")).toBe("C A B");
    kubectl(`patch ds one --type merge -p '{"metadata":{"labels":{"team":null}}}'`);
    expect(kubectl("get ds one -o jsonpath='{.metadata.labels}'")).toBe("");
    kubectl(`patch ds one --type json -p '[{"op":"add","path":"/spec/minReadySeconds","value":1}]'`);
    expect(
      refused(`patch ds one --type json -p '[{"op":"test","path":"/spec/minReadySeconds","value":7}]'`),
    ).toMatch(/testing value \/spec\/minReadySeconds failed/);
    expect(kubectl("set image ds/one agent=busybox")).toBe("daemonset.apps/one image updated\n");
    expect(kubectl("label ds one a=b")).toBe("daemonset.apps/one labeled\n");
    expect(kubectl("label ds one a-")).toBe("daemonset.apps/one unlabeled\n");
    expect(kubectl("annotate ds one a=b")).toBe("daemonset.apps/one annotated\n");
    expect(refused('patch ds one -p \'{"spec":{"selector":{"matchLabels":{"x":"y"}}}}\'')).toMatch(
      /spec\.selector: Invalid value: .*field is immutable/,
    );
    expect(refused("scale ds one --replicas=2")).toMatch(/could not find the requested resource/);
  });

  it("waits: for conditions, values and ends", () => {
    kubectl("rollout status ds/one --timeout=60s");
    kubectl("wait --for=condition=Ready pod -l app=one --timeout=60s");
    kubectl("wait --for=condition=Ready node --all --timeout=60s");
    kubectl("wait --for=jsonpath='{.status.numberReady}'=3 ds/one --timeout=60s");
    kubectl("create cm short");
    kubectl("delete cm short --wait=false");
    kubectl("wait --for=delete cm/short --timeout=60s");
    expect(refused("wait --for=condition=Nope ds/one --timeout=1s")).toMatch(/timed out waiting/);
  });

  it("explains and lists what there is", () => {
    expect(kubectl("explain ds --recursive")).toMatch(/maxUnavailable\s+<IntOrString>/);
    expect(kubectl("explain pod.spec.containers.env.valueFrom")).toMatch(/fieldRef/);
    const resources = kubectl("api-resources");
    expect(resources).toMatch(/^daemonsets\s+ds\s+apps\/v1\s+true\s+DaemonSet$/m);
    expect(kubectl("api-resources --verbs=watch -o name")).toContain("pods\n");
    const versions = kubectl("api-versions").split("\n");
    for (const version of ["apps/v1", "v1", "coordination.k8s.io/v1"]) expect(versions).toContain(version);
    expect(JSON.parse(kubectl("get --raw /version")).major).toBe("1");
    expect(JSON.parse(kubectl("get --raw /apis/apps/v1/daemonsets?limit=1")).kind).toBe("DaemonSetList");
    expect(kubectl("version")).toMatch(/Server Version: v1\.\d+/);
  });

  it("prints as asked", () => {
    expect(kubectl("get pods -A --chunk-size=1 -o name").trim().split("\n").length).toBeGreaterThanOrEqual(3);
    const names = kubectl(
      "get nodes --sort-by=.metadata.name --no-headers -o custom-columns=N:.metadata.name",
    );
    expect(names.trim().split("\n")).toEqual(["control-plane", "worker-1", "worker-2", "worker-3"]);
    expect(kubectl("get ds one -o go-template='{{.metadata.name}}'")).toBe("one");
    expect(kubectl("get all")).toMatch(/daemonset\.apps\/one/);
    expect(kubectl("events --for ds/one")).toMatch(/SuccessfulCreate/);
    expect(kubectl("get events --field-selector involvedObject.kind=DaemonSet")).toMatch(/daemonset\/one/);
  });

  it("says who one is and what one may", () => {
    expect(kubectl("auth whoami")).toMatch(/system:masters/);
    expect(kubectl("auth can-i delete nodes")).toBe("yes\n");
    expect(kubectl("auth can-i --list")).toMatch(/\*\.\*\s+\[\]\s+\[\]\s+\[\*\]/);
    expect(refused("top nodes")).toMatch(/Metrics API not available/);
  });

  it("makes small things by name, and takes a namespace down with them", () => {
    expect(kubectl("create namespace small")).toBe("namespace/small created\n");
    kubectl("create configmap c -n small --from-literal=a=b");
    kubectl("create secret generic s -n small --from-literal=a=b");
    kubectl("create serviceaccount sa -n small");
    kubectl("run p -n small --image=host -- sleep 1000");
    expect(kubectl("get secret s -n small -o jsonpath='{.data.a}'")).toBe("Yg==");
    kubectl("delete ns small --timeout=60s");
    expect(refused("get ns small")).toMatch(/namespaces "small" not found/);
    expect(refused("create configmap c -n small")).toMatch(/namespaces "small" not found/);
  });

  it("watches", async () => {
    const watching = cluster.beside("get cm -w --output-watch-events");
    await eventually("the first", () => watching.output.includes("ADDED"));
    kubectl("create cm watched --from-literal=a=b");
    kubectl("delete cm watched");
    await eventually("its end", () => /ADDED\s+watched[^]*DELETED\s+watched/.test(watching.output));
    await watching.kill("SIGTERM");
  });

  it.each(others)("%s does the everyday", (path) => {
    const older = (args: string, input?: string): string => {
      const ran = run(path, args.split(" "), {
        ...(input === undefined ? {} : { input }),
        env: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder },
      });
      if (ran.code !== 0) throw new Error(`${path} ${args}: ${ran.out}${ran.err}`);
      return ran.out;
    };
    const name = `by-${/\d+$/.exec(path)?.[0] ?? "some"}`;
    expect(older("apply -f -", agent(name))).toMatch(/created/);
    expect(older("apply -f -", agent(name))).toMatch(/unchanged/);
    expect(older("apply -f -", agent(name, { label: "red" }))).toMatch(/configured/);
    expect(older("apply --server-side -f -", agent(name, { label: "green" }))).toMatch(/serverside-applied/);
    older(`rollout status ds/${name} --timeout=60s`);
    expect(older(`get ds ${name}`)).toMatch(/^NAME\s+DESIRED\s+CURRENT\s+READY/);
    expect(older(`describe ds ${name}`)).toMatch(/Desired Number of Nodes Scheduled: 3/);
    expect(older("explain ds.spec.updateStrategy")).toMatch(/rollingUpdate/);
    older(`set image ds/${name} agent=other`);
    older(`create cm ${name} --from-literal=a=b`);
    older(`delete ds/${name} cm/${name} --wait=false`);
  });
});
