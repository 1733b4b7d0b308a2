// Owns every Status the API answers with: reasons, codes and words as upstream's api/errors, which tools match on.
import type { Status, StatusCause, StatusDetails } from "../model/generated/types.ts";
import type { FieldError } from "../model/field-error.ts";

/** A request that is answered with a Status instead of what it asked for. An expected outcome, returned and never thrown. */
export class Refusal {
  readonly status: Status;
  readonly code: number;

  constructor(status: Status, code: number) {
    this.status = status;
    this.code = code;
  }
}

/** What a Status says it is about. Any descriptor fits. */
interface About {
  readonly group: string;
  readonly resource: string;
}

function refusal(
  code: number,
  reason: string,
  message: string,
  details: StatusDetails | "none" = {},
): Refusal {
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === "none" ? {} : { details }),
    code,
  };
  return new Refusal(status, code);
}

/** `daemonsets.apps`, `pods` */
const qualified = (name: string, group: string): string => (group === "" ? name : `${name}.${group}`);
const quoted = (text: string): string => JSON.stringify(text);

const detailsOf = (about: About, name: string, causes?: StatusCause[]): StatusDetails => ({
  ...(name === "" ? {} : { name }),
  ...(about.group === "" ? {} : { group: about.group }),
  kind: about.resource,
  ...(causes === undefined ? {} : { causes }),
});

export const notFound = (about: About, name: string): Refusal =>
  refusal(
    404,
    "NotFound",
    `${qualified(about.resource, about.group)} ${quoted(name)} not found`,
    detailsOf(about, name),
  );

/** The path is none the server knows. */
export const notServed = (): Refusal =>
  refusal(404, "NotFound", "the server could not find the requested resource");

export const alreadyExists = (about: About, name: string, isBeingDeleted: boolean): Refusal =>
  refusal(
    409,
    "AlreadyExists",
    `${isBeingDeleted ? "object is being deleted: " : ""}${qualified(about.resource, about.group)} ${quoted(name)} already exists`,
    detailsOf(about, name),
  );

export const noFreeName = (about: About, name: string): Refusal =>
  refusal(
    409,
    "AlreadyExists",
    `${qualified(about.resource, about.group)} ${quoted(name)} already exists, the server was not able to generate a unique name for the object`,
    { ...detailsOf(about, name), retryAfterSeconds: 1 },
  );

export const conflict = (about: About, name: string, why: string): Refusal =>
  refusal(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(about.resource, about.group)} ${quoted(name)}: ${why}`,
    detailsOf(about, name),
  );

/** Fields of an applied configuration that others own. */
export const applyConflict = (message: string, causes: StatusCause[]): Refusal =>
  refusal(409, "Conflict", message, { causes });

export const objectModified =
  "the object has been modified; please apply your changes to the latest version and try again";

export function invalid(
  about: { readonly group: string; readonly kind: string },
  name: string,
  faults: readonly FieldError[],
): Refusal {
  const texts = [...new Set(faults.map((fault) => `${fault.field}: ${fault.message}`))];
  const listed = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  const subject = qualified(about.kind, about.group);
  return refusal(
    422,
    "Invalid",
    `${subject}${subject === "" ? "" : " "}${quoted(name)} is invalid: ${listed}`,
    {
      ...(name === "" ? {} : { name }),
      ...(about.group === "" ? {} : { group: about.group }),
      ...(about.kind === "" ? {} : { kind: about.kind }),
      causes: faults.map(({ field, message, reason }) => ({ reason, message, field })),
    },
  );
}

/** Faults in a request's own options, such as `ListOptions`. */
export const invalidOptions = (kind: string, faults: readonly FieldError[]): Refusal =>
  invalid({ group: "meta.k8s.io", kind }, "", faults);

export const badRequest = (message: string, causes?: StatusCause[]): Refusal =>
  refusal(400, "BadRequest", message, causes === undefined ? "none" : { causes });

export function forbidden(about: About | undefined, name: string, why: string, cause?: StatusCause): Refusal {
  if (about === undefined) return refusal(403, "Forbidden", `forbidden: ${why}`);
  const subject = `${qualified(about.resource, about.group)}${name === "" ? "" : ` ${quoted(name)}`}`;
  return refusal(
    403,
    "Forbidden",
    `${subject} is forbidden: ${why}`,
    detailsOf(about, name, cause === undefined ? undefined : [cause]),
  );
}

export const methodNotAllowed = (
  why = "the server does not allow this method on the requested resource",
): Refusal => refusal(405, "MethodNotAllowed", why);

export const notAcceptable = (supported: readonly string[]): Refusal =>
  refusal(
    406,
    "NotAcceptable",
    `only the following media types are accepted: ${supported.join(", ")}`,
    "none",
  );

export const unsupportedMediaType = (supported: readonly string[]): Refusal =>
  refusal(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`,
    "none",
  );

export const tooLarge = (why: string): Refusal =>
  refusal(413, "RequestEntityTooLarge", `Request entity too large: ${why}`);

/** A patch that reads well but cannot be applied to the object as it is. */
export const unprocessable = (why: string): Refusal =>
  refusal(422, "Invalid", "the server rejected our request due to an error in our request", {
    causes: [{ reason: "UnexpectedServerResponse", message: why }],
  });

/** The revision asked for is no longer kept. With a token, the client may go on from there at the newest revision. */
export function expired(message: string, continueWith?: string): Refusal {
  const found = refusal(410, "Expired", message);
  return continueWith === undefined
    ? found
    : new Refusal({ ...found.status, metadata: { continue: continueWith } }, found.code);
}

export const tooLargeVersion = (asked: number, current: number): Refusal =>
  refusal(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });

export const unavailable = (why: string): Refusal =>
  refusal(503, "ServiceUnavailable", why, { retryAfterSeconds: 1 });

/** It may have been done all the same. */
export const timedOut = (why: string): Refusal => refusal(504, "Timeout", why);

/** Without Retry-After, upon which clients would wait ten times as long: the server has waited for its store already. */
export const storeAway = (why: string): Refusal => refusal(503, "ServiceUnavailable", why);

/** The store's disk is full: code 507 (RFC 4918), for which upstream has no reason. Nobody is told to try again at once. */
export const insufficientStorage = (why: string): Refusal => refusal(507, "InsufficientStorage", why);

export const internalError = (why: string): Refusal =>
  refusal(500, "InternalError", `Internal error occurred: ${why}`, { causes: [{ message: why }] });

/** The words are upstream's own, and stand alone. */
export const conversionFailed = (why: string): Refusal => refusal(500, "InternalError", why);

/** What a binding or an eviction answers. */
export const success = (): Status => ({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });

/** What a deletion that is done answers. */
export const removed = (about: About, name: string, uid: string): Status => ({
  ...success(),
  details: { ...detailsOf(about, name), uid },
});
