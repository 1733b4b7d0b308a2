// Owns the small server by which a component without an API tells that it is alive, as upstream's components do.
import { makeCertificate } from "../world/certificates.ts";
import type { HttpServer } from "../world/http.ts";
import { wordsOf } from "../world/log.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface HealthPort {
  readonly bindAddress: string;
  /** 0 serves nothing. */
  readonly securePort: number;
}

const paths = new Set(["/healthz", "/livez", "/readyz"]);
const plain = { "content-type": "text/plain; charset=utf-8" };
const year = 365 * 86_400_000;

/** Answers `ok` to anybody over TLS, with a certificate of its own as upstream without one. */
export async function serveHealth(
  { clock, network }: World,
  { bindAddress, securePort }: HealthPort,
): Promise<Pick<HttpServer, "close">> {
  if (securePort === 0) return { close: () => Promise.resolve() };
  const tls = await makeCertificate(clock, {
    commonName: bindAddress,
    use: { is: "server", names: [bindAddress, "localhost"] },
    validFor: year,
  });
  try {
    return await network.serve({
      host: bindAddress,
      port: securePort,
      tls,
      handle: (exchange) =>
        paths.has(new URL(exchange.target, "https://component").pathname)
          ? exchange.respond(200, plain, "ok")
          : exchange.respond(404, plain, "404 page not found\n"),
    });
  } catch (thrown) {
    throw new Refusal(`cannot listen on ${bindAddress}:${securePort}: ${wordsOf(thrown)}`);
  }
}
