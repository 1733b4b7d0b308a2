// Owns the conformance of an object's life on any Kubernetes API server: made, read, changed, tried.
import { describe, expect, it } from "vitest";
import { configMap, daemonSet, pod, types, useSite, type Loose } from "./server.ts";

const site = useSite();

describe("creation", () => {
  it("gives what the server gives, and takes nothing of it from the client", async () => {
    const given = configMap(
      "born",
      { a: "b" },
      { uid: "mine", generation: 7, creationTimestamp: "2001-01-01T00:00:00Z", selfLink: "/x" },
    );
    const made = await site().ask("POST", "configmaps", given);
    expect(made.code).toBe(201);
    const { metadata } = made.json;
    expect(made.json).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { a: "b" } });
    expect(metadata).toMatchObject({ name: "born", namespace: site().namespace });
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(metadata.creationTimestamp)).toBeGreaterThan(Date.UTC(2020, 0, 1));
    expect(metadata.resourceVersion).toMatch(/^\d+$/);
    expect(metadata.selfLink).toBeUndefined();
    expect(metadata.managedFields).toMatchObject([
      {
        manager: "conformance",
        operation: "Update",
        apiVersion: "v1",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { ".": {}, "f:a": {} } },
      },
    ]);
    expect(await site().must("GET", "configmaps/born")).toEqual(made.json);
  });

  it("is of one name once", async () => {
    await site().must("POST", "configmaps", configMap("once"));
    const again = await site().ask("POST", "configmaps", configMap("once"));
    expect([again.code, again.json.reason]).toEqual([409, "AlreadyExists"]);
    expect(again.json.message).toBe('configmaps "once" already exists');
    expect(again.json.details).toEqual({ name: "once", kind: "configmaps" });
  });

  it("draws names", async () => {
    const drawn = { metadata: { generateName: "drawn-" } };
    const [one, two] = [
      await site().must("POST", "configmaps", drawn),
      await site().must("POST", "configmaps", drawn),
    ];
    for (const made of [one, two])
      expect(made.metadata).toMatchObject({
        generateName: "drawn-",
        name: expect.stringMatching(/^drawn-[a-z0-9]{5}$/),
      });
    expect(one.metadata.name).not.toBe(two.metadata.name);
  });

  it("fills in defaults", async () => {
    const made = await site().must("POST", "daemonsets", daemonSet("defaults"));
    expect(made.spec).toMatchObject({
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        spec: {
          restartPolicy: "Always",
          dnsPolicy: "ClusterFirst",
          schedulerName: "default-scheduler",
          terminationGracePeriodSeconds: 30,
        },
      },
    });
    expect(made.spec.template.spec.containers[0]).toMatchObject({
      imagePullPolicy: "IfNotPresent",
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    });
    expect(made.metadata.generation).toBe(1);
  });

  it("fills in that nothing surges", async (context) => {
    site().since(22, "a DaemonSet's maxSurge", context);
    const made = await site().must("POST", "daemonsets", daemonSet("surge"));
    expect(made.spec.updateStrategy.rollingUpdate.maxSurge).toBe(0);
  });

  it.each([
    ["to another namespace", configMap("x", {}, { namespace: "elsewhere" }), 400],
    ["of another kind", { ...configMap("x"), kind: "Secret" }, 400],
    ["of another version", { ...configMap("x"), apiVersion: "v2" }, 400],
    ["without a name", configMap(""), 422],
    ["of no object", [], 400],
    ["of no JSON", "{", 400],
  ])("is refused %s", async (_name, body, code) => {
    expect((await site().ask("POST", "configmaps", body)).code).toBe(code);
  });

  it("is refused with a version of the store", async () => {
    const { code } = await site().ask("POST", "configmaps", configMap("x", {}, { resourceVersion: "5" }));
    // Upstream lets its store refuse it, and so calls the client's fault its own.
    expect([400, 500]).toContain(code);
  });

  it.each([
    ["a priority", { priority: 5 }],
    ["a preemption policy", { preemptionPolicy: "Never" }],
  ])("of a pod is refused with %s that no class gives it", async (_name, spec) => {
    const refused = await site().ask("POST", "pods", pod("x", spec));
    expect([refused.code, refused.json.reason]).toEqual([403, "Forbidden"]);
  });

  it("leaves to nobody what the server adds to a pod", async () => {
    const { metadata, spec } = await site().must("POST", "pods", pod("added"));
    expect(spec.tolerations.length).toBeGreaterThan(0);
    const owned = metadata.managedFields.flatMap((one: Loose) => Object.keys(one.fieldsV1["f:spec"] ?? {}));
    expect(owned).toContain("f:containers");
    for (const field of ["f:tolerations", "f:priority"]) expect(owned).not.toContain(field);
  });

  it("is refused in a namespace that is not there", async () => {
    const refused = await site().ask(
      "POST",
      "/api/v1/namespaces/conformance-none/configmaps",
      configMap("x"),
    );
    expect([refused.code, refused.json.details]).toEqual([
      404,
      { name: "conformance-none", kind: "namespaces" },
    ]);
  });
});

