// Owns the questions a caller may ask about itself: may I (`auth can-i`), what may I, and who am I (`auth whoami`).
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Caller } from "../../model/wire.ts";
import type { Attributes, Authorize, EncodedAnswer } from "../answer.ts";
import { jsonAnswer } from "../http/send.ts";
import { badRequest, type Refusal } from "../status.ts";

export const reviewPaths = {
  access: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  rules: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
  self: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
} as const;

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

export function reviewAccess(body: unknown, caller: Caller, authorize: Authorize): EncodedAnswer | Refusal {
  const spec = fieldsOf(fieldsOf(body)?.["spec"]);
  const resource = fieldsOf(spec?.["resourceAttributes"]);
  const other = fieldsOf(spec?.["nonResourceAttributes"]);
  if ((resource === undefined) === (other === undefined))
    return badRequest(
      "exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be specified",
    );
  const verdict = authorize(
    caller,
    resource === undefined
      ? { verb: verbOf(other?.["verb"]), path: textOf(other?.["path"]) }
      : resourceAsked(resource),
  );
  return jsonAnswer(201, {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec,
    status: verdict === "allow" ? { allowed: true } : { allowed: false, reason: verdict.deny },
  });
}

export const reviewSelf = (caller: Caller): EncodedAnswer =>
  jsonAnswer(201, {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {},
    status: { userInfo: { username: caller.name, groups: caller.groups } },
  });

export interface RulesAsked {
  readonly body: unknown;
  readonly caller: Caller;
  readonly authorize: Authorize;
  readonly kinds: readonly Descriptor[];
}

/** What the caller may do, found by asking for each kind: names and paths that only some rules allow are not told. */
export function reviewRules({ body, caller, authorize, kinds }: RulesAsked): EncodedAnswer {
  const spec = fieldsOf(fieldsOf(body)?.["spec"]) ?? {};
  const namespace = textOf(spec["namespace"]);
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
  return jsonAnswer(201, {
    kind: "SelfSubjectRulesReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec,
    status: {
      resourceRules: mayAll ? [all] : found,
      nonResourceRules: mayAll ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [],
      incomplete: !mayAll,
    },
  });
}
