// Owns the step of a request that acts: each verb, on an object or one of its subresources, to the operation it is.
import type { ApiRequest, Caller } from "../model/wire.ts";
import type { KubeObject } from "../model/meta.ts";
import type { Held } from "./cache/held.ts";
import { readSelection, type Selection } from "./cache/selection.ts";
import { readGetOptions, readListOptions, readWriteOptions, type Query } from "./pipeline-options.ts";
import type { Reply } from "./pipeline-respond.ts";
import type { Target, Verb } from "./pipeline-route.ts";
import { readScale, scalesOf, writeScale } from "./custom/scale.ts";
import { applyObject } from "./registry/apply.ts";
import type { Answered, Part } from "./registry/asked.ts";
import { createObject } from "./registry/create.ts";
import { deleteObject, deleteSelected, readDeleteOptions } from "./registry/delete.ts";
import { applyPatchType, patchObject, patchTypeOf } from "./registry/patch.ts";
import { bindPod, evictPod } from "./registry/pod-subresources.ts";
import { listObjects, readObject, type ObjectPlace } from "./registry/read.ts";
import { isNamespaces, isPods, isServiceAccounts, type Registry } from "./registry/registry.ts";
import { issueToken } from "./registry/token-request.ts";
import { updateObject } from "./registry/update.ts";
import { badRequest, methodNotAllowed, notServed, Refusal } from "./status.ts";

export interface Act {
  readonly target: Target;
  readonly verb: Exclude<Verb, "watch">;
  readonly query: Query;
  readonly request: ApiRequest;
  readonly caller: Caller;
  /** What the client calls itself. */
  readonly agent: string | undefined;
}

type Acted = Promise<Reply | Refusal>;

export function act(registry: Registry, asked: Act): Acted {
  const { target, verb } = asked;
  if (target.subresource === "binding" || target.subresource === "eviction")
    return isPods(target.kind) ? actOnPod(registry, asked) : refused(notServed());
  if (target.subresource === "token") return token(registry, asked);
  if (target.subresource === "scale") return actOnScale(registry, asked);
  const part = partOf(target);
  if (part === "none") return refused(notServed());
  if (verb === "list") return list(registry, asked);
  if (verb === "deletecollection") return deleteCollection(registry, asked);
  if (verb === "create") return create(registry, asked);
  const { kind, namespace, name } = target;
  if (name === undefined) return refused(methodNotAllowed());
  const place: ObjectPlace = { kind, namespace, name };
  if (verb === "get") return get(registry, place, asked.query);
  if (verb === "update") return update(registry, { place, part }, asked);
  if (verb === "patch") return patch(registry, { place, part }, asked);
  return part === "object" ? deleteOne(registry, place, asked) : refused(methodNotAllowed());
}

const refused = (refusal: Refusal): Acted => Promise.resolve(refusal);

function partOf({ kind, subresource }: Target): Part | "none" {
  if (subresource === undefined) return "object";
  if (subresource === "status" && kind.hasStatus) return "status";
  if (subresource === "approval" && kind.prepareApproval !== undefined) return "approval";
  return subresource === "finalize" && isNamespaces(kind) ? "finalize" : "none";
}

const objectReply = (answered: Answered | Refusal, code: 200 | 201): Reply | Refusal =>
  answered instanceof Refusal
    ? answered
    : {
        is: "object",
        code: answered.isNew === true ? 201 : code,
        held: answered.held,
        warnings: answered.warnings,
      };

async function get(registry: Registry, place: ObjectPlace, query: Query): Acted {
  const at = readGetOptions(query);
  if (at instanceof Refusal) return at;
  const held = await readObject(registry, place, at);
  return held instanceof Refusal ? held : { is: "object", code: 200, held };
}

const objectsOf = (items: readonly Held[]): KubeObject[] => items.map(({ object }) => object);

async function list(registry: Registry, { target, query }: Act): Acted {
  const options = readListOptions(query);
  if (options instanceof Refusal) return options;
  const { kind, namespace } = target;
  const selection = readSelection(kind, { namespace, ...options });
  if (selection instanceof Refusal) return selection;
  const listing = await listObjects(registry, kind, selection, options);
  if (listing instanceof Refusal) return listing;
  const refused = registry.conversions.prepare(kind, objectsOf(listing.items));
  return (refused && (await refused)) ?? { is: "list", listing };
}

