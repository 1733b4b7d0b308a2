// Owns updates of a whole object, of its status, and of a namespace's finalizers: what a client may change by each.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Draft, KubeObject, Meta } from "../../model/meta.ts";
import { deepEqual } from "../../lib/json.ts";
import { asNamespace, isKeptByContent } from "../admission/admit.ts";
import { secondDefault } from "../admission/admit-pod.ts";
import { admitNodeChange, admitNodeWrite } from "../admission/admit-node.ts";
import { isJsonObject } from "../../model/patch/patched.ts";
import type { Held } from "../cache/held.ts";
import { badRequest, conflict, forbidden, invalid, objectModified, Refusal } from "../status.ts";
import { metadataFaults, metadataUpdateFaults } from "./check-metadata.ts";
import type { Answered, Part, UpdateAsked } from "./asked.ts";
import { decode } from "./decode.ts";
import { isReadyToGo } from "./plan-deletion.ts";
import { carriedMetadata, isNewGeneration } from "./plan-metadata.ts";
import { objectKey } from "./place.ts";
import type { ObjectPlace } from "./read.ts";
import { ownedAfterUpdate, type Owned } from "./ownership.ts";
import { isNamespaces, type Registry } from "./registry.ts";
import { changeObject, type Decision } from "./write.ts";

/** What is to stand in the object's place, and who owns its fields then. */
export interface Change {
  readonly registry: Registry;
  readonly draft: Draft<KubeObject>;
  readonly owned: Owned;
}

export async function updateObject(
  registry: Registry,
  asked: UpdateAsked,
  body: unknown,
): Promise<Answered | Refusal> {
  const { place, options } = asked;
  const { kind, namespace, name } = place;
  const cached = registry.feed.cacheOf(kind).get(objectKey(kind, namespace, name));
  const known = knownTo(asked, cached?.object);
  const decodeBody = () => decode(kind, withoutUnread(asked, body), options, { known });
  const decoded = decodeBody();
  if (decoded instanceof Refusal) return decoded;
  const misplaced = placeFault(place, decoded.draft);
  if (misplaced !== undefined) return misplaced;
  const owned = ownedAfterUpdate(registry, asked, decoded.draft);
  let draft: Draft<KubeObject> | undefined = decoded.draft;
  const decide = (current: Held) => {
    // Each decision takes its draft; few requests come to a second one.
    const again = draft === undefined ? decodeBody() : { draft };
    draft = undefined;
    return again instanceof Refusal
      ? again
      : decideUpdate(asked, { registry, draft: again.draft, owned }, current);
  };
  const written = await changeObject(registry, place, decide, options.dryRun);
  return written instanceof Refusal ? written : { held: written.held, warnings: decoded.warnings };
}

/** What a draft may share with the object as it is stored: where defaults are filled in, only what is never changed in place. */
export const knownTo = ({ part }: UpdateAsked, stored: KubeObject | undefined): object | undefined =>
  stored === undefined || part === "status" ? stored : { metadata: stored.metadata };

/** A subresource's request is not asked who owns what, which is large: it need not be read. */
function withoutUnread({ part }: UpdateAsked, body: unknown): unknown {
  if (part === "object" || !isJsonObject(body)) return body;
  const { metadata } = body;
  if (!isJsonObject(metadata) || metadata["managedFields"] === undefined) return body;
  const { managedFields: _managedFields, ...rest } = metadata;
  return { ...body, metadata: rest };
}

export function placeFault(
  { name, namespace }: ObjectPlace,
  { metadata }: Draft<KubeObject>,
): Refusal | undefined {
  const given = metadata.name ?? "";
  if (given === "")
    return badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (given !== name)
    return badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  if (namespace !== undefined && (metadata.namespace ?? namespace) !== namespace)
    return badRequest(
      `the namespace of the object (${metadata.namespace ?? ""}) does not match the namespace on the request (${namespace})`,
    );
  return undefined;
}

