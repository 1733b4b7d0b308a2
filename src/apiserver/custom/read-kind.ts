// Owns the reading of a kind's objects from the store, when its definition begins to be served.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Entry, Revision, Store } from "../../store/store.ts";
import { prefixOf } from "../registry/place.ts";

const pageSize = 1000;

/** All there was at the revision. @throws where that revision is no longer kept. */
export async function readKind(store: Store, kind: Descriptor, revision: Revision): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const after = entries.at(-1)?.key;
    const page = await store.list(prefixOf(kind, undefined), {
      limit: pageSize,
      at: revision,
      ...(after === undefined ? {} : { after }),
    });
    if (page.is === "compacted")
      throw new Error(`cannot read the ${kind.resource} of revision ${revision}: it is no longer kept`);
    entries.push(...page.entries);
    if (!page.more) return entries;
  }
}
