// Owns the walk of an operator's author: a kind installed, used by every kubectl verb, kept through a crash, and taken away.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, eventually, kubectls, withModernKubectl } from "./harness.ts";

const newest = withModernKubectl();
const oldest = kubectls().find((path) => path.endsWith("kubectl.1.27"));

const definition = (more = ""): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: crontabs.stable.example.com }
spec:
  group: stable.example.com
  scope: Namespaced
  names: { plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all] }
  versions:
    - name: v1
      served: true
      storage: true
      selectableFields: [{ jsonPath: .spec.mode }]
      subresources:
        status: {}
        scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas }
      additionalPrinterColumns:
        - { name: Spec, type: string, jsonPath: .spec.cronSpec }
        - { name: Replicas, type: integer, jsonPath: .spec.replicas }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [cronSpec]
              properties:
                cronSpec: { type: string, description: when it runs, minLength: 3 }
                replicas: { type: integer, minimum: 1, maximum: 10, default: 1 }
                owner:
                  type: string
                  pattern: "^[a-z]+$"
                  x-kubernetes-validations: [{ rule: self == oldSelf, message: owners stay, reason: FieldValueForbidden }]
                window:
                  type: object
                  x-kubernetes-validations:
                    - rule: self.min <= self.max
                      messageExpression: "'%d is above %d'.format([self.min, self.max])"
                  properties: { min: { type: integer, default: 0 }, max: { type: integer, default: 10 } }
                mode: { type: string, enum: [fast, slow] }
                hosts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name, side]
                  items:
                    type: object
                    required: [name]
                    properties: { name: { type: string }, side: { type: string, default: left }, port: { type: integer } }
            status:
              type: object
              properties: { replicas: { type: integer } }
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
${more}`;

const cronTab = (name: string, spec = 'cronSpec: "* * * * *"', metadata = ""): string => `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: { name: ${name}${metadata} }
spec: { ${spec} }
`;

const crd = "crd/crontabs.stable.example.com";

describe.skipIf(newest === undefined)("custom resources", () => {
  const cluster = new Cluster(newest ?? "");
  const kubectl = (args: string, input?: string): string => cluster.ok(args, input);
  const refused = (args: string, input?: string): string => cluster.refused(args, input);
  const install = (): void => {
    kubectl("apply -f -", definition());
    kubectl(`wait --for=condition=Established ${crd} --timeout=60s`);
  };

  beforeAll(async () => {
    await cluster.start();
    install();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  it("refuses definitions that would not do what they say", () => {
    const bad = definition().replace("rule: self.min <= self.max", "rule: self.min <= self.maximum");
    expect(refused("apply -f -", bad)).toContain(
      "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[window].x-kubernetes-validations[0].rule: Invalid value",
    );
    expect(refused("apply -f -", definition().replace("^[a-z]+$", "(?=a)"))).toContain(
      "properties[owner].pattern: Invalid value",
    );
    expect(refused("apply -f -", definition("  conversion: { strategy: Webhook }\n"))).toContain(
      "spec.conversion.webhook.clientConfig: Required value",
    );
  });

  it("is discovered and explained", () => {
    expect(kubectl("api-resources --api-group=stable.example.com --no-headers")).toMatch(
      /^crontabs +ct +stable\.example\.com\/v1 +true +CronTab$/m,
    );
    expect(kubectl("explain crontab.spec")).toContain("when it runs");
    expect(kubectl("explain ct.spec.hosts")).toMatch(/port\s+<integer>/);
  });

  it("fills in defaults, prints columns, names every fault", () => {
    expect(kubectl("apply -f -", cronTab("one"))).toBe("crontab.stable.example.com/one created\n");
    expect(kubectl("apply -f -", cronTab("one"))).toBe("crontab.stable.example.com/one unchanged\n");
    expect(kubectl("get ct --no-headers")).toMatch(/^one +\* \* \* \* \* +1$/m);
    expect(kubectl("get all")).toContain("crontab.stable.example.com/one");
    const bad = refused("apply -f -", cronTab("two", 'cronSpec: "*", replicas: 99, mode: none'));
    expect(bad).toContain(
      "spec.replicas: Invalid value: 99: spec.replicas in body should be less than or equal to 10",
    );
    expect(bad).toContain('spec.mode: Unsupported value: "none": supported values: "fast", "slow"');
    expect(bad).toContain("spec.cronSpec in body should be at least 3 chars long");
    const unknown = cronTab("two", 'cronSpec: "* * *", colour: red');
    expect(refused("apply -f -", unknown)).toContain('unknown field "spec.colour"');
    kubectl("apply --validate=false -f -", unknown);
    expect(kubectl("get ct two -o jsonpath={.spec}")).toBe('{"cronSpec":"* * *","replicas":1}');
  });

  it("is held to the rules of its definition", () => {
    const made = (spec: string): string => cronTab("ruled", `cronSpec: "* * *", ${spec}`);
    expect(refused("apply -f -", made("window: { min: 11 }"))).toContain(
      'spec.window: Invalid value: "object": 11 is above 10',
    );
    kubectl("apply -f -", made("owner: ann, window: { min: 1 }"));
    expect(refused("apply -f -", made("owner: bob"))).toContain("spec.owner: Forbidden: owners stay");
    kubectl("apply -f -", made("owner: ann, window: { min: 2 }"));
    // What a new rule would refuse stays as long as nobody touches it.
    kubectl("apply -f -", definition().replace("self.min <= self.max", "self.min <= 1"));
    kubectl("annotate ct ruled a=b");
    kubectl(`patch ct ruled --type=merge -p '{"spec":{"mode":"fast"}}'`);
    expect(refused(`patch ct ruled --type=merge -p '{"spec":{"window":{"max":9}}}'`)).toContain(
      "spec.window",
    );
    kubectl("apply -f -", definition());
  });

  it("is patched in the ways that there are, and applied by field", () => {
    kubectl(`patch ct one --type=merge -p '{"spec":{"mode":"fast"}}'`);
    kubectl(`patch ct one --type=json -p '[{"op":"replace","path":"/spec/mode","value":"slow"}]'`);
    expect(kubectl("get ct one -o jsonpath={.spec.mode}")).toBe("slow");
    expect(refused(`patch ct one --type=strategic -p '{"spec":{"mode":"fast"}}'`)).toContain("not supported");
    const hosts = (name: string): string =>
      cronTab("shared", `cronSpec: "* * *", hosts: [{ name: ${name}, port: 1 }]`);
    kubectl("apply --server-side --field-manager=a -f -", hosts("a"));
    kubectl("apply --server-side --field-manager=b -f -", hosts("b"));
    expect(kubectl("get ct shared -o jsonpath={.spec.hosts[*].name}").split(" ").sort()).toEqual(["a", "b"]);
    // The item is the same one with its key's default left out: it is b's to change, and a's not.
    kubectl("apply --server-side --field-manager=b -f -", hosts("b").replace("port: 1", "port: 2"));
    expect(refused("apply --server-side --field-manager=a -f -", hosts("b"))).toContain(
      '.spec.hosts[name="b",side="left"].port',
    );
    const other = cronTab("shared", 'cronSpec: "1 1 1"');
    expect(refused("apply --server-side --field-manager=c -f -", other)).toContain(".spec.cronSpec");
  });

  it("is selected by the fields that its definition names", async () => {
    expect(kubectl("get ct --field-selector spec.mode=slow -o name")).toBe(
      "crontab.stable.example.com/one\n",
    );
    expect(refused("get ct --field-selector spec.cronSpec=x")).toContain(
      "field label not supported: spec.cronSpec",
    );
    const watching = cluster.beside("get ct --field-selector spec.mode=slow -w -o name");
    await eventually("what is slow", () => watching.output.includes("/one"));
    kubectl(`patch ct shared --type=merge -p '{"spec":{"mode":"slow"}}'`);
    await eventually("what becomes slow", () => watching.output.includes("/shared"));
    expect(watching.output).not.toContain("/two");
    await watching.kill("SIGTERM");
  });

  it("keeps status and spec apart, and scales", () => {
    const generation = (): number => Number(kubectl("get ct one -o jsonpath={.metadata.generation}"));
    const before = generation();
    kubectl(
      `patch ct one --subresource=status --type=merge -p '{"status":{"replicas":1},"spec":{"mode":"fast"}}'`,
    );
    expect(generation()).toBe(before);
    expect(kubectl("get ct one -o jsonpath={.spec.mode},{.status.replicas}")).toBe("slow,1");
    kubectl(`patch ct one --type=merge -p '{"status":{"replicas":7}}'`);
    expect(kubectl("get ct one -o jsonpath={.status.replicas}")).toBe("1");
    expect(kubectl("scale ct one --replicas=4")).toBe("crontab.stable.example.com/one scaled\n");
    expect(kubectl("get ct one -o jsonpath={.spec.replicas}")).toBe("4");
    expect(generation()).toBe(before + 1);
    expect(refused("scale ct one --replicas=40")).toContain("less than or equal to 10");
  });

  it("is shown in each version served, with a warning for the old one", () => {
    const old = cluster.kubectl("get crontabs.v1beta1.stable.example.com one -o jsonpath={.apiVersion}");
    expect(old.out).toBe("stable.example.com/v1beta1");
    expect(old.err).toContain("Warning: stable.example.com/v1beta1 CronTab is deprecated");
  });

  it("answers an older kubectl alike", () => {
    if (oldest === undefined) return console.warn("skipped: there is no kubectl 1.27 here");
    const own = cluster.kubectlPath;
    cluster.kubectlPath = oldest;
    kubectl("apply -f -", cronTab("from-old"));
    expect(kubectl("get ct from-old --no-headers")).toMatch(/^from-old +\* \* \* \* \* +1$/m);
    expect(kubectl("explain ct.spec.cronSpec")).toContain("when it runs");
    kubectl("delete ct from-old");
    cluster.kubectlPath = own;
  });

  it("owns and is owned, and goes with its namespace", async () => {
    const uid = kubectl("get ct two -o jsonpath={.metadata.uid}");
    const owner = `{ apiVersion: stable.example.com/v1, kind: CronTab, name: two, uid: ${uid} }`;
    const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: owned, ownerReferences: [${owner}] }\n`;
    kubectl("apply -f -", map);
    kubectl("delete ct two");
    await eventually("the owned map goes", () => cluster.kubectl("get cm owned").code !== 0);
    kubectl("create namespace tabs");
    kubectl("apply -n tabs -f -", cronTab("inside"));
    kubectl("delete namespace tabs --timeout=60s");
    expect(kubectl("get ct -A -o name")).not.toContain("inside");
  });

  it("survives a crash of the whole", async () => {
    await cluster.up?.kill("SIGKILL");
    await cluster.start();
    expect(kubectl("get ct one -o jsonpath={.spec.replicas}")).toBe("4");
    kubectl("apply -f -", cronTab("after"));
  });

  it("goes with its definition, when the last finalizer is off, and can come again", async () => {
    kubectl("apply -f -", cronTab("kept", 'cronSpec: "* * *"', ", finalizers: [example.com/keep]"));
    kubectl(`delete ${crd} --wait=false`);
    await eventually(
      "the others go",
      () => kubectl("get ct -o name") === "crontab.stable.example.com/kept\n",
    );
    expect(refused("create -f -", cronTab("late"))).toContain("terminating");
    kubectl(`patch ct kept --type=merge -p '{"metadata":{"finalizers":null}}'`);
    kubectl(`wait --for=delete ${crd} --timeout=60s`);
    expect(refused("get ct")).toMatch(/doesn't have a resource type|could not find the requested resource/);
    install();
    expect(kubectl("get ct -A -o name")).toBe("");
  });
});
