// Owns telling machines that are about to join by the token they bear, from the Secrets that keep those tokens.
import {
  bootstrappers,
  bootstrapUserPrefix,
  isExpired,
  parseBootstrapToken,
  readTokenSecret,
  tokenNamespace,
  tokenSecretName,
} from "../../model/bootstrap-token.ts";
import { objectKey } from "../registry/place.ts";
import { isKind, type Registry } from "../registry/registry.ts";
import { sameToken, type TokenLookup } from "./authenticate.ts";

const encoder = new TextEncoder();

/** From what the server holds in memory: a token that was taken away is believed no longer. */
export function bootstrapTokens({
  kinds,
  feed,
  clock,
}: Pick<Registry, "kinds" | "feed" | "clock">): TokenLookup {
  const secrets = kinds.find((kind) => isKind(kind, "", "secrets"));
  if (secrets === undefined) return () => undefined;
  return (bearer) => {
    const given = parseBootstrapToken(bearer);
    if (given === undefined) return undefined;
    const held = feed.cacheOf(secrets).get(objectKey(secrets, tokenNamespace, tokenSecretName(given.id)));
    if (held === undefined) return undefined;
    const kept = readTokenSecret(held.object);
    if (kept === undefined || !kept.usages.authentication || isExpired(kept, clock.now())) return undefined;
    if (!sameToken(encoder.encode(given.secret), encoder.encode(kept.token.secret))) return undefined;
    return { name: `${bootstrapUserPrefix}${given.id}`, groups: [bootstrappers, ...kept.groups] };
  };
}
