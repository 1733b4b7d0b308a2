// Owns server-side apply: a configuration joined to the object as it is, or the object made from it.
import { cloneJson } from "../../lib/json.ts";
import type { Draft, KubeObject } from "../../model/meta.ts";
import {
  applyConfig,
  carryLastApplied,
  conflictsText,
  conflictText,
  type Conflict,
} from "../../model/apply/track.ts";
import { isJsonObject, type JsonObject } from "../../model/patch/patched.ts";
import type { Held } from "../cache/held.ts";
import { applyConflict, badRequest, Refusal } from "../status.ts";
import type { Answered, UpdateAsked } from "./asked.ts";
import { createObject } from "./create.ts";
import { decode } from "./decode.ts";
import { asJson, entriesOf, managersOf, shapeOf, writerOf } from "./ownership.ts";
import type { Registry } from "./registry.ts";
import { decideUpdate, placeFault } from "./update.ts";
import { changeObject, type Decision } from "./write.ts";

// Each round means that the object was made or removed in between.
const attemptsMax = 5;

export async function applyObject(
  registry: Registry,
  asked: UpdateAsked,
  body: unknown,
): Promise<Answered | Refusal> {
  const { place, part, options } = asked;
  const { fieldValidation, duplicates = [] } = options;
  const told = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
  if (fieldValidation === "Strict" && told.length > 0)
    return badRequest(`error strict decoding YAML: ${told.join(", ")}`);
  const warnings = fieldValidation === "Warn" ? told : [];
  const config = readConfig(asked, body);
  if (config instanceof Refusal) return config;
  for (let attempt = 0; ; attempt += 1) {
    const decide = (current: Held) => decideApply(registry, asked, config, current);
    const written = await changeObject(registry, place, decide, options.dryRun);
    if (!(written instanceof Refusal)) return { held: written.held, warnings };
    if (written.code !== 404 || part !== "object") return written;
    const target = { ...place, subresource: undefined };
    const born = {
      ...options,
      isApplied: true,
      ...(asked.caller === undefined ? {} : { caller: asked.caller }),
    };
    const made = await createObject(registry, target, config, born);
    if (!(made instanceof Refusal)) return { ...made, warnings, isNew: true };
    if (made.status.reason !== "AlreadyExists" || attempt >= attemptsMax) return made;
  }
}

/** The configuration as a draft of the kind; what the kind does not have cannot be applied. */
function readConfig({ place }: UpdateAsked, body: unknown): Draft<KubeObject> | Refusal {
  if (!isJsonObject(body)) return badRequest("error decoding YAML: the configuration is no object");
  for (const field of ["apiVersion", "kind"] as const)
    if (typeof body[field] !== "string" || body[field] === "")
      return badRequest(
        `error decoding YAML: Object '${field === "kind" ? "Kind" : field}' is missing in the configuration`,
      );
  const metadata = isJsonObject(body["metadata"]) ? body["metadata"] : {};
  const named = { ...body, metadata: { name: place.name, ...metadata } };
  const decoded = decode(place.kind, named, { fieldValidation: "Ignore" });
  if (decoded instanceof Refusal) return decoded;
  const { draft, unknown } = decoded;
  const misplaced = placeFault(place, draft);
  if (misplaced !== undefined) return misplaced;
  if (draft.metadata.managedFields !== undefined) return badRequest("metadata.managedFields must be nil");
  return unknown.length === 0
    ? draft
    : untyped(
        place,
        unknown.map((path) => `.${path}: field not declared in schema`),
      );
}

function untyped({ kind, namespace = "", name }: UpdateAsked["place"], faults: readonly string[]): Refusal {
  const listed = faults.length === 1 ? faults[0] : `errors:\n${faults.map((one) => `  ${one}`).join("\n")}`;
  const version = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  return badRequest(
    `failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${kind.kind}): ${listed ?? ""}`,
  );
}

function decideApply(
  registry: Registry,
  asked: UpdateAsked,
  config: Draft<KubeObject>,
  current: Held,
): Decision | Refusal {
  const writer = writerOf(registry, asked, "Apply");
  const live = asJson(current.object);
  const { managedFields } = current.object.metadata;
  const spoken = asJson(config);
  const mine = Object.fromEntries(Object.entries(spoken).filter(([field]) => writer.mine(field)));
  const applied = applyConfig(
    shapeOf(asked.place.kind),
    { live, config: mine, managed: managersOf(managedFields), force: asked.options.force },
    writer,
  );
  if (applied.is === "conflicts") return conflicting(applied.conflicts);
  if (applied.is === "malformed") return untyped(asked.place, [applied.because]);
  // A struct joined to a struct is one.
  const joined = applied.object as JsonObject;
  const object = writer.manager.name === "kubectl" ? carryLastApplied(joined, spoken) : joined;
  // It came from a draft and an object of the kind.
  const draft = cloneJson(object) as unknown as Draft<KubeObject>;
  const { uid, resourceVersion } = config.metadata;
  if (uid !== undefined) draft.metadata.uid = uid;
  if (resourceVersion !== undefined) draft.metadata.resourceVersion = resourceVersion;
  const owned = () => entriesOf(applied.managed, managedFields);
  return decideUpdate(asked, { registry, draft, owned }, current);
}

function conflicting(conflicts: readonly Conflict[]): Refusal {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${conflictText(manager)}`,
    field: path,
  }));
  return applyConflict(conflictsText(conflicts), causes);
}