describe("update", () => {
  it("is of the version that was read, or of any", async () => {
    const first = await site().must("POST", "configmaps", configMap("versions", { a: "1" }));
    const second = await site().must("PUT", "configmaps/versions", { ...first, data: { a: "2" } });
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    const late = await site().ask("PUT", "configmaps/versions", { ...first, data: { a: "3" } });
    expect([late.code, late.json.reason]).toEqual([409, "Conflict"]);
    expect(late.json.message).toContain(
      "the object has been modified; please apply your changes to the latest version",
    );
    const blind = await site().must("PUT", "configmaps/versions", configMap("versions", { a: "4" }));
    expect(blind.data).toEqual({ a: "4" });
    const same = await site().must("PUT", "configmaps/versions", blind);
    expect(same.metadata.resourceVersion).toBe(blind.metadata.resourceVersion);
  });

  it.each([
    ["of another uid", { uid: "00000000-0000-0000-0000-000000000000" }, 409],
    ["of another name", { name: "other" }, 400],
    ["of another namespace", { namespace: "other" }, 400],
  ])("is refused %s", async (_name, metadata, code) => {
    await site().ask("POST", "configmaps", configMap("kept"));
    expect((await site().ask("PUT", "configmaps/kept", configMap("kept", {}, metadata))).code).toBe(code);
  });

  it("leaves the time of creation as it was", async () => {
    const made = await site().must("POST", "configmaps", configMap("dated"));
    const dated = configMap("dated", {}, { creationTimestamp: "2001-01-01T00:00:00Z" });
    const put = await site().must("PUT", "configmaps/dated", dated);
    expect(put.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
  });

  it("of a pod by its own manifest leaves what the server added", async () => {
    const manifest = pod("again", { serviceAccountName: "default", automountServiceAccountToken: false });
    const made = await site().must("POST", "pods", manifest);
    const put = await site().must("PUT", "pods/again", manifest);
    for (const field of ["tolerations", "priority", "preemptionPolicy"])
      expect(put.spec[field]).toEqual(made.spec[field]);
    const told = await site().must("PUT", "pods/again/status", {
      ...manifest,
      status: { phase: "Running" },
    });
    // Servers of old let it be taken away.
    expect([made.status.qosClass, undefined]).toContain(told.status.qosClass);
  });

  it("counts generations of what is wanted, not of what is told", async () => {
    const made = await site().must("POST", "daemonsets", daemonSet("counted"));
    const labelled = await site().must(
      "PATCH",
      "daemonsets/counted",
      { metadata: { labels: { a: "b" } } },
      { type: types.merge },
    );
    expect(labelled.metadata.generation).toBe(made.metadata.generation);
    const changed = await site().must(
      "PATCH",
      "daemonsets/counted",
      { spec: { minReadySeconds: 3 } },
      { type: types.merge },
    );
    expect(changed.metadata.generation).toBe(made.metadata.generation + 1);
  });

  it("keeps status and the rest apart", async () => {
    const made = await site().must("POST", "pods", { ...pod("apart"), status: { phase: "Running" } });
    expect(made.status.phase).toBe("Pending");
    const put = await site().must("PUT", "pods/apart", {
      ...made,
      status: { phase: "Failed" },
      // A scheduler may have written meanwhile.
      metadata: { ...made.metadata, resourceVersion: "", labels: { a: "b" } },
    });
    expect([put.status.phase, put.metadata.labels]).toEqual(["Pending", { a: "b" }]);
    const told = await site().must("PUT", "pods/apart/status", {
      ...put,
      metadata: { ...put.metadata, resourceVersion: "" },
      status: { ...put.status, message: "told" },
      spec: { containers: [{ name: "other", image: "x" }] },
    });
    expect([told.status.message, told.spec.containers[0].name]).toEqual(["told", "main"]);
    const owners = told.metadata.managedFields.filter(
      (one: Loose) => "f:message" in (one.fieldsV1["f:status"] ?? {}),
    );
    expect(owners).toMatchObject([{ manager: "conformance", operation: "Update" }]);
  });

  it("tells who wrote the status from who wrote the rest", async (context) => {
    site().since(22, "the subresource in managedFields", context);
    const made = await site().must("POST", "pods", pod("told"));
    const { metadata } = await site().must("PUT", "pods/told/status", {
      ...made,
      metadata: { ...made.metadata, resourceVersion: "" },
      status: { ...made.status, message: "told" },
    });
    const parts = metadata.managedFields.map((one: { subresource?: string }) => one.subresource ?? "");
    expect(parts).toEqual(expect.arrayContaining(["", "status"]));
  });

  it("refuses what may not change, all at once", async () => {
    await site().must("POST", "daemonsets", daemonSet("fixed"));
    const changed = { spec: { selector: { matchLabels: { app: "else" } }, minReadySeconds: -1 } };
    const refused = await site().ask("PATCH", "daemonsets/fixed", changed, { type: types.merge });
    expect(refused.code).toBe(422);
    const fields = refused.json.details.causes.map((cause: { field: string }) => cause.field);
    expect(fields).toEqual(expect.arrayContaining(["spec.selector", "spec.minReadySeconds"]));
  });
});

describe("dry runs", () => {
  it("answer as if, and do nothing", async () => {
    const query = { dryRun: "All" };
    const made = await site().ask("POST", "configmaps", configMap("dry"), { query });
    expect([made.code, made.json.metadata.name]).toEqual([201, "dry"]);
    expect((await site().ask("GET", "configmaps/dry")).code).toBe(404);
    const real = await site().must("POST", "configmaps", configMap("dry", { a: "1" }));
    expect((await site().must("PUT", "configmaps/dry", configMap("dry", { a: "2" }), { query })).data.a).toBe(
      "2",
    );
    expect(
      (await site().must("PATCH", "configmaps/dry", { data: { a: "3" } }, { query, type: types.merge })).data
        .a,
    ).toBe("3");
    await site().must("DELETE", "configmaps/dry", undefined, { query });
    expect(await site().must("GET", "configmaps/dry")).toEqual(real);
    expect((await site().ask("POST", "configmaps", configMap("x"), { query: { dryRun: "Some" } })).code).toBe(
      422,
    );
  });
});

describe("subresources", () => {
  it("of a pod: binding places it once, eviction removes it", async () => {
    // Its node is none, for which a controller would remove it.
    await site().must("POST", "pods", pod("bound", {}, { finalizers: ["conformance.example.com/keep"] }));
    const target = { apiVersion: "v1", kind: "Node", name: "conformance-none" };
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "bound" }, target };
    const elsewhere = { ...binding, target: { kind: "Pod", name: "x" } };
    // Upstream finds the fault in the field, and answers that it failed itself.
    expect([422, 500]).toContain((await site().ask("POST", "pods/bound/binding", elsewhere)).code);
    expect(await site().must("POST", "pods/bound/binding", binding)).toMatchObject({
      kind: "Status",
      status: "Success",
    });
    const { spec, status } = await site().must("GET", "pods/bound");
    expect([spec.nodeName, status.conditions]).toMatchObject([
      "conformance-none",
      [{ type: "PodScheduled", status: "True" }],
    ]);
    expect((await site().ask("POST", "pods/bound/binding", binding)).code).toBe(409);
    const eviction = {
      apiVersion: site().minor < 22 ? "policy/v1beta1" : "policy/v1",
      kind: "Eviction",
      metadata: { name: "bound" },
      deleteOptions: { gracePeriodSeconds: 0 },
    };
    expect((await site().ask("POST", "pods/bound/eviction", eviction)).code).toBe(201);
    expect((await site().must("GET", "pods/bound")).metadata.deletionTimestamp).toBeDefined();
    await site().must("PATCH", "pods/bound", { metadata: { finalizers: null } }, { type: types.merge });
    expect((await site().ask("GET", "pods/bound")).code).toBe(404);
  });

  it.each([
    ["binding", {}],
    ["binding", { metadata: { name: "other" }, target: { kind: "Node", name: "x" } }],
    ["binding", { apiVersion: "v1", kind: "Pod", metadata: { name: "meant" } }],
    ["binding", []],
    ["eviction", {}],
    ["eviction", { metadata: { name: "other" } }],
    ["eviction", { apiVersion: "v1", kind: "Pod", metadata: { name: "meant" } }],
  ])("of a pod: %s is not done by %j", async (subresource, body) => {
    await site().ask("POST", "pods", pod("meant"));
    expect((await site().ask("POST", `pods/meant/${subresource}`, body)).code).toBe(400);
    expect((await site().must("GET", "pods/meant")).spec.nodeName ?? "").not.toBe("x");
  });

  it("of an account: tokens", async () => {
    const asked = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 600 },
    };
    const { status } = await site().must("POST", "serviceaccounts/default/token", asked);
    expect(status.token.split(".")).toHaveLength(3);
    const review = await site().must("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      spec: { token: status.token },
    });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${site().namespace}:default` },
    });
    const authorization = `Bearer ${status.token}`;
    expect(
      (await site().ask("GET", "secrets", undefined, { headers: { authorization } })).code,
    ).toBeLessThanOrEqual(403);
  });

  it.each([
    ["GET", "configmaps/none/status", 404],
    ["POST", "configmaps/none", 405],
    ["PUT", "configmaps", 405],
    ["DELETE", "pods/none/status", 405],
    ["POST", "pods/none/nonsense", 404],
    ["GET", "nonsense", 404],
    ["GET", "/apis/nonsense.example.com/v1/things", 404],
  ])("%s %s is answered %s", async (method, what, code) => {
    expect((await site().ask(method, what, method === "GET" ? undefined : {})).code).toBe(code);
  });
});
