// Owns the rules on a CertificateSigningRequest: what may be asked, and what of a decision may change.
import { readCertificateRequest } from "../../certificate-request.ts";
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import type { CertificateSigningRequest } from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";
import { qualifiedNameFaults } from "../../names.ts";

type Request = CertificateSigningRequest;

export const conditionTypes: readonly string[] = ["Approved", "Denied", "Failed"];

const keyUsages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

const secondsLeast = 600;

function usageFaults(usages: readonly string[]): FieldError[] {
  if (usages.length === 0) return [required("spec.usages", "usages must be non-empty")];
  return usages.flatMap((usage, index) => {
    if (!keyUsages.includes(usage)) return [notSupported(`spec.usages[${index}]`, usage, keyUsages)];
    return usages.indexOf(usage) < index ? [duplicate(`spec.usages[${index}]`, usage)] : [];
  });
}

function signerNameFaults(name: string): FieldError[] {
  if (name === "") return [required("spec.signerName")];
  if (name === "kubernetes.io/legacy-unknown")
    return [invalid("spec.signerName", name, "the legacy signerName is not allowed via this API version")];
  if (!name.includes("/"))
    return [
      invalid(
        "spec.signerName",
        name,
        "must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ),
    ];
  // Its path may have more parts than a qualified name; each is one.
  const [domain = "", ...path] = name.split("/");
  return path.flatMap((part) =>
    qualifiedNameFaults(`${domain}/${part}`).map((fault) => invalid("spec.signerName", name, fault)),
  );
}

function conditionFaults({ status }: Draft<Request>): FieldError[] {
  const conditions = status?.conditions ?? [];
  const found: FieldError[] = [];
  for (const [index, { type, status: is }] of conditions.entries()) {
    const at = `status.conditions[${index}]`;
    if ((type ?? "") === "") found.push(required(`${at}.type`));
    else if (conditions.findIndex((other) => other.type === type) < index)
      found.push(duplicate(`${at}.type`, type));
    if ((is ?? "") === "") found.push(required(`${at}.status`));
    else if (conditionTypes.includes(type) && is !== "True")
      found.push(notSupported(`${at}.status`, is, ["True"]));
  }
  const has = (wanted: string) => conditions.some(({ type }) => type === wanted);
  if (has("Approved") && has("Denied"))
    found.push(
      invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive"),
    );
  return found;
}

export function validateRequest(draft: Draft<Request>): FieldError[] {
  // Required by the type, and absent all the same in what a client sends.
  const spec: Partial<Request["spec"]> = draft.spec ?? {};
  const { request = "", signerName = "", usages = [], expirationSeconds } = spec;
  return [
    ...(request === ""
      ? [required("spec.request")]
      : readCertificateRequest(request) === undefined
        ? [invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST, and hold one")]
        : []),
    ...usageFaults(usages),
    ...signerNameFaults(signerName),
    ...(expirationSeconds !== undefined && expirationSeconds < secondsLeast
      ? [
          invalid(
            "spec.expirationSeconds",
            expirationSeconds,
            `may not specify a duration less than ${secondsLeast} seconds (10 minutes)`,
          ),
        ]
      : []),
    ...conditionFaults(draft),
  ];
}

export function validateRequestUpdate(draft: Draft<Request>, old: Request): FieldError[] {
  const has = (request: Draft<Request>, wanted: string) =>
    request.status?.conditions?.some(({ type }) => type === wanted) ?? false;
  const found = conditionTypes.flatMap((type) =>
    has(old, type) && !has(draft, type)
      ? [forbidden("status.conditions", `updates may not remove a condition of type ${JSON.stringify(type)}`)]
      : [],
  );
  const before = old.status?.certificate ?? "";
  if (before !== "" && before !== (draft.status?.certificate ?? ""))
    found.push(forbidden("status.certificate", "updates may not set or modify an issued certificate"));
  return found;
}
