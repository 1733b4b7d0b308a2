// Owns making, listing and taking away the tokens by which machines join.
import { RefusedError, type Client } from "../client/client.ts";
import type { Instant } from "../lib/units.ts";
import {
  isExpired,
  isTokenId,
  parseBootstrapToken,
  readTokenSecret,
  tokenNamespace,
  tokenSecretName,
  tokenSecretOf,
  tokenSecretType,
  tokenText,
  type BootstrapToken,
  type KeptToken,
  type TokenTerms,
} from "../model/bootstrap-token.ts";
import { humanDuration } from "../model/duration.ts";
import { secret as secretKind } from "../model/kinds/secret.ts";
import { formatTime } from "../model/time.ts";
import { CannotBootstrap } from "./cannot.ts";

export async function createToken(client: Client, token: BootstrapToken, terms: TokenTerms): Promise<void> {
  const made = await client.of(secretKind).create(tokenSecretOf(token, terms));
  if (made.is === "exists")
    throw new CannotBootstrap(
      `cannot create token ${token.id}: there is one of this ID; delete it first with \`everynode token delete ${token.id}\``,
    );
  if (made.is !== "ok") throw new RefusedError(made.status);
}

export async function listTokens(client: Client): Promise<KeptToken[]> {
  const { items } = await client
    .of(secretKind)
    .list({ namespace: tokenNamespace, fieldSelector: `type=${tokenSecretType}` });
  return items.map(readTokenSecret).filter((kept) => kept !== undefined);
}

/** By ID or by the whole token. */
export async function deleteToken(client: Client, given: string): Promise<string> {
  const id = isTokenId(given) ? given : parseBootstrapToken(given)?.id;
  if (id === undefined)
    throw new CannotBootstrap(
      `cannot delete token ${JSON.stringify(given)}: it is neither an ID such as abcdef nor a whole token`,
    );
  const done = await client.of(secretKind).delete({ name: tokenSecretName(id), namespace: tokenNamespace });
  if (done.is === "absent")
    throw new CannotBootstrap(
      `cannot delete token ${id}: there is none of this ID; \`everynode token list\` shows those that are`,
    );
  if (done.is !== "ok") throw new RefusedError(done.status);
  return id;
}

const usagesOf = ({ usages }: KeptToken): string =>
  [...(usages.authentication ? ["authentication"] : []), ...(usages.signing ? ["signing"] : [])].join(",");

const ttlOf = (kept: KeptToken, now: Instant): string =>
  kept.expires === undefined
    ? "<forever>"
    : isExpired(kept, now)
      ? "<invalid>"
      : humanDuration(kept.expires - now);

/** A row a token under the names of the columns. */
export const tokenRows = (tokens: readonly KeptToken[], now: Instant): readonly (readonly string[])[] => [
  ["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"],
  ...tokens.map((kept) => [
    tokenText(kept.token),
    ttlOf(kept, now),
    kept.expires === undefined ? "<never>" : formatTime(kept.expires),
    usagesOf(kept) || "<none>",
    kept.description === undefined || kept.description === "" ? "<none>" : kept.description,
    kept.groups.join(",") || "<none>",
  ]),
];
