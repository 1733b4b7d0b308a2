// Owns the tokens by which machines join: their form, the Secret that keeps one, and what it may be used for.
import type { Instant } from "../lib/units.ts";
import type { Secret } from "./generated/types.ts";
import type { Draft } from "./meta.ts";
import { formatTime, parseTime } from "./time.ts";

/** `abcdef.0123456789abcdef`: the first part is public, the second is not. */
export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
}

export const tokenSecretType = "bootstrap.kubernetes.io/token";
export const tokenNamespace = "kube-system";
export const bootstrappers = "system:bootstrappers";
/** A token's ID follows. */
export const bootstrapUserPrefix = "system:bootstrap:";
/** Whose certificates are approved without a person, as kubeadm has it. */
export const joiners = "system:bootstrappers:kubeadm:default-node-token";

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export const isTokenId = (text: string): boolean => /^[a-z0-9]{6}$/.test(text);
export const tokenText = ({ id, secret }: BootstrapToken): string => `${id}.${secret}`;
export const tokenSecretName = (id: string): string => `bootstrap-token-${id}`;

export interface TokenTerms {
  /** Absent never expires. */
  readonly expires?: Instant | undefined;
  readonly description?: string | undefined;
  readonly groups: readonly string[];
  readonly usages: { readonly authentication: boolean; readonly signing: boolean };
}

export const usualTerms: Pick<TokenTerms, "groups" | "usages"> = {
  groups: [joiners],
  usages: { authentication: true, signing: true },
};

export function tokenSecretOf(token: BootstrapToken, terms: TokenTerms): Draft<Secret> {
  const { expires, description, groups, usages } = terms;
  const texts: Record<string, string> = {
    "token-id": token.id,
    "token-secret": token.secret,
    "usage-bootstrap-authentication": String(usages.authentication),
    "usage-bootstrap-signing": String(usages.signing),
    ...(expires === undefined ? {} : { expiration: formatTime(expires) }),
    ...(description === undefined || description === "" ? {} : { description }),
    ...(groups.length === 0 ? {} : { "auth-extra-groups": groups.join(",") }),
  };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: tokenSecretName(token.id), namespace: tokenNamespace },
    type: tokenSecretType,
    data: Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]),
    ),
  };
}

export interface KeptToken extends TokenTerms {
  readonly token: BootstrapToken;
}

/** The token a Secret keeps; undefined where it keeps none that may be used. Expiry is left to `isExpired`. */
export function readTokenSecret(secret: Secret): KeptToken | undefined {
  if (secret.type !== tokenSecretType || secret.metadata.namespace !== tokenNamespace) return undefined;
  if (secret.metadata.deletionTimestamp !== undefined) return undefined;
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
  const token = parseBootstrapToken(`${text("token-id")}.${text("token-secret")}`);
  if (token === undefined || secret.metadata.name !== tokenSecretName(token.id)) return undefined;
  const groups = text("auth-extra-groups")
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
  // A group out of place would give rights that no token should: such a token is none.
  if (!groups.every((group) => groupForm.test(group))) return undefined;
  const expires = expiryOf(text("expiration"));
  if (expires === "unreadable") return undefined;
  return {
    token,
    groups,
    ...(expires === undefined ? {} : { expires }),
    description: text("description"),
    usages: {
      authentication: text("usage-bootstrap-authentication") === "true",
      signing: text("usage-bootstrap-signing") === "true",
    },
  };
}

const expiryOf = (text: string): Instant | undefined | "unreadable" =>
  text === "" ? undefined : (parseTime(text) ?? "unreadable");

export const isExpired = ({ expires }: Pick<TokenTerms, "expires">, now: Instant): boolean =>
  expires !== undefined && expires <= now;
