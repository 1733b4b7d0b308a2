// Owns the calls to conversion webhooks: over TLS, by the authority that the definition gives, within a time and a size.
import { seconds, type Millis } from "../../lib/units.ts";
import type { ConversionHook } from "../../model/custom/conversion.ts";
import type { Clock } from "../../world/clock.ts";
import type { HttpClient, Network } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";

export type Called =
  { readonly is: "answered"; readonly body: unknown } | { readonly is: "failed"; readonly because: string };

export type CallWebhook = (hook: ConversionHook, body: string) => Promise<Called>;

// As upstream.
const timeout: Millis = seconds(30);
const answerBytesMax = 64 * 1024 * 1024;
const clientsMax = 32;

export interface CallerParts {
  readonly network: Pick<Network, "client">;
  readonly clock: Clock;
}

export interface WebhookCaller {
  readonly call: CallWebhook;
  close(): Promise<void>;
}

/** One client for each authority. */
export function createWebhookCaller({ network, clock }: CallerParts): WebhookCaller {
  const clients = new Map<string, HttpClient>();
  const clientFor = (ca: string | undefined): HttpClient => {
    const known = clients.get(ca ?? "");
    if (known !== undefined) return known;
    for (const [oldest, client] of clients) {
      if (clients.size < clientsMax) break;
      clients.delete(oldest);
      void client.close();
    }
    const made = network.client({ connectionsMax: 16, ...(ca === undefined ? {} : { ca }) });
    clients.set(ca ?? "", made);
    return made;
  };
  return {
    async call(hook, body) {
      const { url } = hook;
      if (url === undefined)
        return {
          is: "failed",
          because: `cannot find the service ${hook.service ?? ""}: this server keeps no Services; give the webhook's clientConfig.url`,
        };
      const ended = new AbortController();
      const cancel = clock.after(timeout, () => ended.abort(new Error("context deadline exceeded")));
      try {
        return await post(clientFor(hook.ca), { url, body, signal: ended.signal });
      } catch (thrown) {
        return { is: "failed", because: `Post ${JSON.stringify(timed(url))}: ${wordsOf(thrown)}` };
      } finally {
        cancel();
      }
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

const timed = (url: string): string =>
  `${url}${url.includes("?") ? "&" : "?"}timeout=${timeout / seconds(1)}s`;

interface Posted {
  readonly url: string;
  readonly body: string;
  readonly signal: AbortSignal;
}

async function post(client: HttpClient, { url, body, signal }: Posted): Promise<Called> {
  const response = await client.request({
    method: "POST",
    url: timed(url),
    headers: { "content-type": "application/json", accept: "application/json" },
    body,
    signal,
  });
  if (response.status !== 200) {
    await response.discard();
    return { is: "failed", because: `the webhook answered with status ${response.status}` };
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.chunks) {
    size += part.length;
    if (size > answerBytesMax)
      return { is: "failed", because: `the webhook's answer is larger than ${answerBytesMax} bytes` };
    parts.push(part);
  }
  try {
    const read: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    return { is: "answered", body: read };
  } catch {
    return { is: "failed", because: "the webhook's answer is no JSON" };
  }
}
