// Owns which tokens sign `cluster-info`, which are over, and when to look again.
import type { Instant } from "../../lib/units.ts";
import { isExpired, readTokenSecret, type KeptToken } from "../../model/bootstrap-token.ts";
import type { Secret } from "../../model/generated/types.ts";

export const signatureKey = (tokenId: string): string => `jws-kubeconfig-${tokenId}`;

export type TokenAction =
  { readonly do: "delete"; readonly secret: Secret } | { readonly do: "replan"; readonly at: Instant };

/** A token whose time is over is taken away. */
export function planToken(secret: Secret, now: Instant): TokenAction | undefined {
  const kept = readTokenSecret(secret);
  if (kept?.expires === undefined) return undefined;
  return isExpired(kept, now) ? { do: "delete", secret } : { do: "replan", at: kept.expires };
}

export const signingTokens = (secrets: Iterable<Secret>, now: Instant): KeptToken[] =>
  [...secrets]
    .map(readTokenSecret)
    .filter((kept) => kept !== undefined)
    .filter((kept) => kept.usages.signing && !isExpired(kept, now));

type Data = Readonly<Record<string, string>>;

/** The entries as they should be, of others' none is touched; undefined where they are so. */
export function planSignatures(data: Data, signatures: Data): Data | undefined {
  const others = Object.entries(data).filter(([key]) => !key.startsWith(signatureKey("")));
  const next = Object.fromEntries([...others, ...Object.entries(signatures)]);
  const isSame =
    Object.keys(next).length === Object.keys(data).length &&
    Object.entries(next).every(([key, value]) => data[key] === value);
  return isSame ? undefined : next;
}
