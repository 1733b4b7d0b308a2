// Owns the conformance of deletion on any Kubernetes API server: what is told of it, what it waits for, what keeps it from being done.
import { describe, expect, it } from "vitest";
import { configMap, namesIn, pod, types, useSite } from "./server.ts";

const site = useSite();

describe("deletion", () => {
  const finalizers = ["conformance.example.com/keep"];

  it("is told once, and then of nothing", async () => {
    const { metadata } = await site().must("POST", "configmaps", configMap("gone"));
    expect(await site().must("DELETE", "configmaps/gone")).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "gone", kind: "configmaps", uid: metadata.uid },
    });
    expect((await site().ask("DELETE", "configmaps/gone")).code).toBe(404);
  });

  it("is of what was meant", async () => {
    const { metadata } = await site().must("POST", "configmaps", configMap("meant"));
    const wrong = [{ uid: "00000000-0000-0000-0000-000000000000" }, { resourceVersion: "1" }];
    for (const preconditions of wrong)
      expect((await site().ask("DELETE", "configmaps/meant", { preconditions })).code).toBe(409);
    const { uid, resourceVersion } = metadata;
    await site().must("DELETE", "configmaps/meant", { preconditions: { uid, resourceVersion } });
  });

  it("waits for finalizers, which then only go", async () => {
    await site().must("POST", "configmaps", configMap("kept-back", {}, { finalizers }));
    const marked = await site().must("DELETE", "configmaps/kept-back");
    expect(marked.metadata).toMatchObject({ deletionTimestamp: expect.any(String), finalizers });
    const more = { metadata: { finalizers: [...finalizers, "conformance.example.com/more"] } };
    expect((await site().ask("PATCH", "configmaps/kept-back", more, { type: types.merge })).code).toBe(422);
    const again = await site().ask("POST", "configmaps", configMap("kept-back"));
    expect([again.code, again.json.message]).toEqual([
      409,
      expect.stringContaining("object is being deleted"),
    ]);
    await site().must(
      "PATCH",
      "configmaps/kept-back",
      { metadata: { finalizers: null } },
      { type: types.merge },
    );
    expect((await site().ask("GET", "configmaps/kept-back")).code).toBe(404);
  });

  it.each([
    ["Foreground", ["foregroundDeletion"]],
    ["Orphan", ["orphan"]],
  ])("asks the garbage collector for %s", async (propagationPolicy, expected) => {
    await site().must("POST", "configmaps", configMap("owner", {}, { finalizers }));
    const marked = await site().must("DELETE", "configmaps/owner", { propagationPolicy });
    expect(marked.metadata.finalizers).toEqual(expect.arrayContaining([...finalizers, ...expected]));
    await site().must("PATCH", "configmaps/owner", { metadata: { finalizers: null } }, { type: types.merge });
  });

  it.each([
    ["an unknown policy", { propagationPolicy: "Sideways" }, 422],
    ["two policies", { propagationPolicy: "Orphan", orphanDependents: true }, 422],
    ["a negative grace", { gracePeriodSeconds: -1 }, 200],
  ])("with %s", async (_name, body, code) => {
    await site().ask("POST", "configmaps", configMap("options"));
    expect((await site().ask("DELETE", "configmaps/options", body)).code).toBe(code);
  });

  it.each([
    ["options of another kind", { kind: "Pod", apiVersion: "v1" }, 400],
    ["no options", [], 400],
    ["a dry run in another form", { dryRun: "All" }, 400],
    ["a policy of another type", { orphanDependents: "x" }, 400],
    ["an empty policy", { propagationPolicy: "" }, 422],
    ["an empty uid", { preconditions: { uid: "" } }, 409],
  ])("is not done for %s", async (_name, body, code) => {
    await site().ask("POST", "configmaps", configMap("spared"));
    const refused = await site().ask("DELETE", "configmaps/spared", body);
    // What it cannot read upstream calls its own fault.
    expect(code === 400 ? [400, 500] : [code]).toContain(refused.code);
    await site().must("GET", "configmaps/spared");
  });

  it.each(["x", "1.5", ""])("is not done for a grace of %j", async (gracePeriodSeconds) => {
    await site().ask("POST", "configmaps", configMap("spared"));
    const { code } = await site().ask("DELETE", "configmaps/spared", undefined, {
      query: { gracePeriodSeconds },
    });
    expect(code).toBe(400);
    await site().must("GET", "configmaps/spared");
  });

  it("of a collection is of what is selected", async () => {
    for (const [name, app] of [
      ["c-1", "x"],
      ["c-2", "x"],
      ["c-3", "y"],
    ] as const)
      await site().must("POST", "configmaps", configMap(name, {}, { labels: { app } }));
    await site().must("DELETE", "configmaps", undefined, { query: { labelSelector: "app=x" } });
    expect(
      namesIn(await site().must("GET", "configmaps", undefined, { query: { labelSelector: "app" } })),
    ).toEqual(["c-3"]);
  });

  it("of a pod that was never placed is at once", async () => {
    await site().must("POST", "pods", pod("unplaced"));
    await site().must("DELETE", "pods/unplaced");
    expect((await site().ask("GET", "pods/unplaced")).code).toBe(404);
  });

  it("of all namespaces at once is not offered", async () => {
    expect((await site().ask("DELETE", "/api/v1/namespaces")).code).toBe(405);
  });
});
