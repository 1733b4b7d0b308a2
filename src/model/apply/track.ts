// Owns how ownership moves: what an update takes over, and what an applied configuration takes over, refuses or lets go.
import { isJsonObject, type Json, type JsonObject } from "../patch/patched.ts";
import { compare, fieldsOf, type Comparison } from "./compare.ts";
import { pathText } from "./element.ts";
import {
  areDisjoint,
  covers,
  difference,
  emptySet,
  intersection,
  isEmptySet,
  pathsOf,
  union,
  type FieldSet,
} from "./field-set.ts";
import { isSameManager, type Managed, type Manager } from "./managers.ts";
import { itemFault, mergeConfig, prune } from "./merge.ts";
import type { Shape } from "./shape.ts";

/** Whether a top-level field is one that this writer may own: the status is another subresource's. */
export type Mine = (field: string) => boolean;

export interface Writer {
  readonly manager: Manager;
  readonly now: string;
  readonly mine: Mine;
}

export function trackUpdate(
  shape: Shape,
  { old, next, managed }: { old: Json; next: Json; managed: readonly Managed[] },
  writer: Writer,
): readonly Managed[] {
  const { changed, removed } = compare(shape, old, next);
  const taken = only(changed, writer.mine);
  if (isEmptySet(changed) && isEmptySet(removed)) return managed;
  const index = managed.findIndex((one) => isSameManager(one.manager, writer.manager));
  if (taken === changed && isEmptySet(removed) && ownsAlone(managed, index, changed))
    return retimed(managed, index, writer);
  const found = managed.map((one) => without(one, changed, removed));
  if (isEmptySet(taken)) return found.filter(isManaging);
  const before = managed[index]?.fields ?? emptySet;
  const kept = found[index]?.fields ?? emptySet;
  // The same tree where this manager owned all of it before: most updates are of that kind.
  const fields = sameOr(before, union(kept, taken));
  const mine: Managed = { manager: writer.manager, time: writer.now, fields };
  if (index < 0) found.push(mine);
  else found[index] = mine;
  return found.filter(isManaging);
}

/** Most updates are of this kind: a manager changes again what it alone changed before. */
const ownsAlone = (managed: readonly Managed[], index: number, changed: FieldSet): boolean =>
  managed.every(({ fields }, at) =>
    at === index ? covers(fields, changed) : areDisjoint(fields, changed) && !isEmptySet(fields),
  ) && index >= 0;

function retimed(managed: readonly Managed[], index: number, { manager, now }: Writer): readonly Managed[] {
  if (managed[index]?.time === now) return managed;
  return managed.map((one, at) => (at === index ? { manager, time: now, fields: one.fields } : one));
}

const isManaging = ({ fields }: Managed): boolean => !isEmptySet(fields);

const sameOr = (before: FieldSet, now: FieldSet): FieldSet =>
  isEmptySet(difference(now, before)) && isEmptySet(difference(before, now)) ? before : now;

function without(one: Managed, changed: FieldSet, removed: FieldSet): Managed {
  const fields = difference(difference(one.fields, changed), removed);
  return fields === one.fields ? one : { ...one, fields };
}

function only(set: FieldSet, mine: Mine): FieldSet {
  const elements = Object.keys(set);
  return elements.every((element) => mine(element.slice(2)))
    ? set
    : Object.fromEntries(Object.entries(set).filter(([element]) => mine(element.slice(2))));
}

export interface Conflict {
  readonly manager: Manager;
  readonly path: string;
}

export type Applied =
  | { readonly is: "applied"; readonly object: Json; readonly managed: readonly Managed[] }
  | { readonly is: "conflicts"; readonly conflicts: readonly Conflict[] }
  | { readonly is: "malformed"; readonly because: string };

export interface Configuration {
  readonly live: JsonObject;
  readonly config: JsonObject;
  readonly managed: readonly Managed[];
  readonly force: boolean;
}

