// Owns /openapi/v2 and /openapi/v3: documents made on first ask and kept as bytes.
import { schemas } from "../../model/generated/schemas.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { EncodedAnswer } from "../answer.ts";
import { oldKindsOf, servedVersions, type ServedVersion } from "../discovery/served.ts";
import { contentHash } from "../http/content-hash.ts";
import { reviews } from "../reviews.ts";
import { definitionNames, reachable, rootsOf, type DefinitionNames } from "./definition-names.ts";
import { definitions } from "./definitions.ts";
import { dialect2, dialect3, type JsonObject } from "./dialect.ts";
import { encodeDocument } from "./gnostic.ts";
import { paths, rootOf } from "./operations.ts";

export interface OpenApiRequest {
  readonly path: string;
  readonly accept: string;
  readonly ifNoneMatch: string;
}

/** Undefined where the path is no document. */
export type OpenApi = (request: OpenApiRequest) => EncodedAnswer | undefined;

interface Served {
  readonly kinds: readonly Descriptor[];
  readonly names: DefinitionNames;
  readonly versions: readonly ServedVersion[];
  readonly version: string;
}

const common = ["Status", "DeleteOptions"];
type Versioned = Pick<ServedVersion, "group" | "version">;
const isAt = (kind: Versioned, at: Versioned): boolean =>
  kind.group === at.group && kind.version === at.version;

const rootsAt = ({ kinds }: Served, at: ServedVersion): string[] => [
  ...kinds.filter((kind) => isAt(kind, at)).flatMap(rootsOf),
  ...reviews.filter((one) => isAt(one, at)).map(({ schema }) => schema),
  ...common,
];

const head = (version: string): JsonObject => ({ title: "Kubernetes", version });
const bearer = {
  type: "apiKey",
  description: "Bearer Token authentication",
  name: "authorization",
  in: "header",
};

const document3 = (served: Served, at: ServedVersion): JsonObject => ({
  openapi: "3.0.0",
  info: head(served.version),
  paths: paths(at, served.kinds, served.names, dialect3),
  components: {
    schemas: definitions(rootsAt(served, at), served.names, dialect3),
    securitySchemes: { BearerToken: bearer },
  },
});

const paths2 = (served: Served): JsonObject =>
  Object.assign({}, ...served.versions.map((at) => paths(at, served.kinds, served.names, dialect2)));
const definitions2 = (served: Served): JsonObject =>
  definitions(
    served.versions.flatMap((at) => rootsAt(served, at)),
    served.names,
    dialect2,
  );

const document2 = (served: Served, old: readonly Served[]): JsonObject => ({
  swagger: "2.0",
  info: head(served.version),
  paths: Object.assign({}, ...[...old, served].map(paths2)),
  definitions: Object.assign({}, ...[...old, served].map(definitions2)),
  securityDefinitions: { BearerToken: bearer },
  security: [{ BearerToken: [] }],
});

const documentPath = (at: ServedVersion): string => `/openapi/v3${rootOf(at)}`;

/** The address changes with the content. */
function index3(all: Served, hashOf: (at: ServedVersion) => string): JsonObject {
  const entries = all.versions.map((at) => [
    rootOf(at).slice(1),
    { serverRelativeURL: `${documentPath(at)}?hash=${hashOf(at)}` },
  ]);
  return { paths: Object.fromEntries(entries) };
}

/** Of what a group's document is made of: cheaper than the document, and changed with it. */
function hashOfGroup(served: Served, at: ServedVersion): string {
  const made = [...reachable(rootsAt(served, at))].sort().map((name) => [name, schemas[name]]);
  const custom = served.kinds
    .filter((kind) => isAt(kind, at))
    .flatMap((kind) => (kind.custom === undefined ? [] : [[kind.kind, kind.custom.schema]]));
  return contentHash(JSON.stringify([served.version, at, made, ...custom]));
}

// Clients ask for the type by two names, of which only this one is a valid media type.
const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const protobufTypes = [protobufType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];
const protobufAsked = (accept: string): boolean => protobufTypes.some((type) => accept.includes(type));

interface Content {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Changes with the content, so that clients may keep what they have. */
  readonly hash: string;
}

const jsonContent = (hash: string, value: JsonObject): Content => ({
  contentType: "application/json",
  body: new TextEncoder().encode(JSON.stringify(value)),
  hash,
});

/** Old versions have the same fields under other names, each in a document of its own. */
function servedBefore(all: Served): Served[] {
  return oldKindsOf(all.kinds).map((kind) => ({
    kinds: [kind],
    names: definitionNames([kind]),
    versions: all.versions.filter((at) => isAt(kind, at)),
    version: all.version,
  }));
}

export function createOpenApi(kinds: readonly Descriptor[], version: string): OpenApi {
  const all: Served = { kinds, names: definitionNames(kinds), versions: servedVersions(kinds), version };
  const old = servedBefore(all);
  const isOld = (at: ServedVersion): boolean => old.some(({ versions }) => versions.includes(at));
  const served: Served = { ...all, versions: all.versions.filter((at) => !isOld(at)) };
  const within = (at: ServedVersion): Served => old.find(({ versions }) => versions.includes(at)) ?? served;
  const hashOf = (at: ServedVersion): string => hashOfGroup(within(at), at);
  const wholeHash = (): string => contentHash(all.versions.map(hashOf).join());
  const kept = new Map<string, Content>();
  const keep = (key: string, make: () => Content): Content => {
    const content = kept.get(key) ?? make();
    kept.set(key, content);
    return content;
  };
  const contentOf = ({ path, accept }: OpenApiRequest): Content | undefined => {
    if (path === "/openapi/v3") return keep(path, () => jsonContent(wholeHash(), index3(all, hashOf)));
    if (path === "/openapi/v2")
      return protobufAsked(accept)
        ? keep("protobuf", () => ({
            contentType: protobufType,
            body: encodeDocument(document2(served, old)),
            hash: wholeHash(),
          }))
        : keep(path, () => jsonContent(wholeHash(), document2(served, old)));
    const at = all.versions.find((one) => documentPath(one) === path);
    return at && keep(path, () => jsonContent(hashOf(at), document3(within(at), at)));
  };
  return (request) => {
    const content = contentOf(request);
    if (content === undefined) return undefined;
    const headers = { etag: `"${content.hash}"`, vary: "Accept", "cache-control": "public, no-cache" };
    const same = request.ifNoneMatch === headers.etag;
    return {
      status: same ? 304 : 200,
      contentType: content.contentType,
      body: same ? "" : content.body,
      warnings: [],
      headers,
    };
  };
}