async function create(registry: Registry, { target, query, request, agent, caller }: Act): Acted {
  if (target.kind.namespaced && target.namespace === undefined) return methodNotAllowed();
  if (target.name !== undefined || target.subresource !== undefined) return methodNotAllowed();
  const options = readWriteOptions({
    query,
    agent,
    optionsKind: "CreateOptions",
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  return objectReply(await createObject(registry, target, request.body, { ...options, caller }), 201);
}

interface Changed {
  readonly place: ObjectPlace;
  readonly part: Part;
}

async function update(registry: Registry, { place, part }: Changed, asked: Act): Acted {
  const { query, request, agent, caller } = asked;
  const options = readWriteOptions({
    query,
    agent,
    optionsKind: "UpdateOptions",
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  return objectReply(await updateObject(registry, { place, part, options, caller }, request.body), 200);
}

async function patch(registry: Registry, { place, part }: Changed, asked: Act): Acted {
  const { query, request, agent, caller } = asked;
  const patchType = patchTypeOf(request.contentType);
  const isApply = patchType === applyPatchType;
  const options = readWriteOptions({
    query,
    agent,
    optionsKind: "PatchOptions",
    isApply,
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  if (request.body === undefined) return badRequest("cannot patch: the request has no body");
  if (isApply)
    return objectReply(await applyObject(registry, { place, part, options, caller }, request.body), 200);
  return objectReply(
    await patchObject(registry, { place, part, options, caller, patchType, patch: request.body }),
    200,
  );
}

async function deleteOne(registry: Registry, place: ObjectPlace, { query, request, caller }: Act): Acted {
  const asked = readDeleteOptions(request.body, query);
  if (asked instanceof Refusal) return asked;
  const deleted = await deleteObject(registry, place, { ...asked, by: { caller, write: "delete" } });
  if (deleted instanceof Refusal) return deleted;
  return "status" in deleted
    ? { is: "status", code: 200, status: deleted.status }
    : { is: "object", code: 200, held: deleted.held };
}

async function deleteCollection(registry: Registry, { target, query, request, caller }: Act): Acted {
  const { kind, namespace } = target;
  // A namespace goes with all that is in it: never by the dozen.
  if (isNamespaces(kind) || (kind.namespaced && namespace === undefined)) return methodNotAllowed();
  const options = readListOptions(query);
  if (options instanceof Refusal) return options;
  const selection: Selection | Refusal = readSelection(kind, { namespace, ...options });
  if (selection instanceof Refusal) return selection;
  const asked = readDeleteOptions(request.body, query);
  if (asked instanceof Refusal) return asked;
  const by = { caller, write: "delete" } as const;
  const items = await deleteSelected(registry, kind, selection, { ...asked, by });
  if (items instanceof Refusal) return items;
  const unready = registry.conversions.prepare(kind, objectsOf(items));
  const refused = unready && (await unready);
  if (refused !== undefined) return refused;
  const listing = { items, revision: registry.feed.revision, continueWith: undefined, remaining: undefined };
  return { is: "list", listing };
}

async function actOnPod(registry: Registry, asked: Act): Acted {
  const { target, verb, query, request, agent, caller } = asked;
  if (verb !== "create") return methodNotAllowed();
  const options = readWriteOptions({
    query,
    agent,
    optionsKind: "CreateOptions",
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  const { kind, namespace, name } = target;
  const status =
    target.subresource === "binding"
      ? await bindPod(registry, target, request.body, options.dryRun)
      : name === undefined
        ? methodNotAllowed()
        : await evictPod(registry, { kind, namespace, name }, { body: request.body, query, caller });
  return status instanceof Refusal ? status : { is: "status", code: 201, status };
}

async function actOnScale(registry: Registry, { target, verb, query, request, agent }: Act): Acted {
  const { kind, namespace, name } = target;
  const paths = scalesOf(kind);
  if (paths === undefined) return notServed();
  if (name === undefined) return methodNotAllowed();
  const place = { kind, namespace, name };
  const asValue = (value: object | Refusal): Reply | Refusal =>
    value instanceof Refusal ? value : { is: "value", code: 200, value };
  if (verb === "get") return asValue(await readScale(registry, place, paths));
  if (verb !== "update" && verb !== "patch") return methodNotAllowed();
  const optionsKind = verb === "update" ? "UpdateOptions" : "PatchOptions";
  const options = readWriteOptions({ query, agent, optionsKind, duplicates: request.duplicates });
  if (options instanceof Refusal) return options;
  const patchType = verb === "patch" ? { patchType: patchTypeOf(request.contentType) } : {};
  return asValue(await writeScale(registry, { place, paths, options, ...patchType }, request.body));
}

async function token(registry: Registry, { target, verb, query, request, caller, agent }: Act): Acted {
  const { kind, namespace, name } = target;
  const { tokens } = registry;
  if (!isServiceAccounts(kind) || tokens === undefined) return notServed();
  if (verb !== "create" || name === undefined) return methodNotAllowed();
  const options = readWriteOptions({
    query,
    agent,
    optionsKind: "CreateOptions",
    duplicates: request.duplicates,
  });
  if (options instanceof Refusal) return options;
  const asked = { place: { kind, namespace, name }, body: request.body, caller, dryRun: options.dryRun };
  const value = await issueToken(registry, tokens, asked);
  return value instanceof Refusal ? value : { is: "value", code: 201, value };
}
