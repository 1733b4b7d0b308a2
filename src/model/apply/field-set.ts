// Owns sets of fields in the form of fieldsV1: a tree whose node belongs to the set where it is empty or has the key ".".
import { setKey } from "../../lib/json.ts";

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const emptySet: FieldSet = Object.freeze({});
/** The node of a field that is in the set, with nothing of it told apart. */
export const member: FieldSet = Object.freeze({});

const self = ".";

export const hasElement = (set: FieldSet | undefined, element: string): boolean =>
  set !== undefined && Object.hasOwn(set, element);

export const at = (set: FieldSet | undefined, element: string): FieldSet | undefined =>
  set !== undefined && Object.hasOwn(set, element) ? set[element] : undefined;

/** Of a node, not of a whole set: the root stands for the object and is never a member. */
export const isMember = (node: FieldSet): boolean => Object.hasOwn(node, self) || isEmptySet(node);

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Elements below, without the node itself. */
export const elementsOf = (set: FieldSet): string[] => Object.keys(set).filter((element) => element !== self);

/** The node with these parts; undefined where it holds nothing. */
export function nodeOf(isItself: boolean, parts: Readonly<Record<string, FieldSet>>): FieldSet | undefined {
  if (isEmptySet(parts)) return isItself ? member : undefined;
  return isItself ? { [self]: member, ...parts } : parts;
}

type Keep = (left: boolean, right: boolean) => boolean;
type Half = FieldSet | undefined;

const inEither: Keep = (left, right) => left || right;
const inBoth: Keep = (left, right) => left && right;
const onlyLeft: Keep = (left, right) => left && !right;

/** What is left where one side has nothing; undefined: walk on. */
function shortcut(left: Half, right: Half, keep: Keep): { readonly node: Half } | undefined {
  if (left === right) return { node: keep === onlyLeft ? undefined : left };
  if (right === undefined) return { node: keep === inBoth ? undefined : left };
  if (left === undefined) return { node: keep === inEither ? right : undefined };
  return undefined;
}

function combine(left: FieldSet, right: FieldSet, keep: Keep, isRoot: boolean): Half {
  const parts: Record<string, FieldSet> = {};
  let isLeft = true;
  const take = (element: string): void => {
    const mine = at(left, element);
    const theirs = at(right, element);
    const short = shortcut(mine, theirs, keep);
    const node =
      short !== undefined
        ? short.node
        : mine !== undefined && theirs !== undefined
          ? combine(mine, theirs, keep, false)
          : undefined;
    if (node !== mine) isLeft = false;
    if (node !== undefined) setKey(parts, element, node);
  };
  for (const element in left) if (element !== self) take(element);
  if (keep === inEither)
    for (const element in right) if (element !== self && !Object.hasOwn(left, element)) take(element);
  const isItself = !isRoot && keep(isMember(left), isMember(right));
  // The same tree is handed back where nothing changed: trees are kept in memory and shared.
  if (isLeft && (isRoot || isItself === isMember(left))) return left;
  return nodeOf(isItself, parts);
}

const whole = (left: FieldSet, right: FieldSet, keep: Keep): FieldSet =>
  left === right && keep !== onlyLeft ? left : (combine(left, right, keep, true) ?? emptySet);

export const union = (left: FieldSet, right: FieldSet): FieldSet =>
  isEmptySet(right) ? left : isEmptySet(left) ? right : whole(left, right, inEither);

export const intersection = (left: FieldSet, right: FieldSet): FieldSet => whole(left, right, inBoth);

/** Takes out what is in the other set, member by member: what lies below a member stays. */
export const difference = (left: FieldSet, right: FieldSet): FieldSet =>
  isEmptySet(right) ? left : whole(left, right, onlyLeft);

/** Whether every member of the other set is in this one. */
export function covers(set: FieldSet, other: FieldSet): boolean {
  for (const element in other) {
    if (element === self) continue;
    const theirs = other[element] ?? member;
    const mine = at(set, element);
    if (mine === undefined || (isMember(theirs) && !isMember(mine)) || !covers(mine, theirs)) return false;
  }
  return true;
}

/** Whether no member is in both sets. */
export function areDisjoint(left: FieldSet, right: FieldSet): boolean {
  for (const element in right) {
    const mine = element === self ? undefined : at(left, element);
    if (mine === undefined) continue;
    const theirs = right[element] ?? member;
    if ((isMember(mine) && isMember(theirs)) || !areDisjoint(mine, theirs)) return false;
  }
  return true;
}

/** The paths of all members, each a list of elements. */
export function pathsOf(set: FieldSet): string[][] {
  const found: string[][] = [];
  const walk = (node: FieldSet, path: string[]): void => {
    if (path.length > 0 && isMember(node)) found.push(path);
    for (const element of elementsOf(node)) walk(node[element] ?? member, [...path, element]);
  };
  walk(set, []);
  return found;
}

// Deeper than any kind's fields; what a client sends is walked by recursion.
const depthMax = 200;

/** Whether a JSON value from outside is such a tree. */
export function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > depthMax) return false;
  return Object.entries(value).every(
    ([element, node]) => (element === self || /^(?:f|k|v|i):/.test(element)) && isFieldSet(node, depth + 1),
  );
}
