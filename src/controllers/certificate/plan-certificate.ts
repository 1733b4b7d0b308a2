// Owns what becomes of a certificate request: approved without a person, signed, failed, or in time taken away.
import type { Instant, Millis } from "../../lib/units.ts";
import { readCertificateRequest } from "../../model/certificate-request.ts";
import type { CertificateSigningRequest } from "../../model/generated/types.ts";
import { selfApproval, verdictOf, type SignerRequest } from "../../model/signer.ts";
import { parseTime } from "../../model/time.ts";

export type CertificateAction =
  | { readonly do: "approve"; readonly message: string }
  | {
      readonly do: "sign";
      readonly purposes: readonly ("client" | "server")[];
      readonly validFor: Millis;
    }
  | { readonly do: "fail"; readonly because: string }
  | { readonly do: "delete"; readonly because: "approved" | "denied" | "failed" | "pending" }
  | { readonly do: "replan"; readonly at: Instant };

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;
/** As upstream's cleaner. */
const keptFor = { approved: hour, denied: hour, failed: hour, pending: 24 * hour } as const;

type Outcome = keyof typeof keptFor;

const conditionOf = ({ status }: CertificateSigningRequest, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

function outcomeOf(request: CertificateSigningRequest): { outcome: Outcome; since: Instant | undefined } {
  for (const [type, outcome] of [
    ["Denied", "denied"],
    ["Failed", "failed"],
    ["Approved", "approved"],
  ] as const) {
    const condition = conditionOf(request, type);
    if (condition === undefined) continue;
    const time = condition.lastUpdateTime ?? condition.lastTransitionTime;
    return {
      outcome,
      since: parseTime(time ?? request.metadata.creationTimestamp),
    };
  }
  return { outcome: "pending", since: parseTime(request.metadata.creationTimestamp) };
}

/** What to do next, and when to look again. `canSign` says whether an authority's key is at hand. */
export function planCertificate(
  request: CertificateSigningRequest,
  canSign: boolean,
  now: Instant,
): CertificateAction[] {
  const { outcome, since = now } = outcomeOf(request);
  const end = since + keptFor[outcome];
  if (now >= end) return [{ do: "delete", because: outcome }];
  const replan = { do: "replan", at: end } as const;
  const { spec, status } = request;
  const ask = readCertificateRequest(spec.request);
  if (ask === undefined || (status?.certificate ?? "") !== "") return [replan];
  const asked: SignerRequest = { signerName: spec.signerName, usages: spec.usages ?? [], ask };
  if (outcome === "pending") {
    const message = selfApproval({ username: spec.username ?? "", groups: spec.groups ?? [] }, asked);
    return message === undefined ? [replan] : [{ do: "approve", message }, replan];
  }
  if (outcome !== "approved" || !canSign) return [replan];
  const verdict = verdictOf(asked);
  if (verdict.is === "another's") return [replan];
  if (verdict.is === "refuses") return [{ do: "fail", because: verdict.because }, replan];
  const seconds = spec.expirationSeconds;
  return [
    {
      do: "sign",
      purposes: asked.usages.flatMap((usage) =>
        usage === "client auth" ? ["client" as const] : usage === "server auth" ? ["server" as const] : [],
      ),
      validFor: seconds === undefined ? year : Math.min(year, seconds * 1000),
    },
    replan,
  ];
}
