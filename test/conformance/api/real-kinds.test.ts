// Owns the conformance of every kind that is served, with its own rules: created, shown, changed, followed, deleted.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import { brief, daemonSetNamed, podNamed, tryPipeline, type Tried } from "./harness.ts";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline({ kinds });
});
afterEach(() => tried.stop());

const metadata = { name: "x" };
const about = { kind: "Pod", namespace: "default", name: "a" };
/** A request for a key nobody has any more, PEM in base64. */
const certificateRequest =
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIcU1JR1JBZ0VBTUM4eEZUQVRCZ05WQkFvTURITjVjM1JsYlRwdWIyUmxjekVXTUJRR0ExVUVBd3dOYzNsegpkR1Z0T201dlpHVTZlREJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCQ3Z2bUt1cDJBL3pITmt5CkJ6V1lwVnRKekxCWXcxbjFmT2ZPc1F0MzdqZmlITktaZm54a2hhdVhDemlpSGRnUkRaSlBxVXJRUTZmS09sOU4KNzBEUUFaYWdBREFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUVBcFZ2NmhiTEVDQTNrdFdtVWo0Wlp1VnNLaUhIcgpUMm5jUTFNQ0Exd282TThDSUROZEpJRk9RQm5vNUZYNmRGRzlOTlpZL1VoMjhZUDdyZUVNWXJmb3VEQVUKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
/** The least of each kind that is valid. */
const least: Readonly<Record<string, object>> = {
  namespaces: { metadata },
  nodes: { metadata },
  pods: podNamed("x"),
  events: { metadata, involvedObject: about },
  configmaps: { metadata },
  secrets: { metadata },
  serviceaccounts: { metadata },
  leases: { metadata },
  daemonsets: daemonSetNamed("x"),
  controllerrevisions: { metadata, revision: 1, data: { spec: {} } },
  priorityclasses: { metadata, value: 5 },
  certificatesigningrequests: {
    metadata,
    spec: { signerName: "example.com/any", usages: ["client auth"], request: certificateRequest },
  },
};

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

// A definition's name is made of what it defines, and it goes by its controller: custom-resources.test.ts walks that way.
const plainKinds = kinds.filter(({ resource }) => resource !== "customresourcedefinitions");

describe.each(plainKinds)("$resource", (kind) => {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const collection = kind.namespaced
    ? `${root}/namespaces/default/${kind.resource}`
    : `${root}/${kind.resource}`;
  const path = `${collection}/x`;
  const merge = { contentType: "application/merge-patch+json" };

  it("goes the whole way", async () => {
    const made = await tried.must("POST", collection, least[kind.resource], {
      query: { fieldValidation: "Strict" },
    });
    expect(made).toMatchObject({ kind: kind.kind, metadata: { name: "x", uid: expect.any(String) } });
    const watch = tried.watch(collection, { resourceVersion: made.metadata.resourceVersion });
    // What was stored is as the server would store it again.
    const before = tried.store.revision();
    expect(await tried.must("PUT", path, made)).toEqual(made);
    expect(tried.store.revision()).toBe(before);
    const labelled = await tried.must("PATCH", path, { metadata: { labels: { a: "b" } } }, merge);
    expect(labelled.metadata).toMatchObject({ labels: { a: "b" }, uid: made.metadata.uid });
    expect(labelled.metadata.generation).toBe(made.metadata.generation);
    if (kind.hasStatus)
      await tried.must("PATCH", `${path}/status`, { metadata: { annotations: { a: "b" } } }, merge);
    const shown = await tried.must("GET", path, undefined, { accept: table });
    const { rows } = shown as unknown as { rows: { cells: unknown[] }[] };
    expect(rows[0]?.cells).toHaveLength(kind.columns.length);
    await tried.must("DELETE", path);
    const last = kind.resource === "namespaces" ? "MODIFIED x" : "DELETED x";
    expect((await watch.take(kind.hasStatus ? 3 : 2)).map(brief).at(-1)).toBe(last);
    watch.stop();
  });
});
