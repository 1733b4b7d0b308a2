// Owns the tokens of service accounts: what they claim, and whether what they claim still holds. As KEP-1205's bound tokens.
import { seconds, type Instant } from "../../lib/units.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { Caller } from "../../model/wire.ts";
import type { SigningKey } from "../../world/signing.ts";
import { readToken, writeToken, type Claims } from "./web-token.ts";

export interface TokenIssuer {
  readonly key: SigningKey;
  /** Who vouches for the tokens; also the audience of those that name none. */
  readonly issuer: string;
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** What a token may be bound to besides its account: it ends with that object. */
export type Bound = Readonly<Partial<Record<"pod" | "secret" | "node", Reference>>>;

export interface Grant {
  readonly id: string;
  readonly namespace: string;
  readonly account: Reference;
  readonly bound: Bound;
  readonly audiences: readonly string[];
  readonly from: Instant;
  readonly until: Instant;
}

/** Finds an object as it is now; of core kinds only. */
export type Find = (resource: string, namespace: string | undefined, name: string) => KubeObject | undefined;

export const usualIssuer = "https://kubernetes.default.svc.cluster.local";
// An account or pod that is being deleted may still need its token to end in order.
const deletionLeeway = seconds(60);
const wholeSeconds = (at: Instant): number => Math.floor(at / 1000);

export function writeGrant({ key, issuer }: TokenIssuer, grant: Grant): string {
  const { namespace, account, bound } = grant;
  return writeToken(key, {
    aud: grant.audiences,
    exp: wholeSeconds(grant.until),
    iat: wholeSeconds(grant.from),
    iss: issuer,
    jti: grant.id,
    "kubernetes.io": { namespace, ...bound, serviceaccount: account },
    nbf: wholeSeconds(grant.from),
    sub: `system:serviceaccount:${namespace}:${account.name}`,
  });
}

const fieldsOf = (value: unknown): Claims =>
  // Nothing is assumed of the fields: each is unknown.
  typeof value === "object" && value !== null ? (value as Claims) : {};
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function referenceOf(value: unknown): Reference | undefined {
  const { name, uid } = fieldsOf(value);
  return value === undefined ? undefined : { name: textOf(name), uid: textOf(uid) };
}

function audiencesOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** What a token says, where the server's key signed it; undefined for any other text. */
function readGrant({ key, issuer }: TokenIssuer, token: string): Grant | undefined {
  const claims = readToken(key, token);
  if (claims === undefined || claims["iss"] !== issuer) return undefined;
  const { aud, exp, nbf, jti } = claims;
  if (typeof exp !== "number") return undefined;
  const own = fieldsOf(claims["kubernetes.io"]);
  const namespace = textOf(own["namespace"]);
  const account = referenceOf(own["serviceaccount"]);
  if (account === undefined || claims["sub"] !== `system:serviceaccount:${namespace}:${account.name}`)
    return undefined;
  const [pod, secret, node] = [referenceOf(own["pod"]), referenceOf(own["secret"]), referenceOf(own["node"])];
  return {
    id: textOf(jti),
    namespace,
    account,
    bound: {
      ...(pod === undefined ? {} : { pod }),
      ...(secret === undefined ? {} : { secret }),
      ...(node === undefined ? {} : { node }),
    },
    audiences: audiencesOf(aud),
    from: typeof nbf === "number" ? nbf * 1000 : 0,
    until: exp * 1000,
  };
}

function stands(object: KubeObject | undefined, { uid }: Reference, now: Instant): boolean {
  if (object === undefined || object.metadata.uid !== uid) return false;
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp === undefined || Date.parse(deletionTimestamp) + deletionLeeway > now;
}

function isCurrent({ namespace, account, bound, from, until }: Grant, find: Find, now: Instant): boolean {
  if (now >= until || wholeSeconds(now) < wholeSeconds(from)) return false;
  if (!stands(find("serviceaccounts", namespace, account.name), account, now)) return false;
  const { pod, secret, node } = bound;
  if (pod !== undefined && !stands(find("pods", namespace, pod.name), pod, now)) return false;
  if (secret !== undefined && !stands(find("secrets", namespace, secret.name), secret, now)) return false;
  // Beside a pod the node is told and not bound to: the pod's own end is what counts.
  return node === undefined || pod !== undefined || stands(find("nodes", undefined, node.name), node, now);
}

function extraOf({ id, bound: { pod, node } }: Grant): Record<string, readonly string[]> {
  const prefix = "authentication.kubernetes.io";
  return {
    ...(id === "" ? {} : { [`${prefix}/credential-id`]: [`JTI=${id}`] }),
    ...(node === undefined
      ? {}
      : { [`${prefix}/node-name`]: [node.name], [`${prefix}/node-uid`]: [node.uid] }),
    ...(pod === undefined ? {} : { [`${prefix}/pod-name`]: [pod.name], [`${prefix}/pod-uid`]: [pod.uid] }),
  };
}

function callerOf(grant: Grant): Caller {
  const { namespace, account } = grant;
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra: extraOf(grant),
  };
}

export interface Verified {
  readonly caller: Caller;
  /** Those of the token that were asked for. */
  readonly audiences: readonly string[];
}

/** Whom a token is for, where it is for one of the audiences: the server itself unless others are named. */
export type VerifyToken = (token: string, audiences?: readonly string[]) => Verified | undefined;

export function createVerifyToken(issuer: TokenIssuer, find: Find, now: () => Instant): VerifyToken {
  return (token, audiences = [issuer.issuer]) => {
    const grant = readGrant(issuer, token);
    if (grant === undefined || !isCurrent(grant, find, now())) return undefined;
    const shared = grant.audiences.filter((one) => audiences.includes(one));
    return shared.length === 0 ? undefined : { caller: callerOf(grant), audiences: shared };
  };
}
