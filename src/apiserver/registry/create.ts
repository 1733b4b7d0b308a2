// Owns the creation of objects: names, metadata, defaults, admission, validation and the commit.
import { cloneJson } from "../../lib/json.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import { uuid, type Random } from "../../world/random.ts";
import { admitCreate } from "../admission/admit.ts";
import { admitNodeCreate } from "../admission/admit-node.ts";
import { admitPod, secondDefault } from "../admission/admit-pod.ts";
import { Held, heldOf } from "../cache/held.ts";
import type { Target } from "../pipeline-route.ts";
import { alreadyExists, badRequest, forbidden, invalid, noFreeName, Refusal } from "../status.ts";
import type { Answered, CreateOptions } from "./asked.ts";
import { metadataFaults } from "./check-metadata.ts";
import { decode } from "./decode.ts";
import { objectKey } from "./place.ts";
import { newMetadata } from "./plan-metadata.ts";
import { settle, type ObjectPlace } from "./read.ts";
import { ownedAtBirth } from "./ownership.ts";
import { isPods, type Registry } from "./registry.ts";
import { putObject } from "./write.ts";

// Upstream's: no vowels and nothing that looks like another, so that no name is a word.
const nameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const nameLengthMax = 63;
const suffixLength = 5;
const nameAttemptsMax = 8;

export function drawName(base: string, random: Random): string {
  let name = base.slice(0, nameLengthMax - suffixLength);
  for (let at = 0; at < suffixLength; at += 1) name += nameAlphabet.charAt(random.int(nameAlphabet.length));
  return name;
}

export async function createObject(
  registry: Registry,
  target: Target,
  body: unknown,
  options: CreateOptions,
): Promise<Answered | Refusal> {
  const decoded = decode(target.kind, body, options);
  if (decoded instanceof Refusal) return decoded;
  const { draft, warnings } = decoded;
  const namespace = namespaceOf(target, draft);
  if (namespace instanceof Refusal) return namespace;
  if ((draft.metadata.resourceVersion ?? "") !== "")
    return badRequest("resourceVersion should not be set on objects to be created");
  const given = draft.metadata.name ?? "";
  const base = given === "" ? (draft.metadata.generateName ?? "") : "";
  for (let attempt = 0; attempt < (base === "" ? 1 : nameAttemptsMax); attempt += 1) {
    const name = base === "" ? given : drawName(base, registry.random);
    const place = { kind: target.kind, namespace, name };
    // With one name there is one object, whose defaults may be filled in where it stands.
    const own = base === "" ? draft : cloneJson(draft);
    const held = await createNamed(registry, place, own, options);
    if (held !== "taken") return held instanceof Refusal ? held : { held, warnings };
  }
  return noFreeName(target.kind, base);
}

function namespaceOf({ kind, namespace }: Target, draft: Draft<KubeObject>): string | undefined | Refusal {
  if (!kind.namespaced) return undefined;
  const given = draft.metadata.namespace ?? "";
  if (given !== "" && given !== namespace)
    return badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  return namespace;
}

// A namespace that changes at every attempt is no ordinary one.
const admissionAttemptsMax = 10;

async function createNamed(
  registry: Registry,
  place: ObjectPlace,
  draft: Draft<KubeObject>,
  options: CreateOptions,
): Promise<Held | Refusal | "taken"> {
  const { dryRun } = options;
  const { kind, namespace, name } = place;
  const key = objectKey(kind, namespace, name);
  for (let attempt = 0; ; attempt += 1) {
    const stale = await settle(registry, { is: "newest" });
    if (stale !== undefined) return stale;
    const admitted = admitCreate(registry, kind, { namespace, name });
    if (admitted instanceof Refusal) return admitted;
    const object = newObject(registry, place, draft, options);
    if (object instanceof Refusal) return object;
    if (dryRun && registry.feed.cacheOf(kind).get(key) !== undefined) return alreadyExists(kind, name, false);
    const guards = [{ key, is: "absent" } as const, ...admitted.guards];
    const done = await putObject(registry, place, { object, guards, dryRun });
    if (done instanceof Held || done instanceof Refusal) return done;
    // The namespace changed between the look and the write: look again.
    if (done.key !== key && attempt < admissionAttemptsMax) continue;
    const isDrawn = (draft.metadata.name ?? "") === "";
    if (isDrawn) return "taken";
    const isGoing =
      done.actual !== "absent" && heldOf(done.actual).object.metadata.deletionTimestamp !== undefined;
    return alreadyExists(kind, name, isGoing);
  }
}

/** The object as it would be stored, or every fault in it. */
function newObject(
  registry: Registry,
  place: ObjectPlace,
  draft: Draft<KubeObject>,
  options: CreateOptions,
): KubeObject | Refusal {
  const { kind, namespace, name } = place;
  const metadata = newMetadata(draft.metadata, {
    uid: uuid(registry.random),
    name,
    namespace,
    hasGeneration: kind.hasGeneration,
    now: registry.clock.now(),
  });
  const object: KubeObject = { ...draft, metadata };
  const owned = ownedAtBirth(registry, kind, draft, options);
  kind.applyDefaults(object);
  kind.prepareCreate?.(object);
  // What the server adds from here on is not the client's.
  const managedFields = owned(object);
  if (options.caller !== undefined) kind.stampCaller?.(object, options.caller);
  const why =
    admitNodeCreate(options.caller, kind, object) ??
    (isPods(kind) ? admitPod(registry, object) : secondDefault(registry, kind, object));
  if (why !== undefined) return forbidden(kind, name, why);
  const faults = [...metadataFaults(kind, object.metadata), ...kind.validate(object)];
  if (faults.length > 0) return invalid(kind, name, faults);
  if (managedFields.length > 0) object.metadata.managedFields = managedFields;
  return object;
}