export function applyConfig(shape: Shape, given: Configuration, writer: Writer): Applied {
  const { live, config, force } = given;
  const because = itemFault(shape, config);
  if (because !== undefined) return { is: "malformed", because };
  const managed = given.managed.length > 0 ? given.managed : beforeFirstApply(shape, live, writer);
  const index = managed.findIndex((one) => isSameManager(one.manager, writer.manager));
  const last = managed[index]?.fields ?? emptySet;
  const mine: Managed = {
    manager: writer.manager,
    time: writer.now,
    fields: only(fieldsOf(shape, config), writer.mine),
  };
  const others = managed.filter((_, at) => at !== index);
  const now = [mine, ...others].reduce((all, one) => union(all, one.fields), emptySet);
  // The object's names stay, whoever speaks of its metadata.
  const owned = { last, now: union({ "f:metadata": emptySet }, now) };
  const object = prune(shape, mergeConfig(shape, live, config), owned);
  const { changed, removed } = compare(shape, live, object);
  const conflicts = force ? [] : conflictsIn(others, changed);
  if (conflicts.length > 0) return refused(shape, given, writer, conflicts);
  const left = others.map((one) => without(one, changed, removed));
  const isSame = isEmptySet(changed) && isEmptySet(removed);
  const kept = managed[index];
  const result =
    isSame && kept !== undefined && sameOr(last, mine.fields) === last
      ? { ...kept, manager: writer.manager }
      : mine;
  return { is: "applied", object, managed: [result, ...left].filter(isManaging) };
}

/** Objects from before ownership was kept: what is there is someone's. */
function beforeFirstApply(shape: Shape, live: JsonObject, { manager, mine }: Writer): readonly Managed[] {
  const fields = only(fieldsOf(shape, live), mine);
  if (isEmptySet(fields)) return [];
  return [
    {
      manager: { ...manager, name: "before-first-apply", operation: "Update", subresource: undefined },
      time: undefined,
      fields,
    },
  ];
}

function conflictsIn(others: readonly Managed[], changed: Comparison["changed"]): Conflict[] {
  return others.flatMap(({ manager, fields }) =>
    pathsOf(intersection(fields, changed))
      .map((path) => ({ manager, path: pathText(path) }))
      .sort((left, right) => (left.path < right.path ? -1 : 1)),
  );
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl that goes over from client-side apply takes over what it applied last and nobody has changed since. */
function refused(
  shape: Shape,
  given: Configuration,
  writer: Writer,
  conflicts: readonly Conflict[],
): Applied {
  if (writer.manager.name !== "kubectl") return { is: "conflicts", conflicts };
  const allowed = new Set(pathsOf(unchangedSince(shape, given.live)).map(pathText));
  const left = conflicts.filter(({ path }) => !allowed.has(path));
  return left.length > 0
    ? { is: "conflicts", conflicts: left }
    : applyConfig(shape, { ...given, force: true }, writer);
}

function unchangedSince(shape: Shape, live: JsonObject): FieldSet {
  const metadata = live["metadata"];
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  const text = isJsonObject(annotations) ? annotations[lastApplied] : undefined;
  const config = typeof text === "string" ? parsed(text) : undefined;
  if (config === undefined) return emptySet;
  const { changed, removed } = compare(shape, config, live);
  return difference(difference(fieldsOf(shape, config), changed), removed);
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** kubectl keeps in an annotation what it applied last, for older versions of itself: the server carries it on. */
export function carryLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const { metadata } = object;
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  if (!isJsonObject(metadata) || !isJsonObject(annotations) || annotations[lastApplied] === undefined)
    return object;
  const text = `${JSON.stringify(config)}\n`;
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: text } } };
}

/** The words upstream has for it, which people and tools read. */
export function conflictText({ name, operation, apiVersion, subresource }: Manager): string {
  const who = `${JSON.stringify(name)}${subresource === undefined ? "" : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === "Update" ? `${who} using ${apiVersion}` : who;
}

export function conflictsText(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${conflictText(first.manager)}: ${first.path}`;
  const byManager = new Map<string, string[]>();
  for (const { manager, path } of conflicts) {
    const who = conflictText(manager);
    byManager.set(who, [...(byManager.get(who) ?? []), path]);
  }
  const lines = [...byManager]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([who, paths]) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}
