// Owns asking a server for another protocol over a TLS connection of its own.
import type { IncomingMessage } from "node:http";
import { request as ask } from "node:https";
import type { HttpClientOptions } from "./http.ts";
import type { Upgraded, UpgradeClient } from "./upgrade-client.ts";

/** A refusal is a few words; more is not read. */
const refusalMax = 64 * 1024;
const connectMax = 30_000;

async function refusalOf(response: IncomingMessage): Promise<Upgraded> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    // An HTTP body comes as buffers.
    parts.push((part as Buffer).subarray(0, refusalMax - size));
    size += parts.at(-1)?.length ?? 0;
    if (size >= refusalMax) break;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return {
    is: "refused",
    status: response.statusCode ?? 502,
    headers,
    body: Buffer.concat(parts).toString(),
  };
}

export function createUpgradeClient(options: HttpClientOptions): UpgradeClient {
  return ({ method, url, headers, signal }) =>
    new Promise((resolve, reject) => {
      const asked = ask(url, {
        method,
        headers: { ...headers },
        signal,
        agent: false,
        ...(options.cert === undefined ? {} : { cert: options.cert }),
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.serverName === undefined ? {} : { servername: options.serverName }),
        rejectUnauthorized: options.insecureSkipVerify !== true,
      });
      asked.setTimeout(connectMax, () => asked.destroy(new Error("no answer within 30 s")));
      asked.once("error", reject);
      asked.once("response", (response) => void refusalOf(response).then(resolve, reject));
      asked.once("upgrade", (response, socket, head) => {
        socket.setTimeout(0);
        socket.setNoDelay(true);
        socket.on("error", () => undefined);
        resolve({ is: "switched", rawHeaders: response.rawHeaders, socket, head });
      });
      asked.end();
    });
}
