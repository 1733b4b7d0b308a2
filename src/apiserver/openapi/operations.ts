// Owns the paths of OpenAPI documents. kubectl reads from them which parameters the server knows: dryRun, fieldValidation.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import { type GroupVersionKind, type ServedResource, type ServedVersion } from "../discovery/served.ts";
import { listSchemaOf, schemaOfKind, type DefinitionNames } from "./definition-names.ts";
import type { Dialect, JsonObject } from "./dialect.ts";

interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

const query = (name: string, type: Parameter["type"], description: string): Parameter => ({
  name,
  in: "query",
  type,
  description,
});

const dryRun = query(
  "dryRun",
  "string",
  "When present, indicates that modifications should not be persisted. Valid values are: All.",
);
const fieldManager = query(
  "fieldManager",
  "string",
  "The name associated with the actor or entity that is making these changes.",
);
const fieldValidation = query(
  "fieldValidation",
  "string",
  "How the server treats unknown and duplicate fields: Ignore, Warn or Strict.",
);
const force = query(
  "force",
  "boolean",
  "Takes fields from other managers on conflict. Only for apply patches.",
);
const writing = [dryRun, fieldManager, fieldValidation];
const listing = [
  query("allowWatchBookmarks", "boolean", "Asks for watch events of type BOOKMARK."),
  query("continue", "string", "The token of the last page, to get the next."),
  query("fieldSelector", "string", "Restricts the list of returned objects by their fields."),
  query("labelSelector", "string", "Restricts the list of returned objects by their labels."),
  query("limit", "integer", "The most objects a page may hold."),
  query("resourceVersion", "string", "Constrains which revisions a request may be served from."),
  query("resourceVersionMatch", "string", "How resourceVersion is applied to lists."),
  query("sendInitialEvents", "boolean", "Begins a watch with what is there."),
  query("timeoutSeconds", "integer", "Ends a list or watch after this time."),
  query("watch", "boolean", "Watches for changes, as a stream of events."),
];
const deleting = [
  dryRun,
  query("gracePeriodSeconds", "integer", "How long the object may take to end."),
  query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground."),
];
const logging = [
  query("container", "string", "The container whose log is asked for; the only one unless given."),
  query("follow", "boolean", "Goes on with the log as it grows."),
  query("limitBytes", "integer", "Ends after this many bytes."),
  query("previous", "boolean", "The log of the container's previous run."),
  query("sinceSeconds", "integer", "Only what is younger than this."),
  query("tailLines", "integer", "Only that many lines from the end."),
  query("timestamps", "boolean", "Begins each line with its time."),
];
const pretty = query("pretty", "string", "If 'true', then the output is pretty printed.");
const inPath = (name: string): Parameter => ({
  name,
  in: "path",
  type: "string",
  description: `${name} in the path`,
});

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** What its lists are merged by is known of built-in kinds alone; kubectl looks here which it may send. */
const patchTypesOfCustom = patchTypes.filter((type) => !type.includes("strategic"));

interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly action: string;
  readonly parameters: readonly Parameter[];
  readonly kind: GroupVersionKind;
  /** Definition of the body sent. */
  readonly body?: string;
  /** Types of the bodies taken, where not any. */
  readonly taken?: readonly string[];
  /** Definition of what is answered; text without. */
  readonly answer?: string;
  readonly id: string;
}

const parameterFor = (dialect: Dialect, { type, ...rest }: Parameter): JsonObject => ({
  ...rest,
  ...(rest.in === "path" ? { required: true } : {}),
  ...(dialect.version === 2 ? { type, uniqueItems: true } : { schema: { type, uniqueItems: true } }),
});

function response(dialect: Dialect, answer: string | undefined): JsonObject {
  const schema = answer === undefined ? { type: "string" } : { $ref: dialect.refs + answer };
  const type = answer === undefined ? "text/plain" : "application/json";
  return {
    description: "OK",
    ...(dialect.version === 2 ? { schema } : { content: { [type]: { schema } } }),
  };
}

function operationFor(dialect: Dialect, operation: Operation): JsonObject {
  const { method, body } = operation;
  const { taken = ["*/*"] } = operation;
  const parameters = operation.parameters.map((parameter) => parameterFor(dialect, parameter));
  const schema = method === "patch" ? { type: "object" } : { $ref: dialect.refs + String(body) };
  const sent =
    body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(taken.map((type) => [type, { schema }])),
          },
        };
  return {
    operationId: operation.id,
    ...(dialect.version === 3
      ? { parameters, ...sent }
      : {
          consumes: taken,
          produces: [operation.answer === undefined ? "text/plain" : "application/json"],
          schemes: ["https"],
          parameters:
            body === undefined
              ? parameters
              : [{ name: "body", in: "body", required: true, schema }, ...parameters],
        }),
    responses: { "200": response(dialect, operation.answer), "401": { description: "Unauthorized" } },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": operation.kind,
  };
}

const pathItem = (
  dialect: Dialect,
  operations: readonly Operation[],
  shared: readonly Parameter[],
): JsonObject => ({
  ...Object.fromEntries(operations.map((operation) => [operation.method, operationFor(dialect, operation)])),
  parameters: [...shared, pretty].map((parameter) => parameterFor(dialect, parameter)),
});

