// Owns making certificates (ECDSA P-256, PEM) and telling whether one that exists still serves.
import { createPrivateKey, X509Certificate, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type * as x509Module from "@peculiar/x509";
import type { Instant, Millis } from "../lib/units.ts";
import type { Clock } from "./clock.ts";

/** A certificate and its private key (PKCS#8), both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export type CertificateUse =
  | { readonly is: "authority" }
  /** Names are host names or IP addresses. */
  | { readonly is: "server"; readonly names: readonly string[] }
  | { readonly is: "client" }
  /** A node's certificate serves and calls. */
  | { readonly is: "both"; readonly names: readonly string[] };

export interface CertificateRequest {
  readonly commonName: string;
  /** The groups of a Kubernetes user. */
  readonly organizations?: readonly string[];
  readonly use: CertificateUse;
  readonly validFor: Millis;
}

export type X509 = typeof x509Module;

const day: Millis = 86_400_000;
const year: Millis = 365 * day;
// Clocks of machines differ; a certificate made a moment ago must count as valid on a machine that lags.
export const backdate: Millis = 5 * 60_000;
export const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Loading the X.509 library takes 150 ms; a start that finds its certificates never pays that. */
export async function loadX509(): Promise<X509> {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

const namesOf = (use: CertificateUse): readonly string[] =>
  use.is === "server" || use.is === "both" ? use.names : [];

function extensionsFor(x509: X509, use: CertificateUse): InstanceType<X509["Extension"]>[] {
  if (use.is === "authority")
    return [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
    ];
  const purposes = [
    ...(use.is === "client" ? [] : [x509.ExtendedKeyUsage.serverAuth]),
    ...(use.is === "server" ? [] : [x509.ExtendedKeyUsage.clientAuth]),
  ];
  const names = namesOf(use).map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value,
  }));
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(purposes),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
}

export function subjectOf(
  request: Pick<CertificateRequest, "commonName" | "organizations">,
): Record<string, string[]>[] {
  return [
    ...(request.organizations ?? []).map((organization) => ({ O: [organization] })),
    { CN: [request.commonName] },
  ];
}

export const pem = (label: string, bytes: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n")}\n-----END ${label}-----\n`;

export const privateKeyOf = (pair: KeyPair): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    "pkcs8",
    createPrivateKey(pair.key).export({ type: "pkcs8", format: "der" }),
    algorithm,
    false,
    ["sign"],
  );

/** Makes a key pair and its certificate, signed by the authority or, without one, by itself. */
export async function makeCertificate(
  clock: Clock,
  request: CertificateRequest,
  authority?: KeyPair,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const issuer = authority === undefined ? undefined : new x509.X509Certificate(authority.cert);
  const subject = new x509.Name(subjectOf(request)).toString();
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: new Date(clock.now() - backdate),
    notAfter: new Date(clock.now() + request.validFor),
    publicKey: keys.publicKey,
    signingKey: authority === undefined ? keys.privateKey : await privateKeyOf(authority),
    signingAlgorithm: algorithm,
    extensions: [
      ...extensionsFor(x509, request.use),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(issuer === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(issuer)]),
    ],
  });
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

/** A cluster's own authority, good for ten years. */
export const makeAuthority = (clock: Clock, commonName: string): Promise<KeyPair> =>
  makeCertificate(clock, { commonName, use: { is: "authority" }, validFor: 10 * year });

/** SHA-256 of the certificate, `AB:CD:…`. */
export const fingerprint = (cert: string): string => new X509Certificate(cert).fingerprint256;

export const expiryOf = (cert: string): Instant => Date.parse(new X509Certificate(cert).validTo);

export type Fit = { readonly is: "fits" } | { readonly is: "unfit"; readonly because: string };
const unfit = (because: string): Fit => ({ is: "unfit", because });

/** The one-line form of a subject escapes what the values hold; the parts do not. */
function attributesOf(certificate: X509Certificate, attribute: "CN" | "O"): readonly string[] {
  const subject: Record<string, string | string[] | undefined> = { ...certificate.toLegacyObject().subject };
  const value = subject[attribute] ?? [];
  return typeof value === "string" ? [value] : value;
}

/** Whether an existing pair still does what the request asks, for another month at least. */
export function fits(
  clock: Clock,
  pair: KeyPair,
  request: Omit<CertificateRequest, "validFor">,
  authority?: KeyPair,
): Fit {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pair.cert);
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key)))
      return unfit("the private key is another certificate's");
    if (authority !== undefined && !certificate.verify(new X509Certificate(authority.cert).publicKey))
      return unfit("another authority signed it");
  } catch {
    return unfit("it cannot be read as a PEM certificate and key");
  }
  if (Date.parse(certificate.validFrom) > clock.now()) return unfit("it is not valid yet");
  if (Date.parse(certificate.validTo) < clock.now() + 30 * day)
    return unfit(`it expires at ${new Date(Date.parse(certificate.validTo)).toISOString()}`);
  if (certificate.ca !== (request.use.is === "authority")) return unfit("it is for another use");
  if (attributesOf(certificate, "CN").at(-1) !== request.commonName)
    return unfit(`it is not for ${request.commonName}`);
  const held = [...attributesOf(certificate, "O")].sort().join("\n");
  if (held !== [...(request.organizations ?? [])].sort().join("\n")) return unfit("its groups are others");
  const missing = namesOf(request.use).find(
    (name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) === undefined,
  );
  return missing === undefined ? { is: "fits" } : unfit(`it does not name ${missing}`);
}
