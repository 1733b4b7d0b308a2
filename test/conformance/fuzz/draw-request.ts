// Owns requests to try a server with: every path, method, parameter and header there is, and some there are not.
import { reviews } from "../../../src/apiserver/reviews.ts";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import type { Random } from "../../../src/world/random.ts";
import { chance, drawBody, mutate, names, pick, versionOf } from "./draw-body.ts";
import type { Sent } from "./subject.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const subresources = [
  "status",
  "binding",
  "eviction",
  "log",
  "token",
  "finalize",
  "scale",
  "exec",
  "proxy",
  "",
];

const plainPaths = [
  "/",
  "/api",
  "/apis",
  "/api/v1",
  "/apis/apps/v1",
  "/apis/apps",
  "/openapi/v2",
  "/openapi/v3",
  "/openapi/v3/apis/apps/v1",
  "/healthz",
  "/livez?verbose",
  "/readyz/ping",
  "/metrics",
  "/version",
  "/.well-known/openid-configuration",
  "/openid/v1/jwks",
  "/favicon.ico",
  "/api/v2/pods",
  "/apis/x/v1/y",
];

const oldRoots = ["/apis/extensions/v1beta1", "/apis/apps/v1beta2"];

const parameters: Readonly<Record<string, readonly string[]>> = {
  watch: ["1", "true", "0", "false", "maybe"],
  labelSelector: ["app=a", "app in (a,b)", "!app", "app notin (", "=", "a=b=c", "x".repeat(300), "app>1"],
  fieldSelector: [
    "metadata.name=a",
    "spec.nodeName=a",
    "status.phase!=Running",
    "spec.x=1",
    "=",
    "metadata.namespace=default",
  ],
  resourceVersion: ["0", "1", "5", "999999", "-1", "abc", "18446744073709551616", ""],
  resourceVersionMatch: ["Exact", "NotOlderThan", "Sideways"],
  limit: ["1", "2", "0", "-1", "x", "99999999999999999999"],
  continue: ["abc", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJkZWZhdWx0L2FcdTAwMDAifQ", "", "%00"],
  sendInitialEvents: ["true", "false", "x"],
  allowWatchBookmarks: ["true", "x"],
  timeoutSeconds: ["1", "0", "-5", "x", "1e9"],
  dryRun: ["All", "Some", ""],
  fieldManager: ["me", "", "x".repeat(129), "a\u0007"],
  fieldValidation: ["Strict", "Warn", "Ignore", "Loose"],
  force: ["true", "false", "x"],
  pretty: ["true"],
  includeObject: ["None", "Object", "Metadata", "x"],
  propagationPolicy: ["Orphan", "Background", "Foreground", "x"],
  gracePeriodSeconds: ["0", "5", "-1", "x"],
  orphanDependents: ["true", "x"],
  container: ["main", "none"],
  tailLines: ["1", "-1"],
  follow: ["true"],
  strange: ["1"],
};

const accepts = [
  "application/json",
  "application/json;as=Table;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  "application/vnd.kubernetes.protobuf, */*",
  "application/vnd.kubernetes.protobuf",
  "application/vnd.kubernetes.protobuf,application/json",
  "application/vnd.kubernetes.protobuf;stream=watch",
  "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
  "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  "application/json;q=0.1,application/vnd.kubernetes.protobuf;q=0.9",
  "text/html",
  "",
  "*/*",
  "application/json;stream=watch",
  "application/json;as=Table;v=v9;g=meta.k8s.io",
  ";;;,,,=",
];

const encoded = (random: Random, text: string): string =>
  chance(random, 4) ? text : encodeURIComponent(text);

function drawQuery(random: Random): string {
  const parts: string[] = [];
  for (let count = Math.max(0, random.int(6) - 2); count > 0; count -= 1) {
    const name = pick(random, Object.keys(parameters));
    parts.push(`${name}=${encoded(random, pick(random, parameters[name] ?? [""]))}`);
  }
  if (chance(random, 60)) parts.push(pick(random, ["%", "&&&", "=", "a=%ff", "limit", "watch&watch=0"]));
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

const segments = [
  "..",
  ".",
  "%2f",
  "%00",
  "%",
  "ü",
  "a%2Fb",
  "x".repeat(5000),
  "namespaces",
  "UPPER",
  "__proto__",
  "constructor",
  "a b",
  "%20",
  "-",
];

/** A path with one part that should not be there, or without one that should. */
function bentPath(random: Random, path: string): string {
  const parts = path.split("/");
  const at = 1 + random.int(parts.length);
  if (chance(random, 3)) parts.splice(at, 1);
  else if (chance(random, 2)) parts.splice(at, 0, pick(random, segments));
  else parts[Math.min(at, parts.length - 1)] = pick(random, segments);
  return `${parts.join("/")}${chance(random, 8) ? "/" : ""}`;
}

function drawHeaders(random: Random, contentType: string): Record<string, string> {
  return {
    ...(contentType === "" ? {} : { "content-type": contentType }),
    ...(chance(random, 4) ? { accept: pick(random, accepts) } : {}),
    ...(chance(random, 3)
      ? { "user-agent": pick(random, ["kubectl/v1.33.0 (linux)", "", "x".repeat(500), "/"]) }
      : {}),
    ...(chance(random, 8) ? { "accept-encoding": pick(random, ["gzip", "br", "gzip;q=0", "*"]) } : {}),
    ...(chance(random, 40) ? { "if-none-match": pick(random, ['"x"', "*"]) } : {}),
    ...(chance(random, 40) ? { "audit-id": pick(random, ["a", "\r\n", "x".repeat(200)]) } : {}),
    ...(chance(random, 40) ? { "impersonate-user": pick(random, ["jane", "", "system:node:a"]) } : {}),
    ...(chance(random, 60) ? { "impersonate-group": "system:nodes" } : {}),
    ...(chance(random, 60)
      ? {
          authorization: pick(random, [
            "Bearer x",
            "Basic eDp5",
            "Bearer a.b.c",
            "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AA",
          ]),
        }
      : {}),
  };
}

function drawReview(random: Random): Sent {
  const review = pick(random, reviews);
  const body = {
    kind: review.kind,
    spec: {
      namespace: "x",
      token: "a.b.c",
      user: "u",
      resourceAttributes: { verb: "get", resource: "pods" },
    },
  };
  for (let count = random.int(3); count > 0; count -= 1) mutate(random, body);
  const root = `/apis/${review.group}/${review.version}/${review.namespaced ? "namespaces/default/" : ""}${review.resource}`;
  return {
    method: chance(random, 10) ? pick(random, methods) : "POST",
    target: root + drawQuery(random),
    headers: drawHeaders(random, "application/json"),
    body: Buffer.from(JSON.stringify(body)),
  };
}

export function drawRequest(random: Random): Sent {
  if (chance(random, 25)) return drawReview(random);
  if (chance(random, 25))
    return {
      method: pick(random, [...methods, "HEAD", "OPTIONS"]),
      target: pick(random, plainPaths),
      headers: drawHeaders(random, ""),
      body: Buffer.alloc(0),
    };
  const kind = pick(random, kinds);
  const root =
    kind.kind === "DaemonSet" && chance(random, 4)
      ? pick(random, oldRoots)
      : `/${kind.group === "" ? "api" : "apis"}/${versionOf(kind)}`;
  const place =
    kind.namespaced && !chance(random, 10)
      ? `/namespaces/${pick(random, ["default", "default", "kube-system", "a", "none"])}`
      : "";
  const method = chance(random, 80)
    ? pick(random, ["HEAD", "OPTIONS", "TRACE", "get", "FROB"])
    : pick(random, methods);
  const isNamed = method === "POST" ? chance(random, 6) : !chance(random, 4);
  const usual = {
    pods: ["log", "binding", "eviction", "status"],
    serviceaccounts: ["token"],
    namespaces: ["finalize", "status"],
  }[kind.resource];
  const subresource =
    isNamed && chance(random, 4)
      ? pick(random, usual !== undefined && chance(random, 2) ? usual : subresources)
      : undefined;
  const path = `${root}${place}/${kind.resource}${isNamed ? `/${pick(random, names)}` : ""}${subresource === undefined ? "" : `/${subresource}`}`;
  const { bytes, contentType } = drawBody(random, { method, kind, subresource });
  return {
    method,
    target: (chance(random, 20) ? bentPath(random, path) : path) + drawQuery(random),
    headers: drawHeaders(random, contentType),
    body: bytes,
  };
}