/** What an update comes to. The draft becomes part of the decision. */
export function decideUpdate(
  { place: { kind }, part, caller }: UpdateAsked,
  { registry, draft, owned }: Change,
  current: Held,
): Decision | Refusal {
  const old = current.object;
  const denied = admitNodeWrite(caller, kind, { write: "update", object: old });
  if (denied !== undefined) return denied;
  const outdated = preconditionFault(kind, draft, current);
  if (outdated !== undefined) return outdated;
  const next = merged(kind, part, draft, old);
  const overstepped = admitNodeChange(caller, kind, { next, old });
  if (overstepped !== undefined) return overstepped;
  const second = secondDefault(registry, kind, next);
  if (second !== undefined) return forbidden(kind, old.metadata.name, second);
  const faults = [
    ...metadataUpdateFaults(next.metadata, old.metadata),
    ...metadataFaults(kind, next.metadata, old.metadata),
    ...kind.validate(next, old),
    ...kind.validateUpdate(next, old),
  ];
  if (faults.length > 0) return invalid(kind, old.metadata.name, faults);
  const managedFields = owned(next, old);
  if (managedFields.length > 0) next.metadata.managedFields = managedFields;
  if (deepEqual(next, old)) return { do: "leave" };
  if (isReadyToGo({ metadata: next.metadata, isKept: isKeptByContent(kind, next) }))
    return { do: "remove", object: next };
  return { do: "put", object: next };
}

function preconditionFault(kind: Descriptor, draft: Draft<KubeObject>, current: Held): Refusal | undefined {
  const { uid = "", resourceVersion = "" } = draft.metadata;
  const { metadata } = current.object;
  if (uid !== "" && uid !== metadata.uid)
    return conflict(
      kind,
      metadata.name,
      `StorageError: invalid object, Code: 4, Key: ${current.key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  if (resourceVersion !== "" && resourceVersion !== "0" && resourceVersion !== metadata.resourceVersion)
    return conflict(kind, metadata.name, objectModified);
  return undefined;
}

function merged(kind: Descriptor, part: Part, draft: Draft<KubeObject>, old: KubeObject): KubeObject {
  const metadata = carriedMetadata(draft.metadata, old.metadata);
  if (part === "status" || part === "approval") {
    const next = withStatus(draft, old, metadata);
    if (part === "status") kind.prepareStatus?.(next, old);
    else kind.prepareApproval?.(next, old);
    return next;
  }
  const next: KubeObject = { ...draft, metadata };
  const fields = fieldsOf(next);
  if (part === "object") {
    kind.applyDefaults(next);
    if (kind.hasStatus) keep(fields, old, ["status"]);
    kind.prepareUpdate?.(next, old);
    if (isNamespaces(kind)) keepNamespaceFinalizers(next, old);
  } else if (part === "scale") {
    if (kind.hasStatus) keep(fields, old, ["status"]);
  } else {
    const { spec } = asNamespace(next);
    keep(fields, old, ["spec", "status"]);
    const namespace = asNamespace(next);
    namespace.spec = { ...namespace.spec, finalizers: spec?.finalizers ?? [] };
  }
  if (old.metadata.generation !== undefined)
    next.metadata.generation = old.metadata.generation + (isNewGeneration(kind, next, old) ? 1 : 0);
  return next;
}

/** Labels and annotations may be changed along with the status, as upstream has it. */
function withStatus(draft: Draft<KubeObject>, old: KubeObject, metadata: Meta): KubeObject {
  const { ownerReferences: _ownerReferences, ...rest } = metadata;
  const { ownerReferences } = old.metadata;
  const next: KubeObject = {
    ...old,
    metadata: ownerReferences === undefined ? rest : { ...rest, ownerReferences },
  };
  const { status } = fieldsOf(draft);
  if (status === undefined) delete fieldsOf(next)["status"];
  else fieldsOf(next)["status"] = status;
  return next;
}

/** An object's fields by name; which there are is for the kind to know. */
const fieldsOf = (object: Draft<KubeObject>): Record<string, unknown> => object;

/** What is kept is shared with the old object, frozen as it is. */
function keep(fields: Record<string, unknown>, old: KubeObject, names: readonly string[]): void {
  for (const name of names) {
    const value = fieldsOf(old)[name];
    if (value === undefined) delete fields[name];
    else fields[name] = value;
  }
}

/** Only `/finalize` changes what keeps a namespace. */
function keepNamespaceFinalizers(next: KubeObject, old: KubeObject): void {
  const namespace = asNamespace(next);
  const { finalizers } = asNamespace(old).spec ?? {};
  namespace.spec = {
    ...namespace.spec,
    ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
  };
}
