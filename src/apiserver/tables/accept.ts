// Owns the reading of `Accept`: in which encoding and which form the client wants its answer. Clauses go as upstream takes them.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { isInProtobuf } from "../protobuf/envelope.ts";
import { groupVersion } from "../registry/decode.ts";
import { notAcceptable, type Refusal } from "../status.ts";

export type Encoding = "json" | "yaml" | "protobuf";

export type Form =
  | { readonly as: "object" }
  | { readonly as: "Table"; readonly version: string }
  | { readonly as: "PartialObjectMetadata"; readonly version: string };

/** How an answer is to look. */
export interface Accepted {
  readonly form: Form;
  readonly encoding: Encoding;
}

/** What an answer is to be made into: `as=Table;v=v1;g=meta.k8s.io`. */
export interface Conversion {
  readonly kind: string;
  readonly version: string;
  readonly group: string;
}

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly q: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What one clause of the header allows, the best first. */
interface Choice {
  readonly encodings: readonly Encoding[];
  readonly as: Conversion | undefined;
}

/** In the order in which they are offered to those who take any. */
const offers: readonly { readonly encoding: Encoding; readonly subtype: string }[] = [
  { encoding: "json", subtype: "json" },
  { encoding: "yaml", subtype: "yaml" },
  { encoding: "protobuf", subtype: "vnd.kubernetes.protobuf" },
];
export const mediaTypes: readonly string[] = offers.map(({ subtype }) => `application/${subtype}`);

/** YAML has no frames that the events of a watch could stand in. */
const watchTypes = mediaTypes
  .filter((type) => type !== "application/yaml")
  .map((type) => `${type};stream=watch`);

const trimmed = (text: string): string => text.replace(/^ +| +$/g, "");

function readClause(text: string): Clause | undefined {
  const [range = "", ...rest] = trimmed(text).split(";");
  const [type = "", subtype = "", ...more] = range.split("/").map(trimmed);
  if (more.length > 0 || (subtype === "" && type !== "*")) return undefined;
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [name = "", value = "", ...others] = parameter.split("=");
    if (value !== "" && others.length === 0) parameters.set(trimmed(name), trimmed(value));
  }
  const q = parameters.get("q");
  return { type, subtype: subtype || "*", q: q === undefined ? 1 : Number(q) || 0, parameters };
}

const isBefore = (one: Clause, other: Clause): boolean =>
  one.q > other.q ||
  (one.type !== "*" && other.type === "*") ||
  (one.subtype !== "*" && other.subtype === "*");

/** By insertion, as upstream does: its order is none that every way of sorting would agree on. */
function sortClauses(clauses: Clause[]): void {
  for (let end = 1; end < clauses.length; end += 1)
    for (let at = end; at > 0; at -= 1) {
      const [left, right] = [clauses[at - 1], clauses[at]];
      if (left === undefined || right === undefined || !isBefore(right, left)) break;
      [clauses[at - 1], clauses[at]] = [right, left];
    }
}

function choiceOf({ type, subtype, parameters }: Clause): Choice {
  const stream = parameters.get("stream") ?? "watch";
  const isPossible = stream === "watch" && (parameters.get("sv") ?? "v1") === "v1";
  const isAny = subtype === "*" && (type === "*" || type === "application");
  const fitting = offers.filter((offer) => isAny || (type === "application" && subtype === offer.subtype));
  const [kind, version, group] = ["as", "v", "g"].map((name) => parameters.get(name));
  return {
    encodings: isPossible ? fitting.map(({ encoding }) => encoding) : [],
    as:
      kind === undefined && version === undefined && group === undefined
        ? undefined
        : { kind: kind ?? "", version: version ?? "", group: group ?? "" },
  };
}

const anything: readonly Choice[] = [{ encodings: ["json"], as: undefined }];

// Clients send the same few headers over and over.
const read = new Map<string, readonly Choice[]>();
const readMax = 200;

function choicesOf(accept: string | undefined): readonly Choice[] {
  if (accept === undefined || accept === "") return anything;
  const known = read.get(accept);
  if (known !== undefined) return known;
  const clauses = accept.split(",").flatMap((part) => readClause(part) ?? []);
  sortClauses(clauses);
  const choices = clauses.map(choiceOf).filter(({ encodings }) => encodings.length > 0);
  if (read.size >= readMax) read.clear();
  read.set(accept, choices);
  return choices;
}

/** The first that `take` takes of what the client wants, in the client's order. */
export function negotiate<T>(
  accept: string | undefined,
  take: (encoding: Encoding, as: Conversion | undefined) => T | undefined,
): T | undefined {
  for (const { encodings, as } of choicesOf(accept))
    for (const encoding of encodings) {
      const taken = take(encoding, as);
      if (taken !== undefined) return taken;
    }
  return undefined;
}

const metaVersions: ReadonlySet<string> = new Set(["v1", "v1beta1"]);

function formOf(as: Conversion): Form | undefined {
  const { kind, version, group } = as;
  if (group !== "meta.k8s.io" || !metaVersions.has(version)) return undefined;
  if (kind === "Table") return { as: "Table", version };
  return kind === "PartialObjectMetadata" || kind === "PartialObjectMetadataList"
    ? { as: "PartialObjectMetadata", version }
    : undefined;
}

type Kind = Pick<Descriptor, "group" | "version" | "kind" | "custom">;

/** Objects of custom kinds have no message, but their metadata has. */
const hasMessage = (kind: Kind): boolean =>
  kind.custom === undefined && isInProtobuf(groupVersion(kind), kind.kind);

/** How to answer about a resource. */
export function readAccept(accept: string | undefined, kind: Kind, isWatch: boolean): Accepted | Refusal {
  const accepted = negotiate(accept, (encoding, as): Accepted | undefined => {
    if (isWatch && encoding === "yaml") return undefined;
    if (as === undefined) return encoding === "protobuf" && !hasMessage(kind) ? undefined : plain[encoding];
    const form = formOf(as);
    // A table has cells of any type, which protobuf cannot say.
    const isImpossible = form === undefined || (form.as === "Table" && encoding === "protobuf");
    return isImpossible ? undefined : { form, encoding };
  });
  return accepted ?? notAcceptable(isWatch ? watchTypes : mediaTypes);
}

const plain: Readonly<Record<Encoding, Accepted>> = {
  json: { form: { as: "object" }, encoding: "json" },
  yaml: { form: { as: "object" }, encoding: "yaml" },
  protobuf: { form: { as: "object" }, encoding: "protobuf" },
};

/** In what to answer that which has but one form, such as an error: JSON where the client takes none of them. */
export const plainEncoding = (accept: string | undefined): Encoding =>
  negotiate(accept, (encoding, as) => (as === undefined ? encoding : undefined)) ?? "json";