interface Context {
  readonly dialect: Dialect;
  readonly names: DefinitionNames;
  readonly kind: Descriptor;
  readonly resource: ServedResource;
}

function collection({ names, kind, resource }: Context): readonly Operation[] {
  const object = names.of(kind.schema);
  const own = { kind: resource.kind };
  return [
    {
      ...own,
      method: "get",
      action: "list",
      parameters: listing,
      answer: names.of(listSchemaOf(kind)),
      id: `list${kind.kind}`,
    },
    {
      ...own,
      method: "post",
      action: "post",
      parameters: writing,
      body: object,
      answer: object,
      id: `create${kind.kind}`,
    },
    ...(resource.verbs.includes("deletecollection")
      ? ([
          {
            ...own,
            method: "delete",
            action: "deletecollection",
            parameters: [...deleting, ...listing],
            answer: names.of("Status"),
            id: `deleteCollection${kind.kind}`,
          },
        ] as const)
      : []),
  ];
}

function named({ names, kind, resource }: Context, suffix = ""): readonly Operation[] {
  const isScale = suffix === "Scale";
  const object = names.of(isScale ? suffix : kind.schema);
  const own = {
    kind: isScale ? { group: "autoscaling", version: "v1", kind: "Scale" } : resource.kind,
    answer: object,
  };
  const id = `${kind.kind}${suffix}`;
  return [
    { ...own, method: "get", action: "get", parameters: [], id: `read${id}` },
    { ...own, method: "put", action: "put", parameters: writing, body: object, id: `replace${id}` },
    {
      ...own,
      method: "patch",
      action: "patch",
      parameters: [...writing, force],
      body: object,
      taken: kind.custom === undefined ? patchTypes : patchTypesOfCustom,
      id: `patch${id}`,
    },
    ...(suffix === ""
      ? ([
          {
            ...own,
            method: "delete",
            action: "delete",
            parameters: deleting,
            body: names.of("DeleteOptions"),
            answer: names.of("Status"),
            id: `delete${id}`,
          },
        ] as const)
      : []),
  ];
}

/** A subresource that is posted to, or read as text. */
function special({ names }: Context, sub: ServedResource["subresources"][number]): readonly Operation[] {
  if (sub.name === "log")
    return [{ method: "get", action: "connect", parameters: logging, kind: sub.kind, id: "readPodLog" }];
  const body = names.of(schemaOfKind(sub.kind.kind));
  return [
    {
      method: "post",
      action: "post",
      parameters: writing,
      kind: sub.kind,
      body,
      answer: body,
      id: `createPod${sub.kind.kind}`,
    },
  ];
}

function pathsOfKind(context: Context, root: string): [string, JsonObject][] {
  const { dialect, resource, kind } = context;
  const base = resource.namespaced
    ? `${root}/namespaces/{namespace}/${resource.resource}`
    : `${root}/${resource.resource}`;
  const shared = resource.namespaced ? [inPath("namespace")] : [];
  const one = [...shared, inPath("name")];
  const everywhere = collection(context)
    .slice(0, 1)
    .map((operation) => ({ ...operation, id: `list${kind.kind}ForAllNamespaces` }));
  return [
    [base, pathItem(dialect, collection(context), shared)],
    [`${base}/{name}`, pathItem(dialect, named(context), one)],
    ...resource.subresources.map((sub): [string, JsonObject] => [
      `${base}/{name}/${sub.name}`,
      pathItem(
        dialect,
        sub.name === "status"
          ? named(context, "Status")
          : sub.name === "approval"
            ? named(context, "Approval")
            : sub.name === "scale"
              ? named(context, "Scale")
              : special(context, sub),
        one,
      ),
    ]),
    ...(resource.namespaced
      ? [[`${root}/${resource.resource}`, pathItem(dialect, everywhere, [])] satisfies [string, JsonObject]]
      : []),
  ];
}

/** A kind that is asked and never stored. */
function pathOfReview(
  { dialect, names, resource }: Omit<Context, "kind">,
  root: string,
): [string, JsonObject] {
  const { kind, namespaced } = resource;
  const body = names.of(schemaOfKind(kind.kind));
  const create: Operation = {
    method: "post",
    action: "post",
    parameters: writing,
    kind,
    body,
    answer: body,
    id: `create${kind.kind}`,
  };
  const base = namespaced ? `${root}/namespaces/{namespace}` : root;
  return [
    `${base}/${resource.resource}`,
    pathItem(dialect, [create], namespaced ? [inPath("namespace")] : []),
  ];
}

export const rootOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;

/** The paths of one group's version. */
export function paths(
  at: ServedVersion,
  kinds: readonly Descriptor[],
  names: DefinitionNames,
  dialect: Dialect,
): JsonObject {
  const found = at.resources.flatMap((resource) => {
    const kind = kinds.find(
      (one) => one.group === at.group && one.version === at.version && one.resource === resource.resource,
    );
    return kind === undefined
      ? [pathOfReview({ dialect, names, resource }, rootOf(at))]
      : pathsOfKind({ dialect, names, kind, resource }, rootOf(at));
  });
  return Object.fromEntries(found.sort(([left], [right]) => (left < right ? -1 : 1)));
}
