// Owns reading an API server's /metrics: how many requests it has answered, by verb and resource.
import type { Transport } from "../src/model/wire.ts";

export type Requests = ReadonlyMap<string, number>;

const line = /^apiserver_request_total\{(?<labels>[^}]*)\} (?<count>\S+)/gm;

/** By `VERB resource/subresource`, as upstream's and ours name them. Empty where the page may not be read. */
export async function requestsAnswered(transport: Transport): Promise<Requests> {
  const { status, body } = await transport.request({ method: "GET", path: "/metrics", accept: "text/plain" });
  const requests = new Map<string, number>();
  if (status !== 200 || typeof body !== "string") return requests;
  for (const { groups } of body.matchAll(line)) {
    const labels = new Map(
      [...(groups?.["labels"] ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
    const subresource = labels.get("subresource") ?? "";
    const name = `${labels.get("verb")} ${labels.get("resource")}${subresource === "" ? "" : `/${subresource}`}`;
    requests.set(name, (requests.get(name) ?? 0) + Number(groups?.["count"]));
  }
  return requests;
}

/** What was asked between two readings, for each pod; the rarest are left out. */
export function requestsBetween(before: Requests, after: Requests, pods: number): Record<string, number> {
  const found = [...after]
    .map(([name, count]) => [name, (count - (before.get(name) ?? 0)) / pods] as const)
    .filter(([, count]) => count >= 0.02)
    .toSorted(([, left], [, right]) => right - left);
  return Object.fromEntries(found);
}
