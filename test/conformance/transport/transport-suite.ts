// Owns what every transport must do, whichever way it reaches the API server.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FakeApi } from "../../../src/client/fake-api.fixture.ts";
import type { ConfigMap } from "../../../src/model/generated/types.ts";
import { configMap } from "../../../src/model/kinds/config-map.ts";
import type { Transport, WatchEvent } from "../../../src/model/wire.ts";

export interface Reached {
  readonly api: FakeApi;
  readonly transport: Transport;
  close(): Promise<void>;
}

const collection = "/api/v1/namespaces/default/configmaps";

const draft = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

/** Reads events until that many have come; `first` is called with the first of them. */
async function eventsOf(
  watch: AsyncIterable<readonly WatchEvent[]>,
  count: number,
  first: () => void = () => undefined,
): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const batch of watch) {
    if (events.length === 0) first();
    events.push(...batch);
    if (events.length >= count) break;
  }
  return events;
}

function later(): readonly [() => void, Promise<void>] {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return [() => resolve(), promise];
}

const told = (events: readonly WatchEvent[]) =>
  events.map(
    ({ type, object }) =>
      `${type} ${"name" in (object.metadata ?? {}) ? (object as ConfigMap).metadata.name : ""}`,
  );

export function transportSuite(name: string, reach: () => Promise<Reached>): void {
  describe(`transport ${name}`, () => {
    let reached: Reached;
    let abort: AbortController;
    beforeEach(async () => {
      reached = await reach();
      abort = new AbortController();
    });
    afterEach(async () => {
      abort.abort();
      await reached.close();
    });
    const put = (name: string, value = "a") => reached.api.put<ConfigMap>(configMap, draft(name, { value }));
    const watch = (query: Record<string, string> = {}) =>
      reached.transport.watch({ method: "GET", path: collection, query }, abort.signal);

    test("creates, reads, replaces and deletes", async () => {
      const { transport } = reached;
      const created = await transport.request({ method: "POST", path: collection, body: draft("one") });
      expect(created).toMatchObject({
        status: 201,
        body: { metadata: { name: "one", namespace: "default" } },
      });
      const read = await transport.request({ method: "GET", path: `${collection}/one` });
      expect(read.body).toEqual(created.body);
      const body = { ...(read.body as ConfigMap), data: { a: "b" } };
      const replaced = await transport.request({ method: "PUT", path: `${collection}/one`, body });
      expect(replaced).toMatchObject({ status: 200, body: { data: { a: "b" } } });
      const deleted = await transport.request({ method: "DELETE", path: `${collection}/one`, body: {} });
      expect(deleted.status).toBe(200);
      expect(reached.api.all(configMap)).toEqual([]);
    });

    test("a patch carries its type", async () => {
      put("one");
      const patch = (contentType: string, body: unknown) =>
        reached.transport.request({ method: "PATCH", path: `${collection}/one`, contentType, body });
      const merge = await patch("application/merge-patch+json", { data: { more: "b" } });
      expect(merge).toMatchObject({ status: 200, body: { data: { value: "a", more: "b" } } });
      const json = await patch("application/json-patch+json", [{ op: "remove", path: "/data/more" }]);
      expect((json.body as ConfigMap).data).toEqual({ value: "a" });
    });

    test("a refusal is a response with its Status", async () => {
      const absent = await reached.transport.request({ method: "GET", path: `${collection}/none` });
      expect(absent).toMatchObject({ status: 404, body: { kind: "Status", reason: "NotFound", code: 404 } });
      put("one");
      const again = await reached.transport.request({ method: "POST", path: collection, body: draft("one") });
      expect(again).toMatchObject({ status: 409, body: { reason: "AlreadyExists" } });
    });

    test("queries arrive as they were meant, whatever characters they hold", async () => {
      const query = { labelSelector: "a=b,c!=d", fieldSelector: "metadata.name=x&y z+ä", limit: undefined };
      await reached.transport.request({ method: "GET", path: collection, query });
      expect(reached.api.requests.at(-1)?.query).toEqual({
        labelSelector: "a=b,c!=d",
        fieldSelector: "metadata.name=x&y z+ä",
      });
    });

    test("what one caller does to an answer reaches no other", async () => {
      put("one");
      const path = `${collection}/one`;
      const { body } = await reached.transport.request({ method: "GET", path });
      const [first] = await eventsOf(watch(), 1);
      for (const object of [body, first?.object] as ConfigMap[])
        // In process the object is the server's own, and refuses.
        if (!Object.isFrozen(object.data)) (object.data ??= {})["key"] = "spoilt";
      const again = await reached.transport.request({ method: "GET", path });
      expect(again.body).toEqual(reached.api.get(configMap, "default/one"));
      expect(JSON.stringify(again.body)).not.toContain("spoilt");
    });

    test("a watch tells what is there, then every change in order", async () => {
      put("one");
      // What comes before the server has heard of the watch would be a part of what is there.
      const [heard, seen] = later();
      const events = eventsOf(watch({ resourceVersion: "0" }), 4, heard);
      await seen;
      await reached.transport.request({ method: "POST", path: collection, body: draft("two") });
      put("one", "ü".repeat(200_000));
      reached.api.remove(configMap, "default/two");
      expect(told(await events)).toEqual(["ADDED one", "ADDED two", "MODIFIED one", "DELETED two"]);
    });

    test("a watch goes on from the version asked for", async () => {
      put("one");
      const { metadata } = put("two");
      put("three");
      expect(told(await eventsOf(watch({ resourceVersion: metadata.resourceVersion }), 1))).toEqual([
        "ADDED three",
      ]);
    });

    test("a refused watch is one ERROR event with the Status, and then ends", async () => {
      const { metadata } = put("one");
      put("two");
      reached.api.compact();
      const events: WatchEvent[] = [];
      for await (const batch of watch({ resourceVersion: metadata.resourceVersion })) events.push(...batch);
      expect(events).toMatchObject([{ type: "ERROR", object: { code: 410, reason: "Expired" } }]);
    });

    test("a watch that the server ends, ends", async () => {
      put("one");
      const events: WatchEvent[] = [];
      for await (const batch of watch()) {
        events.push(...batch);
        reached.api.cutWatches("end");
      }
      expect(told(events)).toEqual(["ADDED one"]);
    });

    test("a watch that breaks, throws", async () => {
      put("one");
      const read = async () => {
        for await (const batch of watch()) if (batch.length > 0) reached.api.cutWatches("fail");
      };
      await expect(read()).rejects.toThrow();
    });

    test("a watch that is aborted ends without an error", async () => {
      put("one");
      const events: WatchEvent[] = [];
      for await (const batch of watch()) {
        events.push(...batch);
        abort.abort();
      }
      expect(told(events)).toEqual(["ADDED one"]);
    });
  });
}
