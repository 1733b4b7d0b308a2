// Owns JSON Web Tokens in their compact form: signed with the server's key, and read back where that key signed them.
import type { SigningKey } from "../../world/signing.ts";

export type Claims = Readonly<Record<string, unknown>>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    // Nothing is assumed of the claims: each is unknown.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
}

export function writeToken(key: SigningKey, claims: Claims): string {
  const text = `${encode({ alg: key.algorithm, kid: key.id })}.${encode(claims)}`;
  return `${text}.${Buffer.from(key.sign(text)).toString("base64url")}`;
}

/** The claims of a token this key signed; undefined for any other text. Whether they still hold is the reader's to tell. */
export function readToken(key: SigningKey, token: string): Claims | undefined {
  const [head = "", body = "", signature = "", ...rest] = token.split(".");
  if (rest.length > 0 || signature === "") return undefined;
  // The key says which algorithm there is; a token that names another is none of ours.
  if (decode(head)?.["alg"] !== key.algorithm) return undefined;
  if (!key.verify(`${head}.${body}`, Buffer.from(signature, "base64url"))) return undefined;
  return decode(body);
}
