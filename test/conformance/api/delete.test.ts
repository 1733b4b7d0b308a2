// Owns the conformance of deletion: preconditions, finalizers, grace, namespaces, selections, eviction.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  configMapNamed,
  configMaps,
  daemonSetNamed,
  daemonSets,
  namesIn,
  podNamed,
  pods,
  tryPipeline,
  type Tried,
} from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline();
});
afterEach(() => tried.stop());

const merge = { contentType: "application/merge-patch+json" };
const isThere = async (path: string) => (await tried.ask("GET", path)).status === 200;

describe("objects that go at once", () => {
  it("are answered with what they were", async () => {
    const made = await tried.must("POST", daemonSets, daemonSetNamed("x"));
    expect(await tried.must("DELETE", `${daemonSets}/x`)).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      details: { name: "x", group: "apps", kind: "daemonsets", uid: made.metadata.uid },
    });
    expect((await tried.ask("DELETE", `${daemonSets}/x`)).body).toMatchObject({
      code: 404,
      reason: "NotFound",
      message: 'daemonsets.apps "x" not found',
    });
  });

  it.each([
    { name: "another uid", preconditions: { uid: "other" } },
    { name: "another version", preconditions: { resourceVersion: "1" } },
  ])("$name: 409, and they stay", async ({ preconditions }) => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    expect((await tried.ask("DELETE", `${configMaps}/x`, { preconditions })).body).toMatchObject({
      code: 409,
      reason: "Conflict",
    });
    expect(await isThere(`${configMaps}/x`)).toBe(true);
  });

  it("stay on a dry run", async () => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    await tried.must("DELETE", `${configMaps}/x`, { dryRun: ["All"] });
    expect(await isThere(`${configMaps}/x`)).toBe(true);
  });

  it("a policy that is none: 422", async () => {
    await tried.must("POST", configMaps, configMapNamed("x"));
    expect((await tried.ask("DELETE", `${configMaps}/x`, { propagationPolicy: "Maybe" })).body).toMatchObject(
      {
        code: 422,
        message: expect.stringMatching(
          /^DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Maybe"/,
        ),
      },
    );
  });
});

describe("finalizers", () => {
  it("keep the object until the last is taken off", async () => {
    await tried.must("POST", configMaps, configMapNamed("x", {}, { finalizers: ["a.io/x", "a.io/y"] }));
    const deleted = await tried.must("DELETE", `${configMaps}/x`);
    expect(deleted.metadata).toMatchObject({
      deletionTimestamp: "2026-01-01T00:00:00Z",
      deletionGracePeriodSeconds: 0,
    });
    const before = tried.store.revision();
    await tried.must("DELETE", `${configMaps}/x`);
    expect(tried.store.revision()).toBe(before);
    const added = await tried.ask(
      "PATCH",
      `${configMaps}/x`,
      { metadata: { finalizers: ["a.io/x", "a.io/z"] } },
      merge,
    );
    expect(added.body).toMatchObject({
      code: 422,
      message: expect.stringContaining(
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.io/z"}',
      ),
    });
    await tried.must("PATCH", `${configMaps}/x`, { metadata: { finalizers: ["a.io/y"] } }, merge);
    expect(await isThere(`${configMaps}/x`)).toBe(true);
    await tried.must("PATCH", `${configMaps}/x`, { metadata: { finalizers: null } }, merge);
    expect(await isThere(`${configMaps}/x`)).toBe(false);
  });

  it.each([
    { asked: { propagationPolicy: "Foreground" }, finalizers: ["foregroundDeletion"] },
    { asked: { propagationPolicy: "Orphan" }, finalizers: ["orphan"] },
    { asked: { orphanDependents: true }, finalizers: ["orphan"] },
  ])("$asked leaves it to the garbage collector (D.17)", async ({ asked, finalizers }) => {
    await tried.must("POST", daemonSets, daemonSetNamed("x"));
    const deleted = await tried.must("DELETE", `${daemonSets}/x`, asked);
    expect(deleted.metadata).toMatchObject({
      finalizers,
      generation: 2,
      deletionTimestamp: expect.any(String),
    });
    await tried.must("PATCH", `${daemonSets}/x`, { metadata: { finalizers: null } }, merge);
    expect(await isThere(`${daemonSets}/x`)).toBe(false);
  });

  it("a name that is still going says so", async () => {
    await tried.must("POST", configMaps, configMapNamed("x", {}, { finalizers: ["a.io/x"] }));
    await tried.must("DELETE", `${configMaps}/x`);
    expect((await tried.ask("POST", configMaps, configMapNamed("x"))).body).toMatchObject({
      reason: "AlreadyExists",
      message: 'object is being deleted: configmaps "x" already exists',
    });
  });
});

