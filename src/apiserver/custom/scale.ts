// Owns `/scale` of custom objects: read as a Scale, written through to the object.
import { cloneJson } from "../../lib/json.ts";
import type { Scale } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import { scaleOf, setReplicas, type ScalePaths } from "../../model/custom/scale.ts";
import { invalid as invalidField } from "../../model/field-error.ts";
import { applyJsonPatch } from "../../model/patch/json-patch.ts";
import { applyMergePatch } from "../../model/patch/merge-patch.ts";
import type { Json } from "../../model/patch/patched.ts";
import type { Held } from "../cache/held.ts";
import type { WriteOptions } from "../pipeline-options.ts";
import { decode, type Readable } from "../registry/decode.ts";
import { ownedAfterUpdate } from "../registry/ownership.ts";
import { readObject, type ObjectPlace } from "../registry/read.ts";
import type { Registry } from "../registry/registry.ts";
import { decideUpdate } from "../registry/update.ts";
import { changeObject } from "../registry/write.ts";
import {
  badRequest,
  conflict,
  internalError,
  invalid,
  objectModified,
  Refusal,
  unsupportedMediaType,
} from "../status.ts";
import { heldAs } from "./view.ts";

const scaleKind: Readable = { group: "autoscaling", version: "v1", kind: "Scale", schema: "Scale" };

export const scalesOf = ({ custom }: Descriptor): ScalePaths | undefined => custom?.scale;

function shown({ kind }: ObjectPlace, paths: ScalePaths, object: KubeObject): Scale | Refusal {
  return (
    scaleOf(object, paths) ??
    internalError(
      `the spec replicas field ".${paths.replicas.join(".")}" of ${kind.resource}.${kind.group} does not exist`,
    )
  );
}

export async function readScale(
  registry: Registry,
  place: ObjectPlace,
  paths: ScalePaths,
): Promise<Scale | Refusal> {
  const held = await readObject(registry, place, { is: "newest" });
  return held instanceof Refusal ? held : shown(place, paths, held.object);
}

export interface ScaleAsked {
  readonly place: ObjectPlace;
  readonly paths: ScalePaths;
  readonly options: WriteOptions;
  /** A patch's type; absent for a whole Scale. */
  readonly patchType?: string;
}

export async function writeScale(
  registry: Registry,
  asked: ScaleAsked,
  body: unknown,
): Promise<Scale | Refusal> {
  const { place, paths, options } = asked;
  const decide = (current: Held) => {
    const draft = scaledDraft(asked, body, current.object);
    if (draft instanceof Refusal) return draft;
    const update = { place, part: "scale", options } as const;
    return decideUpdate(
      update,
      { registry, draft, owned: ownedAfterUpdate(registry, update, draft) },
      current,
    );
  };
  const written = await changeObject(registry, place, decide, options.dryRun);
  return written instanceof Refusal ? written : shown(place, paths, heldAs(place.kind, written.held).object);
}

/** The object with as many asked for as the Scale says. */
function scaledDraft(asked: ScaleAsked, body: unknown, object: KubeObject): Draft<KubeObject> | Refusal {
  const { place, paths, options } = asked;
  const whole = asked.patchType === undefined ? body : patchedScale(asked, body, object);
  if (whole instanceof Refusal) return whole;
  const decoded = decode(scaleKind, whole, options);
  if (decoded instanceof Refusal) return decoded;
  // It was decoded as one.
  const scale = decoded.draft as Draft<Scale>;
  const { name = "", resourceVersion = "" } = scale.metadata;
  if (name !== "" && name !== place.name)
    return badRequest(`the name of the object (${name}) does not match the name on the URL (${place.name})`);
  if (resourceVersion !== "" && resourceVersion !== object.metadata.resourceVersion)
    return conflict(place.kind, place.name, objectModified);
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0)
    return invalid(scaleKind, place.name, [
      invalidField("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  const draft = cloneJson(object);
  setReplicas(draft, paths, replicas);
  return draft;
}

function patchedScale({ place, paths, patchType }: ScaleAsked, patch: unknown, object: KubeObject): unknown {
  const scale = shown(place, paths, object);
  if (scale instanceof Refusal) return scale;
  // Both are JSON: one was made from the store's, the other from the request's.
  const target: unknown = cloneJson(scale);
  const [from, given] = [target as Json, patch as Json];
  const patched =
    patchType === "application/json-patch+json"
      ? applyJsonPatch(from, given)
      : patchType === "application/merge-patch+json"
        ? applyMergePatch(from, given)
        : undefined;
  if (patched === undefined)
    return unsupportedMediaType(["application/json-patch+json", "application/merge-patch+json"]);
  return patched.is === "bad" ? badRequest(patched.message) : patched.value;
}
