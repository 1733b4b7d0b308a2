// Owns signing and verifying with one key pair: what tokens are made with. PEM in, JSON Web Signatures out.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";

/** A JSON Web Key without its private part. */
export type PublicJwk = Readonly<Record<string, unknown>>;

export interface SigningKey {
  /** Of the public key, as upstream has it: base64url of the SHA-256 of its DER form. */
  readonly id: string;
  readonly algorithm: "ES256" | "RS256";
  readonly publicJwk: PublicJwk;
  sign(text: string): Uint8Array;
  verify(text: string, signature: Uint8Array): boolean;
}

/** A new ECDSA P-256 key, PKCS#8 PEM. */
export const makeSigningKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();

function algorithmOf(key: KeyObject): SigningKey["algorithm"] | undefined {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1"
    ? "ES256"
    : undefined;
}

/** Undefined where the PEM holds no private key that tokens can be signed with: RSA, or ECDSA P-256. */
export function openSigningKey(pem: string): SigningKey | undefined {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    return undefined;
  }
  const algorithm = algorithmOf(privateKey);
  if (algorithm === undefined) return undefined;
  const publicKey = createPublicKey(privateKey);
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  // Web signatures hold the two numbers side by side, without ASN.1.
  const dsaEncoding = "ieee-p1363";
  return {
    id,
    algorithm,
    publicJwk: { ...publicKey.export({ format: "jwk" }), kid: id, alg: algorithm, use: "sig" },
    sign: (text) => sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding }),
    verify: (text, signature) =>
      verify("sha256", Buffer.from(text), { key: publicKey, dsaEncoding }, signature),
  };
}
