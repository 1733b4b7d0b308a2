// Owns patches: the kinds of patch, applied to the object as it is, then decided on as an update.
import { applyJsonPatch } from "../../model/patch/json-patch.ts";
import { applyMergePatch } from "../../model/patch/merge-patch.ts";
import type { Json, Patched } from "../../model/patch/patched.ts";
import { applyStrategicMergePatch } from "../../model/patch/strategic-merge-patch.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Held } from "../cache/held.ts";
import { badRequest, Refusal, tooLarge, unprocessable, unsupportedMediaType } from "../status.ts";
import type { Answered, UpdateAsked } from "./asked.ts";
import { decode } from "./decode.ts";
import { ownedAfterUpdate } from "./ownership.ts";
import type { Registry } from "./registry.ts";
import { decideUpdate, knownTo, placeFault } from "./update.ts";
import { changeObject } from "./write.ts";

type Applier = (target: Json, patch: Json, kind: Descriptor) => Patched;

const jsonPatchType = "application/json-patch+json";
const strategicPatchType = "application/strategic-merge-patch+json";
const appliers: ReadonlyMap<string, Applier> = new Map<string, Applier>([
  [jsonPatchType, (target, patch) => applyJsonPatch(target, patch)],
  ["application/merge-patch+json", (target, patch) => applyMergePatch(target, patch)],
  [strategicPatchType, (target, patch, kind) => applyStrategicMergePatch(target, patch, kind.schema)],
]);

export const applyPatchType = "application/apply-patch+yaml";
/** Types of patches in the `content-type` of a PATCH request. */
export const patchTypes: readonly string[] = [...appliers.keys(), applyPatchType];

export const patchTypeOf = (contentType: string | undefined): string =>
  (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export interface PatchAsked extends UpdateAsked {
  readonly patchType: string;
  readonly patch: unknown;
}

export async function patchObject(registry: Registry, asked: PatchAsked): Promise<Answered | Refusal> {
  const { place, options } = asked;
  const { patchType } = asked;
  const apply = appliers.get(patchType);
  if (apply === undefined) return unsupportedMediaType(patchTypes);
  // What its lists are merged by is known of built-in kinds alone.
  if (place.kind.custom !== undefined && patchType === strategicPatchType)
    return unsupportedMediaType(patchTypes.filter((type) => type !== strategicPatchType));
  const unreadable = unreadableAs(patchType, asked.patch);
  if (unreadable !== undefined) return unreadable;
  let warnings: readonly string[] = [];
  const decide = (current: Held) => {
    // Both came from JSON: the object from the store, the patch from the request.
    const patched = apply(current.object as unknown as Json, asked.patch as Json, place.kind);
    if (patched.is === "bad")
      return patchType === jsonPatchType ? unprocessable(patched.message) : badRequest(patched.message);
    const source = { patch: () => JSON.stringify(asked.patch), known: knownTo(asked, current.object) };
    const decoded = decode(place.kind, patched.value, options, source);
    if (decoded instanceof Refusal) return decoded;
    warnings = decoded.warnings;
    const { draft } = decoded;
    const misplaced = placeFault(place, draft);
    if (misplaced !== undefined) return misplaced;
    return decideUpdate(asked, { registry, draft, owned: ownedAfterUpdate(registry, asked, draft) }, current);
  };
  const written = await changeObject(registry, place, decide, options.dryRun);
  return written instanceof Refusal ? written : { held: written.held, warnings };
}

// As upstream's.
const operationsMax = 10_000;

/** A JSON patch that is no list of operations, or too long a one, is refused before it is tried. */
function unreadableAs(patchType: string, patch: unknown): Refusal | undefined {
  if (patchType !== jsonPatchType) return undefined;
  if (!Array.isArray(patch)) return badRequest("cannot read the JSON patch: it is no list of operations");
  return patch.length > operationsMax
    ? tooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`)
    : undefined;
}
