// Owns requests in versions that upstream served once: made requests in today's version, their answers written back as asked.
import { cloneJson } from "../lib/json.ts";
import type { Descriptor, OldVersion } from "../model/kinds/descriptor.ts";
import type { ApiRequest, WatchEvent } from "../model/wire.ts";
import type { EncodedAnswer, Pipeline } from "./answer.ts";
import { Emission } from "./cache/emission.ts";
import { valueAnswer } from "./http/send.ts";
import { frameType, sharedFrame } from "./protobuf/frames.ts";
import { groupVersion } from "./registry/decode.ts";
import { Refusal } from "./status.ts";
import { plainEncoding, readAccept, type Encoding } from "./tables/accept.ts";

interface Renewed {
  readonly request: ApiRequest;
  readonly kind: Descriptor;
  readonly old: OldVersion;
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The pipeline, taking requests in old versions too. */
export function serveOldVersions(kinds: readonly Descriptor[], pipeline: Pipeline): Pipeline {
  const renewed = renewerOf(kinds);
  return {
    async answer(request, caller) {
      const asked = renewed(request);
      if (asked === undefined) return pipeline.answer(request, caller);
      const { warnings = [], ...response } = await pipeline.answer(asked.request, caller);
      return { ...response, body: written(response.body, asked), warnings: [warningOf(asked), ...warnings] };
    },
    async answerEncoded(request, caller): Promise<EncodedAnswer> {
      const asked = renewed(request);
      if (asked === undefined) return pipeline.answerEncoded(request, caller);
      const { status, body, warnings = [] } = await pipeline.answer(asked.request, caller);
      const encoding = status < 400 ? encodingOf(asked) : plainEncoding(request.accept);
      const made = valueAnswer(status, written(body, asked), encoding);
      return { ...made, warnings: [warningOf(asked), ...warnings] };
    },
    watch(request, caller, signal) {
      const asked = renewed(request);
      if (asked === undefined) return pipeline.watch(request, caller, signal);
      return writtenEvents(pipeline.watch(asked.request, caller, signal), asked);
    },
    async watchEncoded(request, caller, signal) {
      const asked = renewed(request);
      if (asked === undefined) return pipeline.watchEncoded(request, caller, signal);
      const events = writtenEvents(pipeline.watch(asked.request, caller, signal), asked);
      return encodingOf(asked) === "protobuf"
        ? { is: "watching", contentType: frameType, lines: framesOf(events) }
        : { is: "watching", contentType: "application/json", lines: linesOf(events) };
    },
  };
}

const resourcePath = /^\/apis\/([^/]+)\/([^/]+)\/((?:namespaces\/[^/]+\/)?([^/]+)(?:\/.*)?)$/;

function renewerOf(kinds: readonly Descriptor[]): (request: ApiRequest) => Renewed | undefined {
  const known = new Map(
    kinds.flatMap((kind) =>
      (kind.oldVersions ?? []).map((old) => [`${old.group}/${old.version}/${kind.resource}`, { kind, old }]),
    ),
  );
  const groups = [...new Set(kinds.flatMap((kind) => (kind.oldVersions ?? []).map(groupVersion)))];
  const starts = groups.map((group) => `/apis/${group}/`);
  return (request) => {
    if (!starts.some((start) => request.path.startsWith(start))) return undefined;
    const [, group = "", version = "", rest = "", resource = ""] = resourcePath.exec(request.path) ?? [];
    const found = known.get(`${group}/${version}/${resource}`);
    if (found === undefined) return undefined;
    const path = `/apis/${groupVersion(found.kind)}/${rest}`;
    return { ...found, request: { ...request, path, ...bodyOf(request, found) } };
  };
}

/** Whole objects are made new; of a patch only the version, for it is applied to an object that is. */
function bodyOf({ method, body, contentType }: ApiRequest, { kind, old }: Omit<Renewed, "request">) {
  if (!isFields(body)) return {};
  const copy = cloneJson(body);
  if (copy["apiVersion"] === groupVersion(old)) copy["apiVersion"] = groupVersion(kind);
  const isWhole = method === "POST" || method === "PUT" || contentType?.includes("apply-patch") === true;
  if (isWhole && copy["kind"] === kind.kind) old.renew(copy);
  return { body: copy };
}

function written(body: unknown, { kind, old }: Renewed): unknown {
  if (!isFields(body) || body["apiVersion"] !== groupVersion(kind)) return body;
  const apiVersion = groupVersion(old);
  const { items } = body;
  return Array.isArray(items)
    ? { ...body, apiVersion, items: items.map((item: object) => ({ ...item, apiVersion })) }
    : { ...body, apiVersion };
}

async function* writtenEvents(
  batches: AsyncIterable<readonly WatchEvent[]>,
  asked: Renewed,
): AsyncGenerator<readonly WatchEvent[]> {
  for await (const batch of batches)
    // What is written back has the fields it had.
    yield batch.map((event) => ({ ...event, object: written(event.object, asked) }) as WatchEvent);
}

async function* linesOf(
  batches: AsyncIterable<readonly WatchEvent[]>,
): AsyncGenerator<readonly Uint8Array[]> {
  for await (const batch of batches) yield batch.map((event) => new Emission(event).line);
}

async function* framesOf(
  batches: AsyncIterable<readonly WatchEvent[]>,
): AsyncGenerator<readonly Uint8Array[]> {
  for await (const batch of batches) yield batch.map((event) => sharedFrame(new Emission(event)));
}

function encodingOf({ request, kind }: Renewed): Encoding {
  const accepted = readAccept(request.accept, kind, false);
  return accepted instanceof Refusal ? "json" : accepted.encoding;
}

const warningOf = ({ kind, old }: Renewed): string =>
  `${groupVersion(old)} ${kind.kind} is deprecated in ${old.deprecatedIn}+, unavailable in Kubernetes ${old.removedIn}+; use ${groupVersion(kind)} ${kind.kind}`;
