// Owns reading one object and lists of them: how old what is read may be, pages, and the snapshot a list goes on with.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Key, Revision } from "../../store/store.ts";
import { writeToken, type ContinueFrom } from "../cache/continue-token.ts";
import { heldOf, type Held } from "../cache/held.ts";
import type { Selection } from "../cache/selection.ts";
import type { At, ListOptions } from "../pipeline-options.ts";
import { expired, notFound, type Refusal, tooLargeVersion, unavailable } from "../status.ts";
import { heldAs } from "../custom/view.ts";
import { objectKey, prefixOf } from "./place.ts";
import type { Registry } from "./registry.ts";

export interface Listing {
  readonly items: readonly Held[];
  readonly revision: Revision;
  readonly continueWith: string | undefined;
  readonly remaining: number | undefined;
}

/** Waits until the caches hold everything that was acknowledged before, or what is asked for. */
export async function settle(registry: Registry, at: At): Promise<Refusal | undefined> {
  const { feed, store, limits } = registry;
  if (at.is === "any") return undefined;
  const latest = at.is === "newest" ? store.latest() : at.revision;
  // A store of this process alone knows at once, and then nothing is waited for.
  const revision = typeof latest === "number" ? latest : await latest;
  if (feed.revision >= revision || (await feed.reached(revision, limits.freshTimeout))) return undefined;
  return at.is === "newest"
    ? unavailable("cannot read: the server has not yet caught up with its store; try again")
    : tooLargeVersion(revision, feed.revision);
}

export interface ObjectPlace {
  readonly kind: Descriptor;
  readonly namespace: string | undefined;
  readonly name: string;
}

export async function readObject(registry: Registry, place: ObjectPlace, at: At): Promise<Held | Refusal> {
  const stale = await settle(registry, at);
  if (stale !== undefined) return stale;
  const { kind, namespace, name } = place;
  const held = registry.feed.cacheOf(kind).get(objectKey(kind, namespace, name));
  if (held === undefined) return notFound(kind, name);
  const refused = registry.conversions.prepare(kind, [held.object]);
  return (refused && (await refused)) ?? heldAs(kind, held);
}

const listTooOld = "The resourceVersion for the provided list is too old.";
const tokenTooOld =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

interface Listed {
  readonly kind: Descriptor;
  readonly selection: Selection;
  readonly limit: number | undefined;
  /** Key after which to begin, without the kind's prefix. */
  readonly after: string;
}

export async function listObjects(
  registry: Registry,
  kind: Descriptor,
  selection: Selection,
  options: ListOptions,
): Promise<Listing | Refusal> {
  const { from, limit } = options;
  const snapshot = snapshotOf(options);
  const stale = await settle(registry, snapshot ?? (from === undefined ? options.at : { is: "newest" }));
  if (stale !== undefined) return stale;
  const listed = { kind, selection, limit, after: from?.after ?? "" };
  const cache = registry.feed.cacheOf(kind);
  // Nothing of this kind changed since: the cache is the snapshot.
  if (snapshot === undefined || cache.lastChanged <= snapshot.revision)
    return listCached(registry, listed, snapshot?.revision ?? registry.feed.revision);
  const found = await listStored(registry, listed, snapshot.revision);
  if (found !== "compacted") return found;
  return from === undefined
    ? expired(listTooOld)
    : expired(tokenTooOld, writeToken({ revision: -1, after: from.after }));
}

function snapshotOf({ at, from }: ListOptions): { is: "exactly"; revision: Revision } | undefined {
  if (from !== undefined)
    return from.revision === -1 ? undefined : { is: "exactly", revision: from.revision };
  return at.is === "exactly" ? { is: "exactly", revision: at.revision } : undefined;
}

const withoutPrefix = (kind: Descriptor, key: Key): string => key.slice(prefixOf(kind, undefined).length);

const tokenAfter = (kind: Descriptor, held: Held | undefined, revision: Revision): string | undefined => {
  if (held === undefined) return undefined;
  const from: ContinueFrom = { revision, after: withoutPrefix(kind, held.key) };
  return writeToken(from);
};

function listCached(registry: Registry, listed: Listed, revision: Revision): Listing {
  const { kind, selection, limit = Infinity } = listed;
  const after = listed.after === "" ? "" : prefixOf(kind, undefined) + listed.after;
  const items: Held[] = [];
  let left = 0;
  for (const held of registry.feed.cacheOf(kind).select(selection, after)) {
    if (items.length < limit) items.push(held);
    else {
      left += 1;
      // How many of a selection remain is not said, so one is enough to know that there is more.
      if (!selection.isWhole) break;
    }
  }
  return {
    items,
    revision,
    continueWith: left === 0 ? undefined : tokenAfter(kind, items.at(-1), revision),
    remaining: left > 0 && selection.isWhole ? left : undefined,
  };
}

const storedPageMax = 500;

async function listStored(
  registry: Registry,
  { kind, selection, limit = Infinity, after }: Listed,
  revision: Revision,
): Promise<Listing | "compacted"> {
  const prefix = prefixOf(kind, selection.namespace);
  const items: Held[] = [];
  let last = after === "" ? undefined : prefixOf(kind, undefined) + after;
  for (;;) {
    const page = await registry.store.list(prefix, {
      limit: storedPageMax,
      at: revision,
      ...(last === undefined ? {} : { after: last }),
    });
    if (page.is === "compacted") return "compacted";
    for (const [place, entry] of page.entries.entries()) {
      const held = heldOf(entry);
      if (!selection.matches(held.object)) continue;
      if (items.length === limit) {
        const left = page.entries.length - place + (page.remaining ?? 0);
        const isCounted = selection.isWhole && (page.remaining !== undefined || !page.more);
        return {
          items,
          revision,
          continueWith: tokenAfter(kind, items.at(-1), revision),
          remaining: isCounted ? left : undefined,
        };
      }
      items.push(held);
    }
    last = page.entries.at(-1)?.key ?? last;
    if (!page.more) return { items, revision, continueWith: undefined, remaining: undefined };
  }
}
