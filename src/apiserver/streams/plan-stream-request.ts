// Owns what a request for a pod's streams comes to: which of the kubelet's paths, with which parameters and headers.
import type { Pod } from "../../model/generated/types.ts";

export type StreamVerb = "exec" | "attach" | "portforward";

const verbs: readonly StreamVerb[] = ["exec", "attach", "portforward"];

/** Undefined where the resource is none of a pod's streams. */
export const streamVerbOf = (
  resource:
    | {
        readonly group: string;
        readonly resource: string;
        readonly name?: string;
        readonly subresource?: string;
      }
    | undefined,
): StreamVerb | undefined =>
  resource?.group === "" && resource.resource === "pods" && resource.name !== undefined
    ? verbs.find((verb) => verb === resource.subresource)
    : undefined;

const isTrue = (value: string | null): boolean =>
  value !== null && ["1", "t", "true"].includes(value.toLowerCase());

/** What the API calls a parameter, and what the kubelet does. */
const flags = [
  ["stdin", "input"],
  ["stdout", "output"],
  ["stderr", "error"],
  ["tty", "tty"],
] as const;

function commandQuery(verb: StreamVerb, search: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, kubeletName] of flags) {
    // An attachment shows the container's output unless that is not wanted.
    const isDefault = verb === "attach" && name.startsWith("std") && name !== "stdin" && !search.has(name);
    if (isTrue(search.get(name)) || isDefault) query.set(kubeletName, "1");
  }
  if (verb === "exec") for (const word of search.getAll("command")) query.append("command", word);
  return query;
}

export interface StreamRequest {
  readonly verb: StreamVerb;
  readonly pod: Pod;
  /** Chosen already; none for a port-forward. */
  readonly container: string;
  readonly search: URLSearchParams;
}

/** `at` is the kubelet's host and port. */
export function kubeletStreamUrl(at: string, { verb, pod, container, search }: StreamRequest): string {
  const names = [pod.metadata.namespace ?? "default", pod.metadata.name];
  const path = (verb === "portforward" ? names : [...names, container]).map(encodeURIComponent).join("/");
  const query = verb === "portforward" ? new URLSearchParams() : commandQuery(verb, search);
  if (verb === "portforward") for (const port of search.getAll("ports")) query.append("port", port);
  const asked = query.toString();
  return `https://${at}/${verb === "portforward" ? "portForward" : verb}/${path}${asked === "" ? "" : `?${asked}`}`;
}

const passedOn = [
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "x-stream-protocol-version",
  "user-agent",
];

/** Of the client's headers those that speak of the streams; who the client is stays here. */
export function streamHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const passed: Record<string, string> = { connection: "Upgrade" };
  for (const name of passedOn) {
    const value = headers[name];
    if (value !== undefined) passed[name] = typeof value === "string" ? value : value.join(", ");
  }
  return passed;
}
