// Owns changing one stored object: decide on what stands there, commit on condition that it still does, else decide anew.
import { reshaped } from "../../lib/json.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { LeaseId, Revision } from "../../store/store.ts";
import { heldOf, Held, sealed } from "../cache/held.ts";
import { storedBytes, type StoredBytes } from "../cache/stored-bytes.ts";
import { conflict, notFound, objectModified, Refusal, tooLarge } from "../status.ts";
import { heldAs, storedAs } from "../custom/view.ts";
import { objectKey } from "./place.ts";
import { readObject, type ObjectPlace } from "./read.ts";
import { isKind, type Registry } from "./registry.ts";

export type Decision =
  | { readonly do: "put"; readonly object: KubeObject }
  /** `object` is what the client is answered. */
  | { readonly do: "remove"; readonly object?: KubeObject }
  | { readonly do: "leave" };

export interface Written {
  readonly was: "put" | "removed" | "left";
  readonly held: Held;
}

/** Decides on the object as it is; called again where it changed before the decision could be committed. */
export type Decide = (current: Held) => Decision | Refusal;

// Each failure means that someone else succeeded, so this bounds only a livelock of our own making.
const attemptsMax = 50;

export async function changeObject(
  registry: Registry,
  place: ObjectPlace,
  decide: Decide,
  dryRun: boolean,
): Promise<Written | Refusal> {
  let current = await readObject(registry, place, { is: "newest" });
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (current instanceof Refusal) return current;
    const decision = decide(current);
    if (decision instanceof Refusal) return decision;
    const done = await carryOut(registry, place, { current, decision }, dryRun);
    if (done.is === "done") return done.written;
    current =
      done.actual === undefined
        ? notFound(place.kind, place.name)
        : await preparedHeld(registry, place.kind, done.actual);
  }
  return conflict(place.kind, place.name, objectModified);
}

async function preparedHeld(
  { conversions }: Registry,
  kind: ObjectPlace["kind"],
  held: Held,
): Promise<Held | Refusal> {
  const refused = conversions.prepare(kind, [held.object]);
  return (refused && (await refused)) ?? heldAs(kind, held);
}

type Outcome =
  | { readonly is: "done"; readonly written: Written | Refusal }
  | { readonly is: "outrun"; readonly actual: Held | undefined };

async function carryOut(
  registry: Registry,
  place: ObjectPlace,
  { current, decision }: { current: Held; decision: Decision },
  dryRun: boolean,
): Promise<Outcome> {
  const guard = { key: current.key, is: "at", modified: current.revision } as const;
  if (decision.do === "leave") return { is: "done", written: { was: "left", held: current } };
  if (decision.do === "remove") {
    const result = dryRun
      ? undefined
      : await registry.store.commit([guard], [{ do: "delete", key: current.key }]);
    if (result?.is === "conflict") return outrun(result.actual);
    const revision = result?.revision ?? current.revision;
    const held =
      decision.object === undefined
        ? current
        : new Held(current.key, revision, sealed(decision.object, revision));
    return { is: "done", written: { was: "removed", held } };
  }
  const put = await putObject(registry, place, {
    object: decision.object,
    before: current,
    guards: [guard],
    dryRun,
  });
  if (put instanceof Held) return { is: "done", written: { was: "put", held: put } };
  return put instanceof Refusal ? { is: "done", written: put } : outrun(put.actual);
}

const outrun = (actual: Parameters<typeof heldOf>[0] | "absent"): Outcome => ({
  is: "outrun",
  actual: actual === "absent" ? undefined : heldOf(actual),
});

type Commit = Registry["store"]["commit"];
type Guards = Parameters<Commit>[0];
type CommitConflict = Extract<Awaited<ReturnType<Commit>>, { is: "conflict" }>;

interface Put {
  readonly object: KubeObject;
  /** What it is written in place of. */
  readonly before?: Held;
  readonly guards: Guards;
  readonly dryRun: boolean;
}

/** Writes the object and hands back what every reader will see. */
export async function putObject(
  registry: Registry,
  { kind, namespace, name }: ObjectPlace,
  { object: shown, before, guards, dryRun }: Put,
): Promise<Held | Refusal | CommitConflict> {
  const key = objectKey(kind, namespace, name);
  const made = kind.custom?.hook === undefined ? shown : await registry.conversions.toStored(kind, shown);
  if (made instanceof Refusal) return made;
  const object = inShape(storedAs(kind, made));
  const stored = storedBytes(object, before?.before);
  const { value, tails } = stored;
  if (value.length > registry.limits.objectBytesMax)
    return tooLarge(`limit is ${registry.limits.objectBytesMax}`);
  if (dryRun) return ready(registry, kind, new Held(key, 0, Object.freeze(object)));
  registry.feed.remember(value, { object, tails });
  const lease = await leaseFor(registry, kind);
  const write = { do: "put", key, value, ...(lease === undefined ? {} : { lease }) } as const;
  const result = await registry.store.commit(guards, [write]);
  if (result.is === "conflict") return result;
  return ready(
    registry,
    kind,
    sharedHeld(registry, kind, { key, revision: result.revision, object, stored }),
  );
}

/** What was written is answered in the version it came in. */
function ready(
  { conversions }: Registry,
  kind: ObjectPlace["kind"],
  held: Held,
): Held | Promise<Held | Refusal> {
  return conversions.prepare(kind, [held.object])?.then((refused) => refused ?? held) ?? held;
}

/** What is kept for long, and read by everyone. */
function inShape(object: KubeObject): KubeObject {
  const made = reshaped(object);
  made.metadata = reshaped(object.metadata);
  return made;
}

/** The one in the cache where it is there by now, so that its bytes are made once. */
function sharedHeld(
  { feed }: Registry,
  kind: ObjectPlace["kind"],
  made: { key: string; revision: Revision; object: KubeObject; stored: StoredBytes },
): Held {
  const cached = feed.cacheOf(kind).get(made.key);
  if (cached?.revision === made.revision) return cached;
  const { key, revision, stored } = made;
  // When it was created is of no consequence here: the cache tells of it by one of its own.
  const source = { ...stored, created: 0, modified: revision };
  return new Held(key, revision, sealed(made.object, revision), source);
}

async function leaseFor(registry: Registry, kind: ObjectPlace["kind"]): Promise<LeaseId | undefined> {
  return isKind(kind, "", "events") ? registry.eventLeases.lease() : undefined;
}
