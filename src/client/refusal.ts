// Owns what a response means: the Status in it, and the answer its code and reason stand for.
import type { Status } from "../model/generated/types.ts";
import type { ApiResponse } from "../model/wire.ts";
import type { Answer } from "./client.ts";

const isStatus = (body: unknown): body is Status =>
  typeof body === "object" && body !== null && "kind" in body && body.kind === "Status";

/** The server's own Status; where something between us and it answered (a proxy, say), one that quotes it. */
export function statusOf(response: ApiResponse): Status {
  if (isStatus(response.body)) return { code: response.status, ...response.body };
  const words =
    typeof response.body === "string" ? response.body.slice(0, 500) : JSON.stringify(response.body);
  return {
    apiVersion: "v1",
    kind: "Status",
    status: "Failure",
    code: response.status,
    reason: "Unknown",
    message: `the server answered ${response.status} without a Status: ${words ?? ""}`,
  };
}

const isDone = (response: ApiResponse): boolean => response.status >= 200 && response.status < 300;

/** A class, since an object with a getter written out is a slow one of its own each time. */
class Done<T> {
  readonly is = "ok";
  private readonly response: ApiResponse;

  constructor(response: ApiResponse) {
    this.response = response;
  }

  /** Read where it is asked for: few who write look at what they are answered. */
  get object(): T {
    return this.response.body as T;
  }
}

export function answerOf<T>(response: ApiResponse): Answer<T> {
  // The path that was asked names the kind, so what a successful answer holds is of that kind.
  if (isDone(response)) return new Done<T>(response);
  const status = statusOf(response);
  if (response.status === 404) return { is: "absent", status };
  if (response.status === 409)
    return status.reason === "AlreadyExists" ? { is: "exists", status } : { is: "conflict", status };
  return { is: "refused", status };
}

/** The version asked for is no longer kept: list again. */
export const isGone = (status: Status): boolean =>
  status.code === 410 || status.reason === "Expired" || status.reason === "Gone";
