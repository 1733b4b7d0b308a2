// Owns the paths that are no resource: discovery, OpenAPI, version, health, metrics.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Exchange } from "../../world/http.ts";
import type { EncodedAnswer } from "../answer.ts";
import { following } from "../custom/served-kinds.ts";
import { createDiscovery } from "../discovery/discovery.ts";
import type { OpenApi } from "../openapi/openapi.ts";
import { notServed, type Refusal } from "../status.ts";
import { health, type HealthCheck } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { jsonAnswer } from "./send.ts";
import type { Target } from "./target.ts";

export type PathAnswers = (target: Target, exchange: Exchange) => Promise<EncodedAnswer | Refusal>;

interface Options {
  readonly kinds: () => readonly Descriptor[];
  readonly version: string;
  readonly metrics: Metrics;
  readonly checks?: readonly HealthCheck[];
}

function versionAnswer(version: string): EncodedAnswer {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return jsonAnswer(200, {
    major,
    minor,
    gitVersion: version,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: "linux/amd64",
  });
}

/** What anybody may read: load balancers and clients ask before they have credentials. */
export async function openAnswer(options: Options, target: Target): Promise<EncodedAnswer | undefined> {
  if (target.resource !== undefined) return undefined;
  if (target.path === "/version") return versionAnswer(options.version);
  return health(target, options.checks ?? []);
}

const headerOf = (exchange: Exchange, name: string): string => {
  const value = exchange.headers[name];
  return typeof value === "string" ? value : "";
};

export function pathAnswers(options: Options): PathAnswers {
  const discovery = following(options.kinds, createDiscovery);
  const openApi = following(options.kinds, async (kinds): Promise<OpenApi> => {
    // The schemas and their prose are a megabyte that most runs never need.
    const module = await import("../openapi/openapi.ts");
    return module.createOpenApi(kinds, options.version);
  });
  return async (target, exchange) => {
    const { path } = target;
    const request = {
      path,
      accept: headerOf(exchange, "accept"),
      ifNoneMatch: headerOf(exchange, "if-none-match"),
      host: headerOf(exchange, "host") || headerOf(exchange, ":authority"),
    };
    if (path.startsWith("/openapi/")) return (await openApi())(request) ?? notServed();
    if (path === "/metrics") return options.metrics.page();
    if (path === "/") return jsonAnswer(200, { paths: ["/api", "/apis", ...otherPaths] });
    return discovery()(request) ?? notServed();
  };
}

const otherPaths = ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
