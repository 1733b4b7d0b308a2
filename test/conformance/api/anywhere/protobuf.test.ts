// Owns the conformance of answers in protobuf: what they say is what their JSON says, to the last field.
import { beforeAll, describe, expect, it } from "vitest";
import { readProtobuf } from "../../../../src/apiserver/http/protobuf-body.ts";
import { wireFields } from "../../../../src/apiserver/http/protobuf-reader.ts";
import { enveloped } from "../../../../src/apiserver/http/protobuf-write.fixture.ts";
import { configMap, pod, types, useSite, type Loose } from "./server.ts";

const site = useSite();
const accept = types.protobuf;
const metadataOnly = "as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

const bytesAt = (message: Uint8Array, wanted: number): Uint8Array[] =>
  [...wireFields(message)].flatMap(([number, value]) =>
    number === wanted && typeof value !== "number" ? [value] : [],
  );
const textAt = (message: Uint8Array, wanted: number): string =>
  Buffer.from(bytesAt(message, wanted)[0] ?? []).toString();

interface Told {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

function opened(bytes: Uint8Array): Told {
  expect(Buffer.from(bytes.subarray(0, 4)).toString("latin1")).toBe("k8s\0");
  const unknown = bytes.subarray(4);
  const type = bytesAt(unknown, 1)[0] ?? new Uint8Array();
  return {
    apiVersion: textAt(type, 1),
    kind: textAt(type, 2),
    raw: bytesAt(unknown, 2)[0] ?? new Uint8Array(),
  };
}

function read(bytes: Uint8Array): Loose {
  const told = readProtobuf(bytes);
  if (told.is !== "read") throw new Error(`it is ${told.is}`);
  return told.value;
}

/** What an object says once all that says nothing is left out: Go's JSON has some of it, protobuf has all. */
function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((one) => said(one) ?? null);
  if (typeof value !== "object" || value === null)
    return value === "" || value === 0 || value === false || value === null ? undefined : value;
  const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    // The trees of owned fields say by being there.
    const found = key === "fieldsV1" ? inner : said(inner);
    return found === undefined ? [] : [[key, found]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const itemsIn = (list: Told): Loose[] =>
  bytesAt(list.raw, 2).map((item) => read(enveloped(list.apiVersion, list.kind.replace(/List$/, ""), item)));

const without = ({ apiVersion: _apiVersion, kind: _kind, ...rest }: Loose): unknown => said(rest);

beforeAll(async () => {
  await site().must("POST", "configmaps", configMap("one", { a: "ü", b: "" }, { labels: { app: "x" } }));
  await site().must("POST", "configmaps", configMap("two"));
  await site().must("POST", "pods", pod("p", { tolerations: [{ operator: "Exists" }] }));
});

describe("in protobuf", () => {
  it.each(["configmaps/one", "pods/p", "serviceaccounts/default", "/api/v1/namespaces/kube-system"])(
    "%s is what it is in JSON",
    async (what) => {
      const { code, type, bytes } = await site().bytes("GET", what, undefined, { accept });
      expect([code, type]).toEqual([200, types.protobuf]);
      expect(said(read(bytes))).toEqual(said(await site().must("GET", what)));
    },
  );

  it.each(["configmaps", "pods"])("so is the list of %s, page by page", async (what) => {
    const query = { limit: "1" };
    const { bytes } = await site().bytes("GET", what, undefined, { accept, query });
    const json = await site().must("GET", what, undefined, { query });
    const list = opened(bytes);
    expect([list.apiVersion, list.kind]).toEqual([json.apiVersion, json.kind]);
    expect(itemsIn(list).map(without)).toEqual(json.items.map(without));
    const [metadata = new Uint8Array()] = bytesAt(list.raw, 1);
    expect(textAt(metadata, 3) === "").toBe((json.metadata.continue ?? "") === "");
  });

  it("so is an object just made, and one just deleted", async () => {
    const made = await site().bytes("POST", "configmaps", undefined, { accept, body: configMap("three") });
    expect([made.code, made.type]).toEqual([201, types.protobuf]);
    expect(said(read(made.bytes))).toEqual(said(await site().must("GET", "configmaps/three")));
    const gone = await site().bytes("DELETE", "configmaps/three", undefined, { accept });
    expect(read(gone.bytes)).toMatchObject({ kind: "Status", status: "Success" });
  });

  it("so is an error", async () => {
    const { code, type, bytes } = await site().bytes("GET", "configmaps/none", undefined, { accept });
    expect([code, type]).toEqual([404, types.protobuf]);
    expect(said(read(bytes))).toEqual(said((await site().ask("GET", "configmaps/none")).json));
  });

  it("so is the answer to a question", async () => {
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { verb: "get", resource: "pods" } },
    };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const { bytes } = await site().bytes("POST", path, undefined, { accept, body });
    expect(read(bytes)).toMatchObject({ kind: body.kind, spec: body.spec, status: { allowed: true } });
  });

  it.each([
    ["/api/v1", 2, 1],
    ["/apis", 1, 1],
    ["/apis/apps/v1", 2, 1],
  ])("so is discovery at %s", async (path, items, name) => {
    const { type, bytes } = await site().bytes("GET", path, undefined, { accept });
    expect(type).toBe(types.protobuf);
    const told = opened(bytes);
    const json = await site().must("GET", path);
    expect(told.kind).toBe(json.kind);
    const named: { name: string }[] = json.resources ?? json.groups;
    expect(bytesAt(told.raw, items).map((one) => textAt(one, name))).toEqual(named.map((one) => one.name));
  });

  it("so is metadata alone", async () => {
    const { type, bytes } = await site().bytes("GET", "pods", undefined, {
      accept: `${accept};${metadataOnly}`,
    });
    expect(type).toBe(types.protobuf);
    const list = opened(bytes);
    expect([list.apiVersion, list.kind]).toEqual(["meta.k8s.io/v1", "PartialObjectMetadataList"]);
    const [metadata] = bytesAt(list.raw, 2).flatMap((item) => bytesAt(item, 1));
    const json = await site().must("GET", "pods/p");
    const again = read(enveloped("v1", "ConfigMap", Buffer.concat([head(metadata), metadata ?? none])));
    expect(said(again.metadata)).toEqual(said(json.metadata));
  });

  it("so are the events of a watch", async () => {
    const query = { watch: "true", timeoutSeconds: "20" };
    const { code, type, bytes } = await site().bytes(
      "GET",
      "configmaps",
      (come) => framesIn(come).length >= 2,
      {
        accept: `${accept};stream=watch`,
        query: { ...query, fieldSelector: "metadata.name!=kube-root-ca.crt" },
      },
    );
    expect([code, type]).toEqual([200, `${types.protobuf};stream=watch`]);
    const told = framesIn(bytes).slice(0, 2);
    expect(told.map((frame) => textAt(frame, 1))).toEqual(["ADDED", "ADDED"]);
    const objects = told.flatMap((frame) => bytesAt(frame, 2)).flatMap((extension) => bytesAt(extension, 1));
    expect(said(objects.map(read))).toEqual(
      said([await site().must("GET", "configmaps/one"), await site().must("GET", "configmaps/two")]),
    );
  });

  it("is nothing that a table could be in", async () => {
    const table = `${accept};as=Table;v=v1;g=meta.k8s.io`;
    expect((await site().bytes("GET", "pods", undefined, { accept: table })).code).toBe(406);
    const { type } = await site().bytes("GET", "pods", undefined, { accept: `${table},application/json` });
    expect(type).toBe(types.json);
  });

  it.each([
    [`${types.json};q=0.1,${types.protobuf};q=0.9`, types.protobuf],
    [`${types.protobuf};q=0.1,${types.json};q=0.9`, types.json],
    [`*/*,${types.protobuf}`, types.protobuf],
    ["application/*", types.json],
  ])("is what %s asks for, or not", async (wanted, type) => {
    expect((await site().bytes("GET", "configmaps/one", undefined, { accept: wanted })).type).toBe(type);
  });
});

const none = new Uint8Array();

/** Tag and length of a first field. */
function head(field: Uint8Array | undefined): Uint8Array {
  const size = field?.byteLength ?? 0;
  return Uint8Array.of(10, (size & 0x7f) | 0x80, size >> 7);
}

/** The frames that are whole. */
function framesIn(bytes: Buffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return frames;
}
