// Owns reading a request's target: path, query, and which resource the path names.

export interface ResourcePath {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

export interface Target {
  /** Decoded, with no slash at its end. */
  readonly path: string;
  /** The first value of each parameter; of several `dryRun`s the one that counts. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The query as sent, for parameters that may be given several times. */
  readonly search: string;
  /** Absent for paths that are no resource. */
  readonly resource?: ResourcePath;
}

/** Undefined where the target is no path a server could have: bad escapes, dot segments, escaped slashes, controls. */
export function readTarget(target: string): Target | undefined {
  const mark = target.indexOf("?");
  const asked = readPath(mark < 0 ? target : target.slice(0, mark));
  if (asked === undefined) return undefined;
  const query: Record<string, string> = Object.create(null);
  const search = mark < 0 ? "" : target.slice(mark + 1);
  if (search !== "")
    for (const [key, value] of new URLSearchParams(search))
      if (!(key in query) || (key === "dryRun" && outweighs(value, query[key]))) query[key] = value;
  const path = withoutWatch(asked, query);
  const resource = resourceOf(path);
  // Of one object there is its state; its changes are asked for by a selector.
  if (resource?.name !== undefined && asked === path) delete query["watch"];
  return resource === undefined ? { path, query, search } : { path, query, search, resource };
}

/** Of several dry runs asked for none is passed over: what is none is refused, and what is one changes nothing. */
const outweighs = (dryRun: string, before: string | undefined): boolean =>
  dryRun !== "" && (before === "" || dryRun !== "All");

const watchPath =
  /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/watch(\/namespaces\/[^/]+(?=\/))?(\/[^/]+)(?:\/([^/]+))?$/;

/** Watches once had paths of their own, which older clients use still: made what they are today, in path and query. */
function withoutWatch(path: string, query: Record<string, string>): string {
  if (!path.includes("/watch/")) return path;
  const [, root, namespace = "", resource, name] = watchPath.exec(path) ?? [];
  if (root === undefined || resource === undefined) return path;
  query["watch"] = "true";
  if (name !== undefined) {
    const selector = `metadata.name=${name}`;
    const given = query["fieldSelector"] ?? "";
    query["fieldSelector"] = given === "" ? selector : `${given},${selector}`;
  }
  return root + namespace + resource;
}

// eslint-disable-next-line no-control-regex -- controls are what it looks for
const controls = /[\u0000-\u001f\u007f]/;

function readPath(raw: string): string | undefined {
  if (!raw.startsWith("/")) return undefined;
  const trimmed = raw.length > 1 && raw.endsWith("/") ? raw.slice(0, -1) : raw;
  if (/\/\.{1,2}(?:\/|$)/.test(trimmed) || trimmed.includes("//")) return undefined;
  if (!trimmed.includes("%")) return controls.test(trimmed) ? undefined : trimmed;
  try {
    const segments = trimmed.split("/").map(decodeURIComponent);
    const unsafe = segments.some(
      (part) => part.includes("/") || part === "." || part === ".." || controls.test(part),
    );
    return unsafe ? undefined : segments.join("/");
  } catch {
    return undefined;
  }
}

// Under a namespace these name a subresource of the namespace itself and not a collection in it.
const namespaceSubresources = new Set(["status", "finalize"]);

function resourceOf(path: string): ResourcePath | undefined {
  const parts = path.split("/");
  const [, root, first, second] = parts;
  if (root === "api" && first === "v1") return placed({ group: "", version: first }, parts, 3);
  if (root === "apis" && first !== undefined && second !== undefined)
    return placed({ group: first, version: second }, parts, 4);
  return undefined;
}

/** `parts` from `from` on: what comes after the version. */
function placed(
  { group, version }: { group: string; version: string },
  parts: readonly string[],
  from: number,
): ResourcePath | undefined {
  const resource = parts[from];
  if (resource === undefined || resource === "") return undefined;
  const namespace = parts[from + 1];
  const inner = parts[from + 2];
  const isInside =
    resource === "namespaces" &&
    namespace !== undefined &&
    inner !== undefined &&
    !namespaceSubresources.has(inner);
  const first = isInside ? from + 2 : from;
  if (parts.length > first + 3) return undefined;
  const found: Writable<ResourcePath> = { group, version, resource: isInside ? inner : resource };
  if (isInside) found.namespace = namespace;
  const name = parts[first + 1];
  if (name !== undefined) found.name = name;
  const subresource = parts[first + 2];
  if (subresource !== undefined) found.subresource = subresource;
  return found;
}

// Every request comes by here: growing an object field by field costs less than spreading it together.
type Writable<T> = { -readonly [Field in keyof T]: T[Field] };
