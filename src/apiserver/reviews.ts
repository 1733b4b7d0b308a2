// Owns requests for kinds that are asked and never stored: whose token this is, who may do what, and who I am.
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { ApiRequest, Caller } from "../model/wire.ts";
import type { Authorize, EncodedAnswer, Pipeline } from "./answer.ts";
import type { VerifyToken } from "./authentication/service-account-token.ts";
import { reviewAccess, reviewOther, reviewRules, reviewSelf, reviewToken } from "./authorization/reviews.ts";
import { denied } from "./authorization/denied.ts";
import { refusalAnswer, valueAnswer } from "./http/send.ts";
import { readWriteOptions } from "./pipeline-options.ts";
import { decode, groupVersion, type Readable } from "./registry/decode.ts";
import { methodNotAllowed, Refusal } from "./status.ts";
import { readAccept, type Encoding } from "./tables/accept.ts";

export interface ReviewParts {
  readonly kinds: () => readonly Descriptor[];
  readonly authorize: Authorize;
  /** Without it no token is anybody's. */
  readonly verifyToken: VerifyToken | undefined;
}

interface Asked {
  readonly spec: unknown;
  readonly caller: Caller;
  readonly namespace?: string;
  readonly parts: ReviewParts;
}

interface Review extends Readable {
  readonly resource: string;
  readonly namespaced: boolean;
  readonly answer: (asked: Asked) => object | Refusal;
}

const review = (group: string, kind: string, answer: Review["answer"]): Review => ({
  group,
  version: "v1",
  kind,
  schema: kind,
  resource: `${kind.toLowerCase()}s`,
  namespaced: kind.startsWith("Local"),
  answer,
});

const [authentication, authorization] = ["authentication.k8s.io", "authorization.k8s.io"] as const;
const selfReview = review(authentication, "SelfSubjectReview", ({ caller }) => reviewSelf(caller));

/** What discovery tells of, too. */
export const reviews: readonly Review[] = [
  selfReview,
  // kubectl 1.27 knows no other.
  { ...selfReview, version: "v1beta1" },
  review(authentication, "TokenReview", ({ spec, parts }) => reviewToken(spec, parts.verifyToken)),
  review(authorization, "SelfSubjectAccessReview", ({ spec, caller, parts }) =>
    reviewAccess(caller, { spec, authorize: parts.authorize }),
  ),
  review(authorization, "SubjectAccessReview", ({ spec, parts }) =>
    reviewOther({ spec, authorize: parts.authorize }),
  ),
  review(authorization, "LocalSubjectAccessReview", ({ spec, namespace = "", parts }) =>
    reviewOther({ spec, authorize: parts.authorize, namespace }),
  ),
  review(authorization, "SelfSubjectRulesReview", ({ spec, caller, parts }) =>
    reviewRules({ spec, caller, authorize: parts.authorize, kinds: parts.kinds() }),
  ),
];

const byPlace = new Map(
  reviews.map((one) => [`${one.group}/${one.version}/${one.namespaced ? "*/" : ""}${one.resource}`, one]),
);
const reviewPath =
  /^\/apis\/(authenticat|authorizat)ion\.k8s\.io\/([^/]+)\/(?:namespaces\/([^/]+)\/)?([^/]+)$/;

function reviewAt(
  path: string,
): { readonly review: Review; readonly namespace: string | undefined } | undefined {
  const [, group = "", version = "", namespace, resource = ""] = reviewPath.exec(path) ?? [];
  const found = byPlace.get(
    `${group}ion.k8s.io/${version}/${namespace === undefined ? "" : "*/"}${resource}`,
  );
  return found === undefined ? undefined : { review: found, namespace };
}

/** The pipeline, answering such questions too. They are answered at once: nothing is read or written. */
export function serveReviews(parts: ReviewParts, pipeline: Pipeline): Pipeline {
  return {
    ...pipeline,
    answer(request, caller) {
      const at = reviewAt(request.path);
      if (at === undefined) return pipeline.answer(request, caller);
      const made = answerReview(parts, { ...at, request, caller });
      return Promise.resolve(
        made instanceof Refusal
          ? { status: made.code, body: made.status }
          : { status: 201, body: made.value, warnings: made.warnings },
      );
    },
    answerEncoded(request, caller): Promise<EncodedAnswer> {
      const at = reviewAt(request.path);
      if (at === undefined) return pipeline.answerEncoded(request, caller);
      const made = answerReview(parts, { ...at, request, caller });
      return Promise.resolve(
        made instanceof Refusal
          ? refusalAnswer(made, request.accept)
          : { ...valueAnswer(201, made.value, made.encoding), warnings: made.warnings },
      );
    },
  };
}

interface ReviewRequest {
  readonly review: Review;
  readonly namespace: string | undefined;
  readonly request: ApiRequest;
  readonly caller: Caller;
}

interface Answered {
  readonly value: object;
  readonly encoding: Encoding;
  readonly warnings: readonly string[];
}

function answerReview(
  parts: ReviewParts,
  { review: { answer, ...readable }, namespace, request, caller }: ReviewRequest,
): Answered | Refusal {
  if (request.method !== "POST") return methodNotAllowed();
  const { group, resource, kind } = readable;
  const place = { group, resource, ...(namespace === undefined ? {} : { namespace }) };
  const refused = denied(parts.authorize, caller, "POST", {
    verb: "create",
    path: request.path,
    resource: place,
  });
  if (refused !== undefined) return refused;
  const accepted = readAccept(request.accept, readable, false);
  if (accepted instanceof Refusal) return accepted;
  const options = readWriteOptions({
    query: request.query ?? {},
    agent: caller.agent,
    optionsKind: "CreateOptions",
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  const decoded = decode(readable, request.body ?? {}, options);
  if (decoded instanceof Refusal) return decoded;
  // A review's spec is read field by field by those who answer it.
  const { spec } = decoded.draft as { readonly spec?: unknown };
  const status = answer({ spec, caller, parts, ...(namespace === undefined ? {} : { namespace }) });
  if (status instanceof Refusal) return status;
  const value = {
    kind,
    apiVersion: groupVersion(readable),
    metadata: { ...decoded.draft.metadata, creationTimestamp: null },
    ...(spec === undefined ? {} : { spec }),
    status,
  };
  return { value, encoding: accepted.encoding, warnings: decoded.warnings };
}
