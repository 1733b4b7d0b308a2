// Owns the answers to questions about callers: may I or somebody else (`auth can-i`), what may I, and who am I (`auth whoami`).
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Caller } from "../../model/wire.ts";
import type { Attributes, Authorize } from "../answer.ts";
import type { VerifyToken } from "../authentication/service-account-token.ts";
import { badRequest, type Refusal } from "../status.ts";

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined =>
  // Nothing is assumed of the fields: each is unknown.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const verbs: readonly Attributes["verb"][] = [
  "get",
  "list",
  "watch",
  "create",
  "update",
  "patch",
  "delete",
  "deletecollection",
];
const verbOf = (value: unknown): Attributes["verb"] => verbs.find((verb) => verb === value) ?? "other";

function resourceAsked(asked: Fields): Attributes {
  const subresource = textOf(asked["subresource"]);
  const namespace = textOf(asked["namespace"]);
  const name = textOf(asked["name"]);
  return {
    verb: verbOf(asked["verb"]),
    path: "",
    resource: {
      group: textOf(asked["group"]),
      resource: textOf(asked["resource"]),
      ...(subresource === "" ? {} : { subresource }),
      ...(namespace === "" ? {} : { namespace }),
      ...(name === "" ? {} : { name }),
    },
  };
}

/** What is answered: the `status` of the review. */
type Reviewed = object | Refusal;

export interface AccessAsked {
  readonly spec: unknown;
  readonly authorize: Authorize;
  /** Where the question is confined to one. */
  readonly namespace?: string;
}

export function reviewAccess(caller: Caller, { spec: given, authorize, namespace }: AccessAsked): Reviewed {
  const spec = fieldsOf(given);
  const resource = fieldsOf(spec?.["resourceAttributes"]);
  const other = fieldsOf(spec?.["nonResourceAttributes"]);
  if ((resource === undefined) === (other === undefined))
    return badRequest(
      "exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be specified",
    );
  if (namespace !== undefined && resource?.["namespace"] !== namespace)
    return badRequest("spec.resourceAttributes.namespace must be the namespace of the request");
  const verdict = authorize(
    caller,
    resource === undefined
      ? { verb: verbOf(other?.["verb"]), path: textOf(other?.["path"]) }
      : resourceAsked(resource),
  );
  return verdict === "allow" ? { allowed: true } : { allowed: false, reason: verdict.deny };
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** As reviewAccess for whoever the question names. */
export function reviewOther(asked: AccessAsked): Reviewed {
  const spec = fieldsOf(asked.spec);
  const [name, groups] = [textOf(spec?.["user"]), textsOf(spec?.["groups"])];
  if (name === "" && groups.length === 0)
    return badRequest("at least one of spec.user and spec.groups must be specified");
  return reviewAccess({ name, groups }, asked);
}

export const reviewSelf = (caller: Caller): object => ({ userInfo: userOf(caller) });

const userOf = ({ name, uid, groups, extra }: Caller): object => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
});

export function reviewToken(spec: unknown, verify: VerifyToken | undefined): Reviewed {
  const asked = fieldsOf(spec);
  const token = textOf(asked?.["token"]);
  if (token === "") return badRequest("token is required for TokenReview in authentication");
  const audiences = textsOf(asked?.["audiences"]);
  const verified = audiences.length === 0 ? verify?.(token) : verify?.(token, audiences);
  return verified === undefined
    ? { user: {}, error: "cannot verify the token: it is not this server's, has expired, or is for others" }
    : { authenticated: true, user: userOf(verified.caller), audiences: verified.audiences };
}

export interface RulesAsked {
  readonly spec: unknown;
  readonly caller: Caller;
  readonly authorize: Authorize;
  readonly kinds: readonly Descriptor[];
}

/** What the caller may do, found by asking for each kind: names and paths that only some rules allow are not told. */
export function reviewRules({ spec, caller, authorize, kinds }: RulesAsked): Reviewed {
  const namespace = textOf(fieldsOf(spec)?.["namespace"]);
  if (namespace === "") return badRequest("no namespace on request");
  const mayAll =
    authorize(caller, { verb: "other", path: "", resource: { group: "*", resource: "*" } }) === "allow";
  const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
  const found = kinds.flatMap((kind) => {
    const resource = {
      group: kind.group,
      resource: kind.resource,
      ...(kind.namespaced && namespace !== "" ? { namespace } : {}),
    };
    const allowed = verbs.filter((verb) => authorize(caller, { verb, path: "", resource }) === "allow");
    return allowed.length === 0
      ? []
      : [{ verbs: allowed, apiGroups: [kind.group], resources: [kind.resource] }];
  });
  return {
    resourceRules: mayAll ? [all] : found,
    nonResourceRules: mayAll ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [],
    incomplete: !mayAll,
  };
}
