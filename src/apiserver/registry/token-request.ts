// Owns giving out tokens of service accounts (`serviceaccounts/token`): what may be asked, and what the token is bound to.
import { seconds } from "../../lib/units.ts";
import { invalid as invalidField, notSupported, required, type FieldError } from "../../model/field-error.ts";
import type { BoundObjectReference, ObjectMeta, Pod, TokenRequestSpec } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import { formatTime } from "../../model/time.ts";
import type { Caller } from "../../model/wire.ts";
import { uuid } from "../../world/random.ts";
import { nodeOf as nodeNameOf } from "../authorization/node-caller.ts";
import { writeGrant, type Bound, type TokenIssuer } from "../authentication/service-account-token.ts";
import { badRequest, conflict, forbidden, invalid, Refusal } from "../status.ts";
import { decode } from "./decode.ts";
import { objectKey } from "./place.ts";
import { readObject, type ObjectPlace } from "./read.ts";
import type { Registry } from "./registry.ts";

export interface TokenAsked {
  readonly place: ObjectPlace;
  readonly body: unknown;
  readonly caller: Caller;
  readonly dryRun: boolean;
}

const accounts = { group: "", resource: "serviceaccounts/token" };
const durationMin = 600;
const durationMax = 2 ** 32;
const durationUsual = 3600;

export async function issueToken(
  registry: Registry,
  issuer: TokenIssuer,
  { place, body, caller, dryRun }: TokenAsked,
): Promise<object | Refusal> {
  const spec = readSpec(place.name, body);
  if (spec instanceof Refusal) return spec;
  const account = await readObject(registry, place, { is: "newest" });
  if (account instanceof Refusal) return account;
  const bound = await bindTo(registry, place, spec.boundObjectRef);
  if (bound instanceof Refusal) return bound;
  const denied = deniedToNode(caller, place, bound);
  if (denied !== undefined) return denied;
  const from = registry.clock.now();
  const { expirationSeconds = durationUsual, audiences = [] } = spec;
  const until = from + seconds(expirationSeconds);
  const { name, namespace = "", uid } = account.object.metadata;
  const grant = {
    id: uuid(registry.random),
    namespace,
    account: { name, uid },
    bound,
    audiences: audiences.length === 0 ? [issuer.issuer] : audiences,
    from,
    until,
  };
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: formatTime(from) },
    spec: {
      audiences: grant.audiences,
      expirationSeconds,
      boundObjectRef: spec.boundObjectRef ?? null,
    },
    status: {
      // A dry run proves that the request would be granted; a token would be real.
      token: dryRun ? "" : writeGrant(issuer, grant),
      expirationTimestamp: formatTime(until),
    },
  };
}

const schema = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  schema: "AuthenticationTokenRequest",
};

function readSpec(account: string, body: unknown): TokenRequestSpec | Refusal {
  const decoded = decode(schema, body, { fieldValidation: "Warn" });
  if (decoded instanceof Refusal) return decoded;
  // The schema was checked.
  const { metadata, spec = {} } = decoded.draft as {
    readonly metadata: ObjectMeta;
    readonly spec?: TokenRequestSpec;
  };
  const given = metadata.name ?? "";
  if (given !== "" && given !== account)
    return badRequest(`the name of the object (${given}) does not match the name on the URL (${account})`);
  const faults = specFaults(spec);
  return faults.length === 0 ? spec : invalid(schema, account, faults);
}

function specFaults({ expirationSeconds, boundObjectRef }: TokenRequestSpec): FieldError[] {
  const field = "spec.expirationSeconds";
  const faults: FieldError[] = [];
  if (expirationSeconds !== undefined && expirationSeconds < durationMin)
    faults.push(invalidField(field, expirationSeconds, "may not specify a duration less than 10 minutes"));
  if (expirationSeconds !== undefined && expirationSeconds > durationMax)
    faults.push(
      invalidField(field, expirationSeconds, "may not specify a duration larger than 2^32 seconds"),
    );
  if (boundObjectRef !== undefined && (boundObjectRef.name ?? "") === "")
    faults.push(required("spec.boundObjectRef.name"));
  if (boundObjectRef !== undefined && boundResource(boundObjectRef) === undefined)
    faults.push(
      notSupported("spec.boundObjectRef.kind", boundObjectRef.kind ?? "", Object.keys(boundResources)),
    );
  return faults;
}

const boundResources = { Pod: "pods", Secret: "secrets", Node: "nodes" } as const;
type BoundKind = keyof typeof boundResources;

function boundResource({ apiVersion, kind }: BoundObjectReference): BoundKind | undefined {
  if (apiVersion !== "v1") return undefined;
  return kind === "Pod" || kind === "Secret" || kind === "Node" ? kind : undefined;
}

async function bindTo(
  registry: Registry,
  { namespace, name: account }: ObjectPlace,
  reference: BoundObjectReference | undefined,
): Promise<Bound | Refusal> {
  if (reference === undefined) return {};
  const { name = "", uid = "" } = reference;
  const bound = boundResource(reference);
  const kind = registry.kinds.find(
    ({ group, resource }) => group === "" && bound !== undefined && resource === boundResources[bound],
  );
  if (bound === undefined || kind === undefined)
    return badRequest("cannot bind token to an object of this kind");
  const found = await readObject(
    registry,
    { kind, namespace: kind.namespaced ? namespace : undefined, name },
    { is: "newest" },
  );
  if (found instanceof Refusal) return found;
  const { object } = found;
  if (uid !== "" && uid !== object.metadata.uid)
    return conflict(
      kind,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  const self = { name, uid: object.metadata.uid };
  if (bound !== "Pod") return bound === "Node" ? { node: self } : { secret: self };
  // Its kind was looked up.
  const { spec } = object as Pod;
  if ((spec?.serviceAccountName ?? "") !== account)
    return badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  return { pod: self, ...nodeOf(registry, spec?.nodeName ?? "") };
}

function nodeOf({ kinds, feed }: Registry, name: string): Pick<Bound, "node"> {
  const kind = kinds.find(({ group, resource }) => group === "" && resource === "nodes");
  if (kind === undefined || name === "") return {};
  const held = feed.cacheOf(kind).get(objectKey(kind, undefined, name));
  return held === undefined ? {} : { node: { name, uid: held.object.metadata.uid } };
}

/** A node may ask only for what its own pods run as. */
function deniedToNode(caller: Caller, { name }: ObjectPlace, { pod, node }: Bound): Refusal | undefined {
  const own = nodeNameOf(caller);
  if (own === undefined) return undefined;
  if (pod === undefined) return forbidden(accounts, name, "node requested token not bound to a pod");
  return node?.name === own
    ? undefined
    : forbidden(accounts, name, "node requested token bound to a pod scheduled on a different node");
}

/** As a lookup for those who verify tokens; what is looked up is what the caches hold. */
export const findIn =
  ({ kinds, feed }: Registry) =>
  (resource: string, namespace: string | undefined, name: string): KubeObject | undefined => {
    const kind = kinds.find((one) => one.group === "" && one.resource === resource);
    return kind && feed.cacheOf(kind).get(objectKey(kind, namespace, name))?.object;
  };
