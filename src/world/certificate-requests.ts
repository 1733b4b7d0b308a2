// Owns asking for a certificate (PKCS#10, PEM), and signing what was asked.
import { webcrypto } from "node:crypto";
import type { Millis } from "../lib/units.ts";
import {
  algorithm,
  backdate,
  expiryOf,
  loadX509,
  pem,
  privateKeyOf,
  subjectOf,
  type CertificateRequest,
  type KeyPair,
} from "./certificates.ts";
import type { Clock } from "./clock.ts";

export interface Asked {
  /** PEM. */
  readonly request: string;
  readonly key: string;
}

/** A new key, and the request to have it certified under the name. */
export async function makeRequest(
  subject: Pick<CertificateRequest, "commonName" | "organizations">,
): Promise<Asked> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name(subjectOf(subject)).toString(),
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    request: `${request.toString("pem")}\n`,
    key: pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

export interface ToSign {
  /** PEM. */
  readonly request: string;
  readonly purposes: readonly ("client" | "server")[];
  readonly validFor: Millis;
}

export type Signed =
  { readonly is: "signed"; readonly cert: string } | { readonly is: "refused"; readonly because: string };

/** Certifies the key, subject and alternative names asked; never longer than the authority itself is valid. */
export async function signRequest(clock: Clock, asked: ToSign, authority: KeyPair): Promise<Signed> {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(asked.request);
  if (!(await request.verify()))
    return { is: "refused", because: "the request is not signed with the key it asks a certificate for" };
  const issuer = new x509.X509Certificate(authority.cert);
  const now = clock.now();
  const names = request.extensions.filter((one) => one instanceof x509.SubjectAlternativeNameExtension);
  const purposes = asked.purposes.map((purpose) =>
    purpose === "client" ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
  );
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subjectName,
    issuer: issuer.subjectName,
    notBefore: new Date(now - backdate),
    notAfter: new Date(Math.min(now + asked.validFor, expiryOf(authority.cert))),
    publicKey: request.publicKey,
    signingKey: await privateKeyOf(authority),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension(purposes),
      ...names,
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { is: "signed", cert: `${certificate.toString("pem")}\n` };
}
