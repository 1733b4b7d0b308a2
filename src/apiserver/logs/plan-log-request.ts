// Owns what a request for a container's log comes to: which container on which kubelet, or why not.
import type { Node, Pod } from "../../model/generated/types.ts";

export type Query = Readonly<Record<string, string | undefined>>;

export type ContainerChoice =
  | { readonly is: "chosen"; readonly container: string }
  | { readonly is: "refused"; readonly message: string };

const namesOf = (containers: readonly { name: string }[] | undefined): string =>
  (containers ?? []).map(({ name }) => name).join(" ");

/** The container asked for, or the only one. The refusals' words are upstream's. */
export function chooseContainer(pod: Pod, asked: string | undefined): ContainerChoice {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  if (asked !== undefined && asked !== "") {
    const known = [...containers, ...initContainers, ...ephemeralContainers].some(
      ({ name }) => name === asked,
    );
    return known
      ? { is: "chosen", container: asked }
      : { is: "refused", message: `container ${asked} is not valid for pod ${pod.metadata.name}` };
  }
  const [only, ...others] = containers;
  if (only !== undefined && others.length === 0) return { is: "chosen", container: only.name };
  const choice = only === undefined ? "" : `, choose one of: [${namesOf(containers)}]`;
  const inits =
    only === undefined || initContainers.length === 0
      ? ""
      : ` or one of the init containers: [${namesOf(initContainers)}]`;
  return {
    is: "refused",
    message: `a container name must be specified for pod ${pod.metadata.name}${choice}${inits}`,
  };
}

export interface OptionFault {
  readonly field: string;
  readonly value: string;
  readonly detail: string;
}

const wholeFrom = (least: number, detail: string) => (value: string) =>
  /^-?\d+$/.test(value) && Number(value) >= least ? undefined : detail;

const checks: readonly (readonly [string, (value: string) => string | undefined])[] = [
  ["tailLines", wholeFrom(0, "must be greater than or equal to 0")],
  ["limitBytes", wholeFrom(1, "must be greater than 0")],
  ["sinceSeconds", wholeFrom(1, "must be greater than 0")],
  ["sinceTime", (value) => (Number.isNaN(Date.parse(value)) ? "must be a time as in RFC 3339" : undefined)],
];

export function optionFaults(query: Query): OptionFault[] {
  const faults = checks.flatMap(([field, check]) => {
    const value = query[field];
    const detail = value === undefined || value === "" ? undefined : check(value);
    return value === undefined || detail === undefined ? [] : [{ field, value, detail }];
  });
  if ((query["sinceSeconds"] ?? "") !== "" && (query["sinceTime"] ?? "") !== "")
    faults.push({
      field: "sinceSeconds",
      value: query["sinceSeconds"] ?? "",
      detail: "at most one of `sinceTime` or `sinceSeconds` may be specified",
    });
  return faults;
}

/** Host and port of the node's kubelet; undefined where the node does not say. */
export function kubeletAddress(node: Node): string | undefined {
  const addresses = node.status?.addresses ?? [];
  const address = (["InternalIP", "Hostname", "ExternalIP"] as const)
    .map((type) => addresses.find((one) => one.type === type)?.address)
    .find((one) => one !== undefined);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (address === undefined || port === undefined) return undefined;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

const passedOn = [
  "follow",
  "tailLines",
  "timestamps",
  "previous",
  "sinceSeconds",
  "sinceTime",
  "limitBytes",
  "stream",
];

export function kubeletLogUrl(at: string, pod: Pod, container: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const name of passedOn) {
    const value = query[name];
    if (value !== undefined && value !== "") parameters.set(name, value);
  }
  const path = [pod.metadata.namespace ?? "default", pod.metadata.name, container]
    .map(encodeURIComponent)
    .join("/");
  const asked = parameters.toString();
  return `https://${at}/containerLogs/${path}${asked === "" ? "" : `?${asked}`}`;
}
