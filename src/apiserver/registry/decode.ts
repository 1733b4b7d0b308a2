// Owns the way from a body to a draft of the kind: is it that kind, has it only fields we know, is every value of its type.
import { cloneJson } from "../../lib/json.ts";
import type { ObjectMeta } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import { checkSchema } from "../../model/schema-check.ts";
import type { FieldError } from "../../model/field-error.ts";
import type { Strictness } from "../pipeline-options.ts";
import { badRequest, invalid, type Refusal } from "../status.ts";

export interface Decoded {
  /** A private copy but for what it shares with the known object. */
  readonly draft: Draft<KubeObject>;
  readonly warnings: readonly string[];
  /** Paths of the fields the kind does not have; they are left out of the draft. */
  readonly unknown: readonly string[];
}

/** What says how a body is to be read: a descriptor, or the names of a kind that is asked and never stored. */
export type Readable = Pick<Descriptor, "group" | "version" | "kind" | "schema" | "custom">;

/** Where the body comes from. */
export interface Source {
  /** A bad value is then the fault of this patch, whose text is quoted. */
  readonly patch?: () => string;
  /** Stored parts that stand in the body as they were: not looked into again, but shared. */
  readonly known?: object | undefined;
}

export const groupVersion = ({
  group,
  version,
}: {
  readonly group: string;
  readonly version: string;
}): string => (group === "" ? version : `${group}/${version}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function wrongKind(kind: Readable, body: Record<string, unknown>): Refusal | undefined {
  const expected = groupVersion(kind);
  const { apiVersion, kind: kindName } = body;
  if (typeof apiVersion === "string" && apiVersion !== "" && apiVersion !== expected)
    return badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  if (typeof kindName === "string" && kindName !== "" && kindName !== kind.kind)
    return badRequest(
      `${kindName} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: the kind in the data does not match the kind of the resource`,
    );
  return undefined;
}

/** The decoder's own words, without those in which a field error quotes the value. */
const wordsOf = ({ field, message }: FieldError): string => {
  const at = message.indexOf("json: ");
  return at < 0 ? `${field}: ${message}` : message.slice(at);
};

function undecodable(kind: Readable, source: Source, words: string, errors: readonly FieldError[]): Refusal {
  if (source.patch !== undefined)
    return invalid({ group: "", kind: "" }, "", [
      {
        field: "patch",
        reason: "FieldValueInvalid",
        message: `Invalid value: ${JSON.stringify(source.patch())}: ${words}`,
      },
    ]);
  return badRequest(
    `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${words}`,
    errors.length === 0
      ? undefined
      : errors.map(({ field, message, reason }) => ({ reason, message, field })),
  );
}

export function decode(
  kind: Readable,
  body: unknown,
  { fieldValidation, duplicates = [] }: Strictness,
  source: Source = {},
): Decoded | Refusal {
  if (!isRecord(body))
    return badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): it is no JSON object`,
    );
  const wrong = wrongKind(kind, body);
  if (wrong !== undefined) return wrong;
  const { unknown, errors, pruned } =
    kind.custom?.check(body) ?? checkSchema(kind.schema, body, "", source.known);
  if (errors.length > 0) return undecodable(kind, source, errors.map(wordsOf).join(", "), errors);
  const strange =
    fieldValidation === "Ignore"
      ? []
      : [
          ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
          ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
        ];
  if (fieldValidation === "Strict" && strange.length > 0)
    return undecodable(kind, source, `strict decoding error: ${strange.join(", ")}`, []);
  // The schema's type is an object, so its pruned value is one.
  const checked = pruned as Record<string, unknown>;
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = checked;
  const draft = {
    apiVersion: groupVersion(kind),
    kind: kind.kind,
    metadata: isRecord(metadata) ? (metadata as ObjectMeta) : {},
    ...rest,
  };
  return { draft, warnings: strange, unknown };
}

/** The fields of a body that is never stored, by its schema, or what keeps it from being read. Any version may be written in it. */
export function decodeFields(kindName: string, body: unknown): Readonly<Record<string, unknown>> | Refusal {
  if (!isRecord(body))
    return badRequest(
      `the object provided is unrecognized (must be of type ${kindName}): it is no JSON object`,
    );
  const given = body["kind"] ?? "";
  const as = { group: "", version: "v1", kind: kindName, schema: kindName };
  if (given !== "" && given !== kindName)
    return undecodable(as, {}, `the kind in the data is ${JSON.stringify(given)}`, []);
  const { errors, pruned } = checkSchema(kindName, body);
  if (errors.length > 0) return undecodable(as, {}, errors.map(wordsOf).join(", "), errors);
  // The schema's type is an object, so its pruned value is one.
  return pruned as Record<string, unknown>;
}

/** Parts of a body whose fields the server reads itself. */
export const recordOf = (body: unknown): Record<string, unknown> => (isRecord(body) ? cloneJson(body) : {});
