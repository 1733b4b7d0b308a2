// Owns the conformance of watches on any Kubernetes API server: where they begin, what they tell, how they end.
import { beforeAll, describe, expect, it } from "vitest";
import { configMap, tableAccept, types, useSite, type Event } from "./server.ts";

const site = useSite();
const brief = ({ type, object }: Event): string => `${type} ${object.metadata.name ?? ""}`.trimEnd();
/** This file's own: controllers may make others. */
const mine = { labelSelector: "of=watch" };
const made = (name: string, labels: object = {}) =>
  configMap(name, {}, { labels: { of: "watch", ...labels } });

let begin = "";
beforeAll(async () => {
  await site().must("POST", "configmaps", made("first"));
  begin = (await site().must("GET", "configmaps")).metadata.resourceVersion;
  await site().must("POST", "configmaps", made("second", { app: "x" }));
  await site().must(
    "PATCH",
    "configmaps/second",
    { metadata: { labels: { app: "y" } } },
    { type: types.merge },
  );
  await site().must("POST", "configmaps", made("third"));
  await site().must("DELETE", "configmaps/third");
});

const all = ["ADDED second", "MODIFIED second", "ADDED third", "DELETED third"];

describe("a watch begins", () => {
  it.each([
    ["with what is there, where no version is named", {}, ["ADDED first", "ADDED second"]],
    ["with what is there, at any version", { resourceVersion: "0" }, ["ADDED first", "ADDED second"]],
  ])("%s", async (_name, query, expected) => {
    expect((await site().watch("configmaps", { ...mine, ...query }, 2)).map(brief).sort()).toEqual(expected);
  });

  it("after the version named", async () => {
    const events = await site().watch("configmaps", { ...mine, resourceVersion: begin }, 4);
    expect(events.map(brief)).toEqual(all);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((left, right) => left - right));
  });

  it("with what is there and a mark, where asked to", async (context) => {
    site().since(27, "watches that begin with a list", context);
    const query = {
      ...mine,
      sendInitialEvents: "true",
      allowWatchBookmarks: "true",
      resourceVersionMatch: "NotOlderThan",
    };
    const refused = await site().ask("GET", "configmaps", undefined, {
      query: { ...query, watch: "true", timeoutSeconds: "1" },
    });
    if (refused.code === 422) context.skip(`the server has it turned off: ${refused.json.message}`);
    const events = await site().watch("configmaps", query, 3);
    expect(events.map(({ type }) => type)).toEqual(["ADDED", "ADDED", "BOOKMARK"]);
    expect(events[2]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });

  it("with one object, where one is named", async () => {
    const query = { fieldSelector: "metadata.name=second", resourceVersion: begin };
    expect((await site().watch("configmaps", query, 2)).map(brief)).toEqual([
      "ADDED second",
      "MODIFIED second",
    ]);
  });
});

describe("selectors", () => {
  it.each([
    ["app=x", ["ADDED second", "DELETED second"]],
    ["app=y", ["ADDED second"]],
    ["!app", ["ADDED third", "DELETED third"]],
  ])("make of changes comings and goings: %s", async (labelSelector, expected) => {
    const query = { labelSelector: `of=watch,${labelSelector}`, resourceVersion: begin };
    expect((await site().watch("configmaps", query, expected.length)).map(brief)).toEqual(expected);
  });

  it("tell of what leaves with its last version", async () => {
    const query = { labelSelector: "app=x", resourceVersion: begin };
    const [added, gone] = await site().watch("configmaps", query, 2);
    expect(Number(gone?.object.metadata.resourceVersion)).toBeGreaterThan(
      Number(added?.object.metadata.resourceVersion),
    );
  });
});

describe("a watch ends", () => {
  it("after the time it was given", async () => {
    const query = { timeoutSeconds: "1", fieldSelector: "metadata.name=none" };
    expect(await site().watch("secrets", query, 100)).toEqual([]);
  });

  it("at once with 410, where its version is of a past too far", async () => {
    const list = await site().ask("GET", "configmaps", undefined, {
      query: { resourceVersion: "1", resourceVersionMatch: "Exact" },
    });
    if (list.code !== 410) return;
    const [event] = await site().watch("configmaps", { resourceVersion: "1" }, 1);
    expect(event).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
  });
});

describe("a watch tells", () => {
  it("of bookmarks only where they are wanted", async () => {
    const events = await site().watch(
      "configmaps",
      { ...mine, resourceVersion: begin, timeoutSeconds: "2" },
      100,
    );
    expect(events.map(brief)).toEqual(all);
  });

  it("in tables", async () => {
    const [first, second] = await site().watch("configmaps", { ...mine, resourceVersion: begin }, 2, {
      accept: tableAccept,
    });
    expect(first).toMatchObject({
      type: "ADDED",
      object: { kind: "Table", rows: [{ object: { metadata: { name: "second" } } }] },
    });
    expect(second?.object.kind).toBe("Table");
  });

  it("as it happens", async () => {
    const watching = site().watch("configmaps", { ...mine, fieldSelector: "metadata.name=live" }, 2);
    await site().must("POST", "configmaps", made("live"));
    await site().must("DELETE", "configmaps/live");
    expect((await watching).map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
  });
});

describe("a watch is refused", () => {
  // Of a server that takes it all the same, the answer ends.
  const asked = (query: Readonly<Record<string, string>>) =>
    site().ask("GET", "configmaps", undefined, { query: { watch: "true", timeoutSeconds: "1", ...query } });

  it.each([
    // Older servers call this their own fault.
    ["a version that is none", { resourceVersion: "x" }, [400, 500]],
    ["a selector that is none", { labelSelector: "a in (" }, [400]],
    ["a match without initial events", { resourceVersion: "5", resourceVersionMatch: "NotOlderThan" }, [422]],
  ])("for %s", async (_name, query, codes) => {
    expect(codes).toContain((await asked(query)).code);
  });

  it("for initial events without a match", async (context) => {
    site().since(27, "sendInitialEvents", context);
    expect((await asked({ sendInitialEvents: "true" })).code).toBe(422);
  });
});
