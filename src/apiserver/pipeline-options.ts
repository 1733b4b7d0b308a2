// Owns the reading of a request's query: what a list, a watch or a write asks for, or the fault in it.
import { seconds, type Millis } from "../lib/units.ts";
import {
  forbidden as forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../model/field-error.ts";
import type { Revision } from "../store/store.ts";
import { readToken, type ContinueFrom } from "./cache/continue-token.ts";
import { badRequest, invalidOptions, Refusal } from "./status.ts";

export type Query = Readonly<Record<string, string | undefined>>;

/** How old what is read may be. */
export type At =
  | { readonly is: "newest" }
  | { readonly is: "any" }
  | { readonly is: "at-least"; readonly revision: Revision }
  | { readonly is: "exactly"; readonly revision: Revision };

export interface Selectors {
  readonly labelSelector: string;
  readonly fieldSelector: string;
}
export interface ListOptions extends Selectors {
  readonly at: At;
  readonly limit: number | undefined;
  readonly from: ContinueFrom | undefined;
}
export interface WatchOptions extends Selectors {
  /** Where the watch begins; `after` a revision the client knows, else with what is there. */
  readonly begin: At | { readonly is: "after"; readonly revision: Revision };
  readonly initial: "tell" | "tell-and-mark" | "skip";
  readonly bookmarks: boolean;
  readonly timeout: Millis | undefined;
}
/** What is made of fields that are no field, or stood twice. */
export interface Strictness {
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  /** Their paths. */
  readonly duplicates?: readonly string[];
}

export interface WriteOptions extends Strictness {
  readonly dryRun: boolean;
  /** Who owns the fields this write sets. */
  readonly manager: string;
  /** Fields of other owners are taken over; only for applied configurations. */
  readonly force: boolean;
}

/** As upstream reads booleans in queries: `watch`, `watch=1` and `watch=true` are true. */
export const isTrue = (text: string | undefined): boolean =>
  text !== undefined && text !== "0" && text.toLowerCase() !== "false";

const wholeNumber = /^\d{1,15}$/;

function readRevision(text: string): Revision | Refusal {
  if (wholeNumber.test(text)) return Number(text);
  const shown = JSON.stringify(text);
  return badRequest(`Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`);
}

function readCount(query: Query, name: string): number | undefined | Refusal {
  const text = query[name];
  if (text === undefined || text === "") return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const selectorsOf = (query: Query): Selectors => ({
  labelSelector: query["labelSelector"] ?? "",
  fieldSelector: query["fieldSelector"] ?? "",
});

const matches = ["Exact", "NotOlderThan"];

function matchFaults(query: Query, isWatch: boolean): FieldError[] {
  const match = query["resourceVersionMatch"] ?? "";
  const version = query["resourceVersion"] ?? "";
  const initial = query["sendInitialEvents"];
  const field = "resourceVersionMatch";
  if (!isWatch && initial !== undefined)
    return [forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list")];
  if (initial !== undefined && match !== "NotOlderThan")
    return [forbiddenField(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")];
  if (match === "") return [];
  if (isWatch)
    return initial === undefined
      ? [
          forbiddenField(
            field,
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
          ),
        ]
      : [];
  if ((query["continue"] ?? "") !== "")
    return [forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided")];
  if (version === "")
    return [forbiddenField(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")];
  if (!matches.includes(match)) return [notSupported(field, match, matches)];
  if (match === "Exact" && version === "0")
    return [forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')];
  return [];
}

/** For get: the version asked for is the least that will do. */
export function readGetOptions(query: Query): At | Refusal {
  const text = query["resourceVersion"] ?? "";
  if (text === "") return { is: "newest" };
  const revision = readRevision(text);
  if (revision instanceof Refusal) return revision;
  return revision === 0 ? { is: "any" } : { is: "at-least", revision };
}

export function readListOptions(query: Query): ListOptions | Refusal {
  const faults = matchFaults(query, false);
  if (faults.length > 0) return invalidOptions("ListOptions", faults);
  const limit = readCount(query, "limit");
  if (limit instanceof Refusal) return limit;
  const token = query["continue"] ?? "";
  const version = query["resourceVersion"] ?? "";
  const at = readGetOptions(query);
  if (at instanceof Refusal) return at;
  if (token !== "" && version !== "" && version !== "0")
    return badRequest("specifying resource version is not allowed when using continue");
  const from = token === "" ? undefined : readToken(token);
  if (from === "bad") return badRequest("continue key is not valid: it was not made by this server");
  const match = query["resourceVersionMatch"] ?? "";
  const isPaged = limit !== undefined && limit > 0;
  // Without a match, a page of a certain version is that very version; this is how the first clients that paged asked.
  const isExact = at.is === "at-least" && (match === "Exact" || (match === "" && isPaged));
  return {
    ...selectorsOf(query),
    at: isExact ? { is: "exactly", revision: at.revision } : at,
    limit: isPaged ? limit : undefined,
    from,
  };
}

export function readWatchOptions(query: Query): WatchOptions | Refusal {
  const faults = matchFaults(query, true);
  if (faults.length > 0) return invalidOptions("ListOptions", faults);
  const timeout = readCount(query, "timeoutSeconds");
  if (timeout instanceof Refusal) return timeout;
  const at = readGetOptions(query);
  if (at instanceof Refusal) return at;
  const asked = query["sendInitialEvents"];
  const marks = asked !== undefined && isTrue(asked);
  const initial = marks ? "tell-and-mark" : asked === undefined && at.is !== "at-least" ? "tell" : "skip";
  return {
    ...selectorsOf(query),
    begin: at.is === "at-least" && !marks ? { is: "after", revision: at.revision } : at,
    initial,
    bookmarks: isTrue(query["allowWatchBookmarks"]),
    timeout: timeout === undefined || timeout <= 0 ? undefined : seconds(timeout),
  };
}

const validations = ["Ignore", "Strict", "Warn"] as const;

const managerMax = 128;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

function managerFaults(manager: string): FieldError[] {
  const faults: FieldError[] = [];
  if (Buffer.byteLength(manager) > managerMax)
    faults.push(invalid("fieldManager", manager, `may not be more than ${managerMax} bytes`));
  if (!printable.test(manager))
    faults.push(invalid("fieldManager", manager, "should only contain printable characters"));
  return faults;
}

function applyFaults(query: Query, isApply: boolean): FieldError[] {
  if (!isApply)
    return query["force"] === undefined
      ? []
      : [forbiddenField("force", "may not be specified for non-apply patch")];
  return (query["fieldManager"] ?? "") === ""
    ? [required("fieldManager", "is required for apply patch")]
    : [];
}

/** What a client calls itself before the first slash; nameless ones share a name. */
const managerOf = (query: Query, agent: string | undefined): string => {
  const given = query["fieldManager"] ?? "";
  if (given !== "") return given;
  const name = (agent ?? "").split("/", 1)[0] ?? "";
  return name === "" ? "unknown" : name.slice(0, managerMax);
};

export interface WriteAsked {
  readonly query: Query;
  /** What the client calls itself. */
  readonly agent: string | undefined;
  readonly optionsKind: "CreateOptions" | "UpdateOptions" | "PatchOptions";
  readonly isApply?: boolean;
  readonly duplicates?: readonly string[] | undefined;
}

export function readWriteOptions(asked: WriteAsked): WriteOptions | Refusal {
  const { query, agent, optionsKind, isApply = false, duplicates = [] } = asked;
  const dryRun = query["dryRun"] ?? "";
  const validation = query["fieldValidation"] ?? "";
  const fieldValidation = validation === "" ? "Warn" : validations.find((one) => one === validation);
  const faults: FieldError[] = [];
  if (dryRun !== "" && dryRun !== "All") faults.push(notSupported("dryRun", [dryRun], ["All"]));
  if (fieldValidation === undefined)
    faults.push(notSupported("fieldValidation", validation, ["", ...validations]));
  faults.push(...managerFaults(query["fieldManager"] ?? ""));
  if (optionsKind === "PatchOptions") faults.push(...applyFaults(query, isApply));
  if (faults.length > 0 || fieldValidation === undefined) return invalidOptions(optionsKind, faults);
  return {
    dryRun: dryRun === "All",
    fieldValidation,
    duplicates,
    manager: managerOf(query, agent),
    force: isApply && isTrue(query["force"]),
  };
}
