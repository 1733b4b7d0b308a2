// Owns /openapi/v2 and /openapi/v3: documents made on first ask and kept as bytes.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { EncodedAnswer } from "../answer.ts";
import { servedVersions, type ServedVersion } from "../discovery/served.ts";
import { contentHash } from "../http/content-hash.ts";
import { definitionNames, rootsOf, type DefinitionNames } from "./definition-names.ts";
import { definitions, dialect2, dialect3, type JsonObject } from "./definitions.ts";
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
const reviewSchemas: Readonly<Record<string, string>> = {
  "authorization.k8s.io": "SelfSubjectAccessReview",
  "authentication.k8s.io": "SelfSubjectReview",
};

const rootsAt = ({ kinds }: Served, at: ServedVersion): string[] => {
  const review = reviewSchemas[at.group];
  return [
    ...kinds.filter((kind) => kind.group === at.group && kind.version === at.version).flatMap(rootsOf),
    ...(review === undefined ? [] : [review]),
    ...common,
  ];
};

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

const document2 = (served: Served): JsonObject => ({
  swagger: "2.0",
  info: head(served.version),
  paths: Object.assign({}, ...served.versions.map((at) => paths(at, served.kinds, served.names, dialect2))),
  definitions: definitions(
    served.versions.flatMap((at) => rootsAt(served, at)),
    served.names,
    dialect2,
  ),
  securityDefinitions: { BearerToken: bearer },
  security: [{ BearerToken: [] }],
});

const documentPath = (at: ServedVersion): string => `/openapi/v3${rootOf(at)}`;

/** The address changes with the content, so that clients may keep what they have. */
function index3(served: Served, hash: string): JsonObject {
  const entries = served.versions.map((at) => [
    rootOf(at).slice(1),
    { serverRelativeURL: `${documentPath(at)}?hash=${hash}` },
  ]);
  return { paths: Object.fromEntries(entries) };
}

// Clients ask for the type by two names, of which only this one is a valid media type.
const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const protobufTypes = [protobufType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];
const protobufAsked = (accept: string): boolean => protobufTypes.some((type) => accept.includes(type));

interface Content {
  readonly contentType: string;
  readonly body: Uint8Array;
}

const jsonContent = (value: JsonObject): Content => ({
  contentType: "application/json",
  body: new TextEncoder().encode(JSON.stringify(value)),
});

export function createOpenApi(kinds: readonly Descriptor[], version: string): OpenApi {
  const served: Served = { kinds, names: definitionNames(kinds), versions: servedVersions(kinds), version };
  const hash = contentHash(JSON.stringify([version, served.versions]));
  const kept = new Map<string, Content>();
  const keep = (key: string, make: () => Content): Content => {
    const content = kept.get(key) ?? make();
    kept.set(key, content);
    return content;
  };
  const contentOf = ({ path, accept }: OpenApiRequest): Content | undefined => {
    if (path === "/openapi/v3") return keep(path, () => jsonContent(index3(served, hash)));
    if (path === "/openapi/v2")
      return protobufAsked(accept)
        ? keep("protobuf", () => ({
            contentType: protobufType,
            body: encodeDocument(document2(served)),
          }))
        : keep(path, () => jsonContent(document2(served)));
    const at = served.versions.find((one) => documentPath(one) === path);
    return at === undefined ? undefined : keep(path, () => jsonContent(document3(served, at)));
  };
  return (request) => {
    const content = contentOf(request);
    if (content === undefined) return undefined;
    const headers = { etag: `"${hash}"`, vary: "Accept", "cache-control": "public, no-cache" };
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
