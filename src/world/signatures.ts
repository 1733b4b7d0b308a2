// Owns signing with a shared secret (detached JWS, HS256) and the pin by which a certificate's public key is known.
import { createHash, createHmac, timingSafeEqual, X509Certificate } from "node:crypto";

const base64url = (content: string | Uint8Array): string => Buffer.from(content).toString("base64url");

const macOf = (header: string, content: string, secret: string): string =>
  createHmac("sha256", secret)
    .update(`${header}.${base64url(content)}`)
    .digest("base64url");

/** `HEADER..SIGNATURE` (RFC 7515, appendix F): the content goes another way. */
export function signDetached(content: string, keyId: string, secret: string): string {
  const header = base64url(JSON.stringify({ alg: "HS256", kid: keyId }));
  return `${header}..${macOf(header, content, secret)}`;
}

/** Whether this secret signed this content. */
export function isSignedBy(signature: string, content: string, secret: string): boolean {
  const [header = "", middle, mac = "", ...more] = signature.split(".");
  if (middle !== "" || more.length > 0 || algorithmOf(header) !== "HS256") return false;
  const expected = Buffer.from(macOf(header, content, secret));
  const given = Buffer.from(mac);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function algorithmOf(header: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && "alg" in value ? value.alg : undefined;
  } catch {
    return undefined;
  }
}

/** `sha256:` and the hexadecimal digest of the public key (SubjectPublicKeyInfo, as RFC 7469 pins it). */
export function publicKeyPin(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}
