// Owns /api and /apis: plain discovery, a document a group, and aggregated discovery, all in one.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { EncodedAnswer } from "../answer.ts";
import { contentHash } from "../http/content-hash.ts";
import { jsonAnswer, valueAnswer } from "../http/send.ts";
import { notAcceptable, type Refusal } from "../status.ts";
import { mediaTypes, negotiate, type Encoding } from "../tables/accept.ts";
import { servedVersions, type GroupVersionKind, type ServedResource, type ServedVersion } from "./served.ts";

export interface DiscoveryRequest {
  readonly path: string;
  readonly accept: string;
  readonly ifNoneMatch: string;
  /** Host and port as the client calls the server. */
  readonly host: string;
}

export type Discovery = (request: DiscoveryRequest) => EncodedAnswer | Refusal | undefined;

const aggregatedVersions = ["v2", "v2beta1"] as const;
type Aggregated = (typeof aggregatedVersions)[number];

const aggregatedType = (version: Aggregated): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

type Asked = { readonly plain: Encoding } | { readonly aggregated: Aggregated };

/** What the client wants first of what is served. */
function askedFor(accept: string, hasAggregated: boolean): Asked | undefined {
  return negotiate(accept, (encoding, as): Asked | undefined => {
    if (as === undefined) return { plain: encoding };
    if (encoding !== "json" || as.kind !== "APIGroupDiscoveryList" || as.group !== "apidiscovery.k8s.io")
      return undefined;
    const version = aggregatedVersions.find((one) => one === as.version);
    return version === undefined || !hasAggregated ? undefined : { aggregated: version };
  });
}

const groupVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? version : `${group}/${version}`;
const unlessSame = (kind: GroupVersionKind, at: ServedVersion): Record<string, string> =>
  kind.group === at.group && kind.version === at.version ? {} : { group: kind.group, version: kind.version };

function resourceList(at: ServedVersion): unknown {
  const rows = at.resources.flatMap((one) => [
    {
      name: one.resource,
      singularName: one.singular,
      namespaced: one.namespaced,
      kind: one.kind.kind,
      verbs: one.verbs,
      ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
      ...(one.categories.length === 0 ? {} : { categories: one.categories }),
    },
    ...one.subresources.map((sub) => ({
      name: `${one.resource}/${sub.name}`,
      singularName: "",
      namespaced: one.namespaced,
      ...unlessSame(sub.kind, at),
      kind: sub.kind.kind,
      verbs: sub.verbs,
    })),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: groupVersionOf(at), resources: rows };
}

function groupOf(versions: readonly ServedVersion[]): { name: string } & Record<string, unknown> {
  const listed = versions.map((at) => ({ groupVersion: groupVersionOf(at), version: at.version }));
  return { name: versions[0]?.group ?? "", versions: listed, preferredVersion: listed[0] };
}

const aggregatedResource = (one: ServedResource): unknown => ({
  resource: one.resource,
  responseKind: one.kind,
  scope: one.namespaced ? "Namespaced" : "Cluster",
  singularResource: one.singular,
  verbs: one.verbs,
  ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
  ...(one.categories.length === 0 ? {} : { categories: one.categories }),
  ...(one.subresources.length === 0
    ? {}
    : {
        subresources: one.subresources.map((sub) => ({
          subresource: sub.name,
          responseKind: sub.kind,
          verbs: sub.verbs,
        })),
      }),
});

const aggregated = (version: Aggregated, groups: ReadonlyMap<string, readonly ServedVersion[]>): unknown => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: [...groups].map(([name, versions]) => ({
    metadata: { ...(name === "" ? {} : { name }), creationTimestamp: null },
    versions: versions.map((at) => ({
      version: at.version,
      resources: at.resources.map(aggregatedResource),
      freshness: "Current",
    })),
  })),
});

function tagged(answer: EncodedAnswer, request: DiscoveryRequest): EncodedAnswer {
  const { body } = answer;
  const text = typeof body === "string" ? body : Buffer.from(body).toString("latin1");
  const headers = { etag: `"${contentHash(text)}"`, vary: "Accept" };
  if (request.ifNoneMatch === headers.etag) return { ...answer, status: 304, body: "", headers };
  return { ...answer, headers };
}

const addresses = (host: string): unknown => [{ clientCIDR: "0.0.0.0/0", serverAddress: host }];

export function createDiscovery(kinds: readonly Descriptor[]): Discovery {
  const versions = servedVersions(kinds);
  const groups = new Map<string, ServedVersion[]>();
  for (const at of versions) groups.set(at.group, [...(groups.get(at.group) ?? []), at]);
  const core = new Map([...groups].filter(([name]) => name === ""));
  const named = new Map([...groups].filter(([name]) => name !== ""));

  const plain = (path: string, host: string): unknown => {
    if (path === "/api")
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: addresses(host) };
    if (path === "/apis")
      return { kind: "APIGroupList", apiVersion: "v1", groups: [...named.values()].map(groupOf) };
    const [, root, first, second, ...rest] = path.split("/");
    if (rest.length > 0) return undefined;
    if (root === "apis" && second === undefined) {
      const group = named.get(first ?? "");
      return group === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupOf(group) };
    }
    const at = versions.find((one) =>
      root === "api"
        ? one.group === "" && one.version === first && second === undefined
        : root === "apis" && one.group !== "" && one.group === first && one.version === second,
    );
    return at === undefined ? undefined : resourceList(at);
  };

  return (request) => {
    const { path } = request;
    const asked = askedFor(request.accept, path === "/api" || path === "/apis");
    if (asked === undefined) return notAcceptable(mediaTypes);
    if ("aggregated" in asked) {
      const value = aggregated(asked.aggregated, path === "/api" ? core : named);
      return tagged(jsonAnswer(200, value, aggregatedType(asked.aggregated)), request);
    }
    const value = plain(path, request.host);
    return value === undefined ? undefined : tagged(valueAnswer(200, value, asked.plain), request);
  };
}