describe("grace of pods", () => {
  const bound = async (name: string) => {
    await tried.must("POST", pods, podNamed(name));
    await tried.must("POST", `${pods}/${name}/binding`, { metadata: { name }, target: { name: "n1" } });
  };

  it("marks when the pod will be gone, and waits for its kubelet", async () => {
    await bound("a");
    const deleted = await tried.must("DELETE", `${pods}/a`);
    expect(deleted).toMatchObject({
      kind: "Pod",
      metadata: { deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30, generation: 2 },
    });
    await tried.clock.advanceAsync(60_000);
    expect(await isThere(`${pods}/a`)).toBe(true);
    const last = await tried.must("DELETE", `${pods}/a`, {
      gracePeriodSeconds: 0,
      preconditions: { uid: deleted.metadata.uid },
    });
    expect(last).toMatchObject({ kind: "Pod", metadata: { name: "a" } });
    expect(await isThere(`${pods}/a`)).toBe(false);
  });

  it("may be shortened and never lengthened", async () => {
    await bound("a");
    await tried.must("DELETE", `${pods}/a`, { gracePeriodSeconds: 20 });
    await tried.clock.advanceAsync(5_000);
    expect((await tried.must("DELETE", `${pods}/a`, { gracePeriodSeconds: 60 })).metadata).toMatchObject({
      deletionTimestamp: "2026-01-01T00:00:20Z",
      deletionGracePeriodSeconds: 20,
    });
    expect(
      (
        await tried.must("DELETE", `${pods}/a`, undefined, {
          query: { gracePeriodSeconds: "10" },
        })
      ).metadata,
    ).toMatchObject({
      deletionTimestamp: "2026-01-01T00:00:10Z",
      deletionGracePeriodSeconds: 10,
    });
  });

  it.each([
    {
      name: "of a pod on no node",
      prepare: () => tried.must("POST", pods, podNamed("a")),
      asked: { gracePeriodSeconds: 30 },
    },
    {
      name: "of a pod that has ended",
      prepare: async () => {
        await bound("a");
        await tried.must("PATCH", `${pods}/a/status`, { status: { phase: "Failed" } }, merge);
      },
      asked: {},
    },
    { name: "of none", prepare: () => bound("a"), asked: { gracePeriodSeconds: 0 } },
  ])("$name ends at once", async ({ prepare, asked }) => {
    await prepare();
    await tried.must("DELETE", `${pods}/a`, asked);
    expect(await isThere(`${pods}/a`)).toBe(false);
  });

  it("is kept by eviction", async () => {
    await bound("a");
    const body = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name: "a" },
      deleteOptions: { gracePeriodSeconds: 7 },
    };
    expect(await tried.ask("POST", `${pods}/a/eviction`, body)).toMatchObject({
      status: 201,
      body: { status: "Success" },
    });
    expect((await tried.must("GET", `${pods}/a`)).metadata.deletionGracePeriodSeconds).toBe(7);
  });
});

describe("namespaces", () => {
  const namespaces = "/api/v1/namespaces";

  it("are active at first, then go when their content has", async () => {
    const made = await tried.must("POST", namespaces, {
      metadata: { name: "team" },
      spec: { finalizers: [] },
    });
    expect(made).toMatchObject({ spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
    expect(await tried.must("DELETE", `${namespaces}/team`)).toMatchObject({
      kind: "Namespace",
      status: { phase: "Terminating" },
      metadata: { deletionTimestamp: expect.any(String) },
    });
    const current = await tried.must("GET", `${namespaces}/team`);
    // Only /finalize takes a namespace's own finalizers.
    expect(
      await tried.must("PUT", `${namespaces}/team`, { ...current, spec: { finalizers: [] } }),
    ).toMatchObject({
      spec: { finalizers: ["kubernetes"] },
    });
    await tried.must("PUT", `${namespaces}/team/finalize`, { ...current, spec: { finalizers: [] } });
    expect(await isThere(`${namespaces}/team`)).toBe(false);
  });

  it.each(["default", "kube-system", "kube-public"])("%s stays", async (name) => {
    expect((await tried.ask("DELETE", `${namespaces}/${name}`)).body).toMatchObject({
      code: 403,
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  });
});

describe("selections", () => {
  it("take what matches and leave the rest", async () => {
    for (const name of ["a", "b", "c"])
      await tried.must("POST", configMaps, configMapNamed(name, {}, { labels: { n: name } }));
    const gone = await tried.must("DELETE", configMaps, undefined, { query: { labelSelector: "n!=b" } });
    expect(namesIn(gone)).toEqual(["a", "c"]);
    expect(namesIn(await tried.must("GET", configMaps))).toEqual(["b"]);
  });

  it("of all namespaces at once are not taken", async () => {
    expect((await tried.ask("DELETE", "/api/v1/configmaps")).status).toBe(405);
  });
});

describe("after a restart over the same store", () => {
  it("everything acknowledged is there (V.1)", async () => {
    const made = await tried.must("POST", configMaps, configMapNamed("a"));
    await tried.must("POST", configMaps, configMapNamed("b"));
    const again = await tryPipeline({ store: tried.store });
    expect(await again.must("GET", `${configMaps}/a`)).toEqual(made);
    await again.stop();
  });

  it("two servers over one store see each other's writes", async () => {
    const other = await tryPipeline({ store: tried.store });
    for (let at = 0; at < 10; at += 1) {
      const [one, two] = at % 2 === 0 ? [tried, other] : [other, tried];
      const made = await one.must("POST", configMaps, configMapNamed(`c${at}`));
      expect(await two.must("GET", `${configMaps}/c${at}`)).toEqual(made);
    }
    await other.stop();
  });
});
