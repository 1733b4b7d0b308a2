// Owns what the cluster's own signers will sign, word for word as upstream has it, and whose requests need no person's approval.
import { bootstrappers, bootstrapUserPrefix } from "./bootstrap-token.ts";
import type { CertificateAsk } from "./certificate-request.ts";

export const signers = {
  client: "kubernetes.io/kube-apiserver-client",
  kubeletClient: "kubernetes.io/kube-apiserver-client-kubelet",
  kubeletServing: "kubernetes.io/kubelet-serving",
} as const;

export const nodeUserPrefix = "system:node:";
export const nodesGroup = "system:nodes";

export interface SignerRequest {
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly ask: CertificateAsk;
}

const names = ({ dnsNames, emails, ipAddresses, uris }: CertificateAsk): number =>
  dnsNames.length + emails.length + ipAddresses.length + uris.length;

const within = (usages: readonly string[], allowed: readonly string[]): boolean =>
  usages.every((usage) => allowed.includes(usage));

const clientUsages = ["key encipherment", "digital signature", "client auth"];
const servingUsages = ["key encipherment", "digital signature", "server auth"];

function nodeSubjectFault({ commonName, organizations }: CertificateAsk): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== nodesGroup)
    return "subject organization is not system:nodes";
  if (!commonName.startsWith(nodeUserPrefix) || commonName.length === nodeUserPrefix.length)
    return "subject common name does not begin with system:node:";
  return undefined;
}

export type Verdict =
  | { readonly is: "signs" }
  | { readonly is: "refuses"; readonly because: string }
  /** The name is no signer of the cluster's own. */
  | { readonly is: "another's" };

/** Whether the signer named would sign. */
export function verdictOf(request: SignerRequest): Verdict {
  if (!Object.values<string>(signers).includes(request.signerName)) return { is: "another's" };
  const because = faultOf(request);
  return because === undefined ? { is: "signs" } : { is: "refuses", because };
}

function faultOf({ signerName, usages, ask }: SignerRequest): string | undefined {
  switch (signerName) {
    case signers.client:
      return within(usages, clientUsages) && usages.includes("client auth")
        ? undefined
        : `usages did not match ${clientUsages.join(", ")}`;
    case signers.kubeletClient: {
      const fault = nodeSubjectFault(ask);
      if (fault !== undefined) return fault;
      if (names(ask) > 0) return "subject alternative names are not allowed";
      return within(usages, clientUsages) && usages.includes("client auth")
        ? undefined
        : `usages did not match ${clientUsages.join(", ")}`;
    }
    case signers.kubeletServing: {
      const fault = nodeSubjectFault(ask);
      if (fault !== undefined) return fault;
      if (ask.emails.length + ask.uris.length > 0)
        return "email and URI subject alternative names are not allowed";
      if (ask.dnsNames.length + ask.ipAddresses.length === 0)
        return "at least one DNS or IP subject alternative name is required";
      return within(usages, servingUsages) && usages.includes("server auth")
        ? undefined
        : `usages did not match ${servingUsages.join(", ")}`;
    }
    default:
      return undefined;
  }
}

export interface Requester {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What to say on approving without a person; undefined leaves it to one. */
export function selfApproval({ username, groups }: Requester, request: SignerRequest): string | undefined {
  if (request.signerName !== signers.kubeletClient || verdictOf(request).is !== "signs") return undefined;
  if (groups.includes(nodesGroup) && username === request.ask.commonName)
    return "Auto approving self kubelet client certificate after SubjectAccessReview.";
  if (
    groups.some((group) => group.startsWith(`${bootstrappers}:`)) &&
    username.startsWith(bootstrapUserPrefix)
  )
    return "Auto approving kubelet client certificate after SubjectAccessReview.";
  return undefined;
}
