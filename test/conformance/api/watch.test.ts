// Owns the conformance of watches: beginnings, selectors, bookmarks, resumption and ends. Never skipped, never repeated (V.2).
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { brief, configMapNamed, configMaps, podNamed, pods, tryPipeline, type Tried } from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline();
});
afterEach(() => tried.stop());

const bind = (name: string, node: string) =>
  tried.must("POST", `${pods}/${name}/binding`, { metadata: { name }, target: { kind: "Node", name: node } });

describe("where a watch begins", () => {
  beforeEach(async () => {
    await tried.must("POST", configMaps, configMapNamed("a"));
    await tried.must("POST", configMaps, configMapNamed("b"));
  });

  it.each([
    {
      name: "no version: what is there, then what comes",
      query: {},
      told: ["ADDED a", "ADDED b", "ADDED c"],
    },
    { name: "version 0: the same", query: { resourceVersion: "0" }, told: ["ADDED a", "ADDED b", "ADDED c"] },
    {
      name: "initial events with a mark at their end",
      query: {
        sendInitialEvents: "true",
        resourceVersionMatch: "NotOlderThan",
        allowWatchBookmarks: "true",
      },
      told: ["ADDED a", "ADDED b", "BOOKMARK", "ADDED c"],
    },
    {
      name: "initial events declined",
      query: { sendInitialEvents: "false", resourceVersionMatch: "NotOlderThan" },
      told: ["ADDED c"],
    },
  ])("$name", async ({ query, told }) => {
    const watch = tried.watch(configMaps, query);
    const first = await watch.take(told.length - 1);
    await tried.must("POST", configMaps, configMapNamed("c"));
    expect([...first, ...(await watch.take(1))].map(brief)).toEqual(told);
    watch.stop();
  });

  it("the mark says that the initial events are over", async () => {
    const watch = tried.watch(configMaps, {
      sendInitialEvents: "true",
      resourceVersionMatch: "NotOlderThan",
      allowWatchBookmarks: "true",
    });
    expect((await watch.take(3)).at(2)?.object).toMatchObject({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {
        resourceVersion: String(tried.store.revision()),
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    });
    watch.stop();
  });

  it("a version: every change after it, each once", async () => {
    const listed = await tried.must("GET", configMaps);
    await tried.must("POST", configMaps, configMapNamed("c"));
    await tried.must(
      "PATCH",
      `${configMaps}/a`,
      { data: { k: "v" } },
      { contentType: "application/merge-patch+json" },
    );
    const watch = tried.watch(configMaps, { resourceVersion: listed.metadata.resourceVersion });
    await tried.must("DELETE", `${configMaps}/b`);
    expect((await watch.take(3)).map(brief)).toEqual(["ADDED c", "MODIFIED a", "DELETED b"]);
    watch.stop();
  });

  it("a deletion shows the last state at the revision of the deletion", async () => {
    const watch = tried.watch(configMaps);
    await watch.take(2);
    await tried.must(
      "PATCH",
      `${configMaps}/b`,
      { data: { k: "v" } },
      { contentType: "application/merge-patch+json" },
    );
    await tried.must("DELETE", `${configMaps}/b`);
    const [, gone] = await watch.take(2);
    expect(gone).toMatchObject({
      type: "DELETED",
      object: { data: { k: "v" }, metadata: { resourceVersion: String(tried.store.revision()) } },
    });
    watch.stop();
  });

  it("a version older than what is kept: 410, and the client lists anew (V.2)", async () => {
    const small = await tryPipeline({ limits: { ringMax: 3 } });
    const first = await small.must("POST", configMaps, configMapNamed("first"));
    for (const name of ["a", "b", "c", "d"]) await small.must("POST", configMaps, configMapNamed(name));
    const old = small.watch(configMaps, { resourceVersion: first.metadata.resourceVersion });
    const [refused] = await old.take(1);
    expect(refused && brief(refused)).toBe("ERROR 410 Expired");
    expect(await old.ended()).toBe(true);
    const second = await small.must("GET", `${configMaps}/a`);
    const recent = small.watch(configMaps, { resourceVersion: second.metadata.resourceVersion });
    expect((await recent.take(3)).map(brief)).toEqual(["ADDED b", "ADDED c", "ADDED d"]);
    recent.stop();
    await small.stop();
  });
});

describe("selection", () => {
  it("by label: entering is added, leaving is deleted", async () => {
    const watch = tried.watch(configMaps, { labelSelector: "team=red" });
    const dye = (team: string | null) =>
      tried.must(
        "PATCH",
        `${configMaps}/a`,
        { metadata: { labels: { team } } },
        { contentType: "application/merge-patch+json" },
      );
    await tried.must("POST", configMaps, configMapNamed("a"));
    await dye("red");
    await tried.must(
      "PATCH",
      `${configMaps}/a`,
      { data: { x: "1" } },
      { contentType: "application/merge-patch+json" },
    );
    const left = await dye("blue");
    await dye("red");
    const told = await watch.take(4);
    expect(told.map(brief)).toEqual(["ADDED a", "MODIFIED a", "DELETED a", "ADDED a"]);
    // The state that still matched, at the revision at which it no longer did.
    expect(told[2]?.object).toMatchObject({
      metadata: { labels: { team: "red" }, resourceVersion: left.metadata.resourceVersion },
    });
    watch.stop();
  });

  it("by node: a kubelet hears of its own pods only", async () => {
    const mine = tried.watch("/api/v1/pods", { fieldSelector: "spec.nodeName=n1" });
    const unbound = tried.watch("/api/v1/pods", { fieldSelector: "spec.nodeName=" });
    for (const name of ["a", "b"]) await tried.must("POST", pods, podNamed(name));
    await bind("a", "n2");
    await bind("b", "n1");
    await tried.must("DELETE", `${pods}/b`, { gracePeriodSeconds: 0 });
    expect((await mine.take(2)).map(brief)).toEqual(["ADDED b", "DELETED b"]);
    expect((await unbound.take(4)).map(brief)).toEqual(["ADDED a", "ADDED b", "DELETED a", "DELETED b"]);
    mine.stop();
    unbound.stop();
  });

  it("by name, namespace, and one object's path", async () => {
    const named = tried.watch(configMaps, { fieldSelector: "metadata.name=b" });
    const single = tried.watch(`${configMaps}/b`);
    const elsewhere = tried.watch("/api/v1/namespaces/kube-system/configmaps");
    const all = tried.watch("/api/v1/configmaps");
    for (const name of ["a", "b"]) await tried.must("POST", configMaps, configMapNamed(name));
    await tried.must("POST", "/api/v1/namespaces/kube-system/configmaps", configMapNamed("c"));
    expect((await all.take(3)).map(brief)).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
    expect((await named.take(1)).map(brief)).toEqual(["ADDED b"]);
    expect((await single.take(1)).map(brief)).toEqual(["ADDED b"]);
    expect((await elsewhere.take(1)).map(brief)).toEqual(["ADDED c"]);
    for (const watch of [named, single, elsewhere, all]) watch.stop();
  });

  it("by a field no selector may name: 400", async () => {
    const [event] = await tried.watch("/api/v1/pods", { fieldSelector: "spec.foo=1" }).take(1);
    expect(event?.object).toMatchObject({ code: 400, message: "field label not supported: spec.foo" });
  });
});

describe("how a watch goes on and ends", () => {
  it("bookmarks each minute, at the newest revision", async () => {
    const watch = tried.watch(configMaps, { allowWatchBookmarks: "true", timeoutSeconds: "600" });
    await tried.must("POST", pods, podNamed("of-another-kind"));
    await tried.clock.advanceAsync(61_000);
    const [bookmark] = await watch.take(1);
    expect(bookmark).toMatchObject({
      type: "BOOKMARK",
      object: { metadata: { resourceVersion: String(tried.store.revision()) } },
    });
    watch.stop();
  });

  it("ends at its timeout, with a bookmark to resume from", async () => {
    const watch = tried.watch(configMaps, { allowWatchBookmarks: "true", timeoutSeconds: "5" });
    await tried.must("GET", configMaps);
    await tried.clock.advanceAsync(6_000);
    expect((await watch.take(1)).map(brief)).toEqual(["BOOKMARK"]);
    expect(await watch.ended()).toBe(true);
  });

  it("ends for a client that does not keep up, rather than remember without bound", async () => {
    const small = await tryPipeline({ limits: { backlogMax: 3 } });
    const abort = new AbortController();
    const request = { method: "GET", path: configMaps, query: { watch: "1" } } as const;
    const told = small.pipeline.watch(request, { name: "slow", groups: [] }, abort.signal);
    const batches = told[Symbol.asyncIterator]();
    const first = batches.next();
    await small.must("POST", configMaps, configMapNamed("first"));
    expect((await first).done).toBe(false);
    for (const name of ["a", "b", "c", "d"]) await small.must("POST", configMaps, configMapNamed(name));
    expect((await batches.next()).done).toBe(true);
    await small.stop();
  });

  it("ends when the client goes and when the server stops", async () => {
    const leaving = tried.watch(configMaps);
    const staying = tried.watch(configMaps);
    await tried.must("GET", configMaps);
    leaving.stop();
    expect(await leaving.ended()).toBe(true);
    await tried.pipeline.stop();
    expect(await staying.ended()).toBe(true);
  });

  it("tells every watcher of every change of many writers, in one order", async () => {
    const watches = [tried.watch(configMaps), tried.watch("/api/v1/configmaps")];
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        await tried.must("POST", configMaps, configMapNamed(`c${at}`));
        if (at % 2 === 0) await tried.must("DELETE", `${configMaps}/c${at}`);
      }),
    );
    const [one, other] = await Promise.all(watches.map((watch) => watch.take(75)));
    expect(one?.map(brief)).toEqual(other?.map(brief));
    const versions = (one ?? []).map(({ object }) => Number(object.metadata?.resourceVersion));
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    expect(new Set(versions).size).toBe(75);
    for (const watch of watches) watch.stop();
  });
});
