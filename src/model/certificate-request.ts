// Owns what a certificate request (PKCS#10, RFC 2986) asks for: whose name, and further names.
import { objectIdentifier, readDer, type DerValue } from "../lib/der.ts";

export interface CertificateAsk {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Parts of the subject other than those two. */
  readonly otherSubject: readonly string[];
  readonly dnsNames: readonly string[];
  /** In hexadecimal. */
  readonly ipAddresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

const text = ({ content }: DerValue): string => Buffer.from(content).toString("utf8");

/** The request in base64 of PEM, as a CertificateSigningRequest carries it. Undefined where it is none. */
export function readCertificateRequest(base64: string): CertificateAsk | undefined {
  const pem = Buffer.from(base64, "base64").toString("latin1");
  const body =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(
      pem,
    )?.[1];
  if (body === undefined) return undefined;
  const request = readDer(new Uint8Array(Buffer.from(body.replace(/\s/g, ""), "base64")));
  const [info, algorithm, signature] = request?.children ?? [];
  const [version, subject, key, attributes] = info?.children ?? [];
  if (version?.tag !== 0x02 || subject?.tag !== 0x30 || key?.tag !== 0x30) return undefined;
  if (algorithm?.tag !== 0x30 || signature?.tag !== 0x03) return undefined;
  return { ...subjectOf(subject), ...namesOf(attributes) };
}

function subjectOf(subject: DerValue): Pick<CertificateAsk, "commonName" | "organizations" | "otherSubject"> {
  let commonName = "";
  const organizations: string[] = [];
  const otherSubject: string[] = [];
  for (const set of subject.children)
    for (const { children } of set.children) {
      const [type, value] = children;
      if (type === undefined || value === undefined) continue;
      const name = objectIdentifier(type);
      if (name === "2.5.4.3") commonName = text(value);
      else if (name === "2.5.4.10") organizations.push(text(value));
      else otherSubject.push(`${name}=${text(value)}`);
    }
  return { commonName, organizations, otherSubject };
}

const extensionRequest = "1.2.840.113549.1.9.14";
const alternativeNames = "2.5.29.17";

function namesOf(
  attributes: DerValue | undefined,
): Pick<CertificateAsk, "dnsNames" | "ipAddresses" | "emails" | "uris"> {
  const names = (attributes?.children ?? [])
    .filter(({ children: [type] }) => type !== undefined && objectIdentifier(type) === extensionRequest)
    .flatMap(({ children: [, values] }) => values?.children ?? [])
    .flatMap(({ children }) => children)
    .filter(({ children: [type] }) => type !== undefined && objectIdentifier(type) === alternativeNames)
    .flatMap(({ children }) => readDer(children.at(-1)?.content ?? new Uint8Array())?.children ?? []);
  const tagged = (tag: number) => names.filter((name) => name.tag === tag);
  return {
    emails: tagged(0x81).map(text),
    dnsNames: tagged(0x82).map(text),
    uris: tagged(0x86).map(text),
    ipAddresses: tagged(0x87).map(({ content }) => Buffer.from(content).toString("hex")),
  };
}
