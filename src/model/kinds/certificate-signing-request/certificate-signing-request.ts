// Owns what the API knows about CertificateSigningRequest.
import { ageOf, humanDuration } from "../../duration.ts";
import type { CertificateSigningRequest } from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import type { Descriptor } from "../descriptor.ts";
import { conditionTypes, validateRequest, validateRequestUpdate } from "./validate-certificate-request.ts";

type Request = CertificateSigningRequest;
type Status = NonNullable<Request["status"]>;

const conditionsOf = ({ status }: Draft<Request>, types: readonly string[]) =>
  (status?.conditions ?? []).filter(({ type }) => types.includes(type));

/** A status of these parts; none at all where all are empty. */
function putStatus(
  draft: Draft<Request>,
  conditions: Status["conditions"],
  certificate: string | undefined,
): void {
  const status: Status = {
    ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
    ...(certificate === undefined ? {} : { certificate }),
  };
  draft.status = status;
}

const decisions = ["Approved", "Denied"];
const outcomes = ["Failed"];

const isOther = ({ type }: { readonly type: string }): boolean => !conditionTypes.includes(type);

const statusText = (request: Request): string => {
  const has = (type: string) => conditionsOf(request, [type]).length > 0;
  const decided = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  const issued = (request.status?.certificate ?? "") === "" ? "" : ",Issued";
  return `${decided}${has("Failed") ? ",Failed" : ""}${issued}`;
};

export const certificateSigningRequest: Descriptor<Request> = {
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  resource: "certificatesigningrequests",
  singular: "certificatesigningrequest",
  shortNames: ["csr"],
  categories: [],
  namespaced: false,
  storeFolder: "certificatesigningrequests",
  schema: "CertificateSigningRequest",
  hasStatus: true,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: { "spec.signerName": (request) => request.spec?.signerName ?? "" },
  applyDefaults: () => undefined,
  stampCaller: (draft, { name, groups }) => {
    // Required, and yet a body may lack it until it is validated.
    const given = draft.spec as typeof draft.spec | undefined;
    if (given === undefined) return;
    const { uid: _uid, extra: _extra, ...spec } = given;
    draft.spec = { ...spec, username: name, groups: [...groups] };
  },
  prepareCreate: (draft) => {
    draft.status = {};
  },
  prepareUpdate: (draft, old) => {
    draft.spec = old.spec;
  },
  // Who decided, and what, is not for the signer to say.
  prepareStatus: (draft, old) => {
    const others = (draft.status?.conditions ?? []).filter(
      (condition) => outcomes.includes(condition.type) || isOther(condition),
    );
    putStatus(draft, [...conditionsOf(old, decisions), ...others], draft.status?.certificate);
  },
  // And what came of it is not for those who approve.
  prepareApproval: (draft, old) => {
    putStatus(draft, draft.status?.conditions, old.status?.certificate);
  },
  validate: validateRequest,
  validateUpdate: validateRequestUpdate,
  columns: [
    nameColumn,
    ageColumn,
    column("SignerName", "string", "Who is to sign it."),
    column("Requestor", "string", "Who asked for it."),
    column("RequestedDuration", "string", "How long the certificate is to be valid."),
    column("Condition", "string", "What was decided, and whether it is signed."),
  ],
  row: (request, now) => [
    request.metadata.name,
    ageOf(request.metadata.creationTimestamp, now),
    request.spec?.signerName ?? "",
    request.spec?.username ?? "",
    request.spec?.expirationSeconds === undefined
      ? "<none>"
      : humanDuration(request.spec.expirationSeconds * 1000),
    statusText(request),
  ],
};
