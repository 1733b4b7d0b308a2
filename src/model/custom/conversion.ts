// Owns what is asked of a conversion webhook and what is made of its answer: a ConversionReview of apiextensions.k8s.io/v1.
import { cloneJson, setKey } from "../../lib/json.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { KubeObject, Meta } from "../meta.ts";
import { isRecord, type JsonRecord } from "./schema.ts";

/** Where the webhook is. */
export interface ConversionHook {
  readonly url: string | undefined;
  /** A Service that stands for it, where there is no URL. */
  readonly service: string | undefined;
  /** PEM of the authority that its certificate chains to; absent trusts the system's. */
  readonly ca: string | undefined;
}

/** Undefined where versions differ in nothing but their name. */
export function conversionHookOf({ spec }: CustomResourceDefinition): ConversionHook | undefined {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== "Webhook") return undefined;
  const { url, service, caBundle } = webhook?.clientConfig ?? {};
  return {
    url,
    service: service && `${service.namespace ?? ""}/${service.name ?? ""}`,
    ca: caBundle === undefined ? undefined : Buffer.from(caBundle, "base64").toString("utf8"),
  };
}

const reviewVersion = "apiextensions.k8s.io/v1";

export interface Conversion {
  readonly uid: string;
  /** `apiVersion` that the objects are to have. */
  readonly desired: string;
  readonly objects: readonly KubeObject[];
}

export const reviewOf = ({ uid, desired, objects }: Conversion): object => ({
  kind: "ConversionReview",
  apiVersion: reviewVersion,
  request: { uid, desiredAPIVersion: desired, objects },
});

/** `example.com/v1, Kind=CronTab` */
const gvk = ({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): string =>
  `${apiVersion}, Kind=${kind}`;

/** What every message about the conversion begins with. */
export const conversionOf = ([first]: readonly KubeObject[]): string =>
  `conversion webhook for ${first === undefined ? "" : gvk(first)}`;

export type Converted =
  | { readonly is: "converted"; readonly objects: readonly KubeObject[] }
  | { readonly is: "failed"; readonly because: string };

/** The answer's objects, each with the metadata it had but for labels and annotations. */
export function readReview(asked: Conversion, answer: unknown): Converted {
  const about = conversionOf(asked.objects);
  const failed = (because: string): Converted => ({ is: "failed", because: `${about} ${because}` });
  const fault = answerFault(asked, answer);
  if (fault !== undefined) return failed(`failed: ${fault}`);
  const response = fieldsOf(fieldsOf(answer)["response"]);
  const given = Array.isArray(response["convertedObjects"]) ? response["convertedObjects"] : [];
  if (given.length !== asked.objects.length)
    return failed(`returned ${given.length} objects, expected ${asked.objects.length}`);
  const objects: KubeObject[] = [];
  for (const [index, original] of asked.objects.entries()) {
    const made = restored(original, given[index], asked.desired);
    if (typeof made === "string")
      return failed(`returned invalid converted object at index ${index}: ${made}`);
    objects.push(made);
  }
  return { is: "converted", objects };
}

const fieldsOf = (value: unknown): JsonRecord => (isRecord(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function answerFault({ uid }: Conversion, answer: unknown): string | undefined {
  const { apiVersion, kind, response } = fieldsOf(answer);
  if (apiVersion !== reviewVersion || kind !== "ConversionReview")
    return `expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${textOf(apiVersion)}, Kind=${textOf(kind)}`;
  if (!isRecord(response)) return "no response provided";
  if (response["uid"] !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(textOf(response["uid"]))}`;
  const { status, message } = fieldsOf(response["result"]);
  if (status === "Success") return undefined;
  return textOf(message) === ""
    ? `response.result.status was '${textOf(status)}', not 'Success'`
    : textOf(message);
}

/** The object with its original metadata; or what is wrong with it. */
function restored(original: KubeObject, given: unknown, desired: string): KubeObject | string {
  const { apiVersion, kind, metadata, ...rest } = fieldsOf(given);
  if (apiVersion !== desired)
    return `invalid groupVersion (expected ${desired}, received ${textOf(apiVersion)})`;
  if (kind !== original.kind) return `invalid kind (expected ${original.kind}, received ${textOf(kind)})`;
  if (!isRecord(metadata)) return "missing metadata in converted object";
  for (const [field, name] of kept)
    if (textOf(metadata[field]) !== textOf(original.metadata[field]))
      return `must have the same ${name}: ${textOf(original.metadata[field])} != ${textOf(metadata[field])}`;
  const restoredMetadata: Meta = cloneJson(original.metadata);
  for (const field of ["labels", "annotations"] as const) {
    const words = wordsOf(field, metadata[field]);
    if (typeof words === "string") return words;
    if (words === undefined) delete restoredMetadata[field];
    else restoredMetadata[field] = words;
  }
  return { apiVersion: desired, kind: original.kind, metadata: restoredMetadata, ...cloneJson(rest) };
}

const kept = [
  ["name", "name"],
  ["namespace", "namespace"],
  ["uid", "UID"],
] as const;

/** Or what is wrong with them. */
function wordsOf(field: string, words: unknown): Record<string, string> | string | undefined {
  if (words === undefined || words === null) return undefined;
  if (!isRecord(words)) return `invalid metadata.${field} in converted object: it is no map`;
  const made: Record<string, string> = {};
  for (const [key, value] of Object.entries(words)) {
    if (typeof value !== "string") return `metadata.${field}[${key}] must be a string`;
    setKey(made, key, value);
  }
  return made;
}
