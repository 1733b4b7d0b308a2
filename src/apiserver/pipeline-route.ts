// Owns which resource a path names, and which verb a method is on it.
import type { Descriptor } from "../model/kinds/descriptor.ts";
import { parseFieldSelector } from "../model/selector.ts";
import type { Method } from "../model/wire.ts";
import type { Attributes } from "./answer.ts";

export interface Target {
  readonly kind: Descriptor;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

export type Verb = Exclude<Attributes["verb"], "other">;
export type Router = (path: string) => Target | "none";

/** Subresources of a namespace; any other third part of such a path is a resource inside it. */
const namespaceSubresources: ReadonlySet<string> = new Set(["status", "finalize"]);

export function createRouter(kinds: readonly Descriptor[]): Router {
  const byResource = new Map(
    kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.resource}`, kind] as const),
  );
  const pods = byResource.get("/v1/pods");
  return (path) => {
    const split = splitPath(path);
    if (split === "none") return "none";
    const { group, version, namespace, parts } = split;
    const [resource = "", name, subresource, ...rest] = parts;
    if (rest.length > 0) return "none";
    // The legacy collection of bindings, in which the body names the pod.
    if (`${group}/${version}/${resource}` === "/v1/bindings" && namespace !== undefined && pods !== undefined)
      return name === undefined ? { kind: pods, namespace, name: undefined, subresource: "binding" } : "none";
    const kind = byResource.get(`${group}/${version}/${resource}`);
    if (kind === undefined || (namespace !== undefined && !kind.namespaced)) return "none";
    if (kind.namespaced && namespace === undefined && name !== undefined) return "none";
    return { kind, namespace, name, subresource };
  };
}

interface Split {
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  /** resource, name, subresource */
  readonly parts: readonly string[];
}

function splitPath(path: string): Split | "none" {
  const all = decoded(path);
  if (all === "none") return "none";
  const [root, ...below] = all;
  const [group = "", version = "", ...parts] = root === "api" ? ["", ...below] : root === "apis" ? below : [];
  if (version === "" || parts.length === 0) return "none";
  const [first, namespace, third] = parts;
  const isInside =
    first === "namespaces" &&
    third !== undefined &&
    !(parts.length === 3 && namespaceSubresources.has(third));
  return isInside
    ? { group, version, namespace, parts: parts.slice(2) }
    : { group, version, namespace: undefined, parts };
}

/** A part that is empty or hides a slash is no name; keys in the store could not be told apart. */
function decoded(path: string): string[] | "none" {
  const raw = path.slice(path.startsWith("/") ? 1 : 0, path.endsWith("/") ? -1 : undefined).split("/");
  if (raw.includes("")) return "none";
  if (!path.includes("%")) return raw;
  try {
    const parts = raw.map((part) => decodeURIComponent(part));
    return parts.some((part) => part.includes("/")) ? "none" : parts;
  } catch {
    return "none";
  }
}

const namedVerbs: Readonly<Partial<Record<Method, Verb>>> = {
  GET: "get",
  // To a subresource; one that takes no POST says so itself.
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const collectionVerbs: Readonly<Partial<Record<Method, Verb>>> = {
  GET: "list",
  POST: "create",
  DELETE: "deletecollection",
};

export function verbOf(method: Method, target: Target, isWatch: boolean): Verb | "none" {
  const isNamed = target.name !== undefined;
  if (method === "GET" && isWatch && target.subresource === undefined) return "watch";
  if (method === "POST" && target.subresource === "binding") return "create";
  return (isNamed ? namedVerbs : collectionVerbs)[method] ?? "none";
}

// Asked with every request: growing an object field by field costs less than spreading it together.
type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** Who lists or watches one object by its name asks for that object. */
function selectedName(fieldSelector: string): string | undefined {
  if (fieldSelector === "") return undefined;
  const parsed = parseFieldSelector(fieldSelector);
  if (parsed.is === "bad" || parsed.terms.length !== 1) return undefined;
  const [term] = parsed.terms;
  return term?.field === "metadata.name" && term.op === "=" && term.value !== "" ? term.value : undefined;
}

/** What authorization is asked. A namespace is also the place of the request that names it, as upstream has it. */
export function attributesOf(path: string, verb: Verb, target: Target, fieldSelector = ""): Attributes {
  const { kind, subresource } = target;
  const name = target.name ?? selectedName(fieldSelector);
  const isNamespace = kind.group === "" && kind.resource === "namespaces";
  const namespace = isNamespace ? name : target.namespace;
  const resource: Writable<NonNullable<Attributes["resource"]>> = {
    group: kind.group,
    resource: kind.resource,
  };
  if (subresource !== undefined) resource.subresource = subresource;
  if (namespace !== undefined) resource.namespace = namespace;
  if (name !== undefined) resource.name = name;
  return { verb, path, resource };
}
