// Owns deletions, of one object and of a selection: options, plan, commit and answer.
import { cloneJson } from "../../lib/json.ts";
import type { Instant } from "../../lib/units.ts";
import { invalid as invalidField, notSupported, type FieldError } from "../../model/field-error.ts";
import type { Status } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { Caller } from "../../model/wire.ts";
import { admitDelete, asNamespace, isKeptByContent } from "../admission/admit.ts";
import { admitNodeWrite } from "../admission/admit-node.ts";
import type { Held } from "../cache/held.ts";
import type { Selection } from "../cache/selection.ts";
import { isTrue, type Query } from "../pipeline-options.ts";
import { badRequest, conflict, invalidOptions, Refusal, removed } from "../status.ts";
import { decodeFields, recordOf } from "./decode.ts";
import {
  planDeletion,
  type Deletable,
  type DeletionMark,
  type DeletionOptions,
  type Propagation,
} from "./plan-deletion.ts";
import { settle, type ObjectPlace } from "./read.ts";
import { isNamespaces, type Registry } from "./registry.ts";
import { changeObject, type Decision } from "./write.ts";

export interface DeleteAsked {
  readonly options: DeletionOptions;
  readonly dryRun: boolean;
  /** Absent for what the server deletes by itself. */
  readonly by?: { readonly caller: Caller; readonly write: "delete" | "evict" };
}

const propagations: readonly Propagation[] = ["Background", "Foreground", "Orphan"];

/** From the body, a DeleteOptions, or from the query, where there is no body. */
export function readDeleteOptions(body: unknown, query: Query): DeleteAsked | Refusal {
  const given = body === undefined ? {} : decodeFields("DeleteOptions", body);
  if (given instanceof Refusal) return given;
  const faults: FieldError[] = [];
  const preconditions = recordOf(given["preconditions"]);
  const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const uid = textOf(preconditions["uid"]);
  const resourceVersion = textOf(preconditions["resourceVersion"]);
  const grace = given["gracePeriodSeconds"] ?? secondsIn(query["gracePeriodSeconds"]);
  if (grace instanceof Refusal) return grace;
  const dryRun = Array.isArray(given["dryRun"]) ? given["dryRun"] : query["dryRun"] ? [query["dryRun"]] : [];
  if (dryRun.some((one) => one !== "All")) faults.push(notSupported("dryRun", dryRun, ["All"]));
  const propagation = propagationOf(given, query, faults);
  if (faults.length > 0) return invalidOptions("DeleteOptions", faults);
  return {
    dryRun: dryRun.length > 0,
    options: {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(typeof grace === "number" ? { graceSeconds: grace } : {}),
      ...(propagation === undefined ? {} : { propagation }),
    },
  };
}

function secondsIn(text: string | undefined): number | undefined | Refusal {
  if (text === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function propagationOf(
  given: Readonly<Record<string, unknown>>,
  query: Query,
  faults: FieldError[],
): Propagation | undefined {
  // Who names a policy and leaves it empty meant one, and would not see another carried out.
  const isEmpty = given["propagationPolicy"] === "";
  if (isEmpty) faults.push(notSupported("propagationPolicy", "", propagations));
  const policy = given["propagationPolicy"] ?? query["propagationPolicy"] ?? "";
  const orphans =
    given["orphanDependents"] ??
    (query["orphanDependents"] === undefined ? undefined : isTrue(query["orphanDependents"]));
  if (policy !== "" && orphans !== undefined)
    faults.push(
      invalidField(
        "propagationPolicy",
        policy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  if (policy === "") return orphans === undefined ? undefined : orphans === true ? "Orphan" : "Background";
  const known = propagations.find((one) => one === policy);
  if (known === undefined) faults.push(notSupported("propagationPolicy", policy, propagations));
  return known;
}

/** The object where it is still there or its kind ends gracefully, else a Status that says it is done. */
export type Deleted = { readonly held: Held } | { readonly status: Status };

export async function deleteObject(
  registry: Registry,
  place: ObjectPlace,
  { options, dryRun, by }: DeleteAsked,
): Promise<Deleted | Refusal> {
  const { kind, name } = place;
  const refused = admitDelete(kind, name);
  if (refused !== undefined) return refused;
  const decide = (current: Held) =>
    (by && admitNodeWrite(by.caller, kind, { write: by.write, object: current.object })) ??
    decideDeletion(registry, kind, options, current);
  const written = await changeObject(registry, place, decide, dryRun);
  if (written instanceof Refusal) return written;
  return written.was === "removed" && kind.graceSeconds === undefined
    ? { status: removed(kind, name, written.held.object.metadata.uid) }
    : { held: written.held };
}

function decideDeletion(
  { clock }: Registry,
  kind: Descriptor,
  options: DeletionOptions,
  held: Held,
): Decision | Refusal {
  const object = preparedFor(kind, held.object, clock.now());
  const plan = planDeletion(deletable(kind, object), options, clock.now());
  if (plan.do === "refuse") return conflict(kind, object.metadata.name, plan.because);
  if (plan.do === "mark") return { do: "put", object: marked(kind, object, plan.mark) };
  return { do: plan.do };
}

function preparedFor(kind: Descriptor, object: KubeObject, now: Instant): KubeObject {
  if (kind.prepareDelete === undefined) return object;
  const copy = cloneJson(object);
  kind.prepareDelete(copy, now);
  return copy;
}

function deletable(kind: Descriptor, object: KubeObject): Deletable {
  const graceSeconds = kind.graceSeconds?.(object);
  return {
    metadata: object.metadata,
    isKept: isKeptByContent(kind, object),
    ...(graceSeconds === undefined ? {} : { graceSeconds }),
  };
}

function marked(kind: Descriptor, object: KubeObject, mark: DeletionMark): KubeObject {
  const { finalizers: _finalizers, ...metadata } = { ...object.metadata, ...mark, finalizers: undefined };
  const next: KubeObject = {
    ...object,
    metadata: mark.finalizers.length === 0 ? metadata : { ...metadata, finalizers: [...mark.finalizers] },
  };
  if (!isNamespaces(kind)) return next;
  const namespace = asNamespace(next);
  namespace.status = { ...namespace.status, phase: "Terminating" };
  // A namespace shows when it was asked to go, and no grace.
  delete next.metadata.deletionGracePeriodSeconds;
  return next;
}

// Each deletion is a durable write of its own; together they share syncs.
const deletionsAtOnce = 64;

/** Deletes what is selected now; the answer lists it as it was. */
export async function deleteSelected(
  registry: Registry,
  kind: Descriptor,
  selection: Selection,
  asked: DeleteAsked,
): Promise<readonly Held[] | Refusal> {
  const stale = await settle(registry, { is: "newest" });
  if (stale !== undefined) return stale;
  const selected = [...registry.feed.cacheOf(kind).select(selection)];
  // All or, where one may not go, none.
  const forbidden = selected
    .map(
      (held) =>
        admitDelete(kind, held.object.metadata.name) ?? decideDeletion(registry, kind, asked.options, held),
    )
    .find((decided) => decided instanceof Refusal);
  if (forbidden !== undefined) return forbidden;
  const waiting = selected.values();
  let refused: Refusal | undefined;
  const work = async (): Promise<void> => {
    for (const { object } of waiting) {
      const { name, namespace } = object.metadata;
      const done = await deleteObject(registry, { kind, name, namespace }, asked);
      // Gone already is what was wanted.
      if (done instanceof Refusal && done.code !== 404) refused ??= done;
      if (refused !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(deletionsAtOnce, selected.length) }, work));
  return refused ?? selected;
}
