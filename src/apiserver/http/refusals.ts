// Owns the refusals that only the edge gives: before a request has a caller, and when it takes too long.
import type { Status } from "../../model/generated/types.ts";
import { Refusal } from "../status.ts";

const failure = (code: number, reason: string, message: string): Refusal => {
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
  };
  return new Refusal(status, code);
};

/** Clients match on the word: kubectl says "You must be logged in to the server". */
export const unauthorized = (): Refusal => failure(401, "Unauthorized", "Unauthorized");

/** Clients of Kubernetes wait as long as Retry-After says, and try again by themselves. */
export function tooManyRequests(): Refusal {
  const { status, code } = failure(429, "TooManyRequests", "too many requests, please try again later");
  return new Refusal({ ...status, details: { retryAfterSeconds: 1 } }, code);
}

export const timedOut = (): Refusal =>
  failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout");

/** What another server behind this one refused, in its words. */
export const relayed = (code: number, message: string): Refusal =>
  failure(code, code === 400 ? "BadRequest" : code === 404 ? "NotFound" : "InternalError", message);
