// Owns what is next for a CustomResourceDefinition: its names accepted or in conflict, established, or its objects taken away first.
import { deepEqual } from "../../lib/json.ts";
import type { Instant } from "../../lib/units.ts";
import { isEstablished } from "../../model/custom/custom-kind.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from "../../model/generated/types.ts";
import {
  cleanupFinalizer,
  withCondition,
} from "../../model/kinds/custom-resource-definition/custom-resource-definition.ts";

type Status = NonNullable<CustomResourceDefinition["status"]>;

export type DefinitionAction =
  | { readonly do: "nothing" }
  | { readonly do: "put-status"; readonly status: Status }
  /** Every object of its kind, and then the finalizer. */
  | { readonly do: "clean-up" };

type Names = CustomResourceDefinitionNames;

const acceptedBy = ({ status }: CustomResourceDefinition): Names | undefined => status?.acceptedNames;

/** The names others of the group have. What is asked for twice goes to who was there first. */
interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenBy(others: Iterable<CustomResourceDefinition>): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    const names = acceptedBy(other);
    if (names === undefined) continue;
    for (const name of [names.plural, names.singular ?? "", ...(names.shortNames ?? [])])
      if (name !== "") resources.add(name);
    for (const name of [names.kind, names.listKind ?? ""]) if (name !== "") kinds.add(name);
  }
  return { resources, kinds };
}

interface Judged {
  readonly accepted: Names;
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

/** Each name for itself; of those refused, the one accepted before stays. */
function judge({ spec, status }: CustomResourceDefinition, taken: Taken): Judged {
  const asked = spec.names;
  const before: Partial<Names> = status?.acceptedNames ?? {};
  const faults: { reason: string; message: string }[] = [];
  const judged = (name: string, among: ReadonlySet<string>, reason: string, kept: string): string => {
    if (!among.has(name)) return name;
    faults.push({ reason, message: inUse(name) });
    return kept;
  };
  const { resources, kinds } = taken;
  const plural = judged(asked.plural, resources, "PluralConflict", before.plural ?? "");
  const singular = judged(asked.singular ?? "", resources, "SingularConflict", before.singular ?? "");
  const short = (asked.shortNames ?? []).filter((name) => resources.has(name));
  if (short.length > 0) faults.push({ reason: "ShortNamesConflict", message: short.map(inUse).join(", ") });
  const kind = judged(asked.kind, kinds, "KindConflict", before.kind ?? "");
  const listKind = judged(asked.listKind ?? "", kinds, "ListKindConflict", before.listKind ?? "");
  const shortNames = short.length > 0 ? before.shortNames : asked.shortNames;
  return {
    accepted: {
      plural,
      ...(singular === "" ? {} : { singular }),
      kind,
      ...(listKind === "" ? {} : { listKind }),
      ...(shortNames === undefined ? {} : { shortNames }),
      ...(asked.categories === undefined ? {} : { categories: asked.categories }),
    },
    conflict: faults.at(-1),
  };
}

const isProtected = (group: string): boolean => /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);

function approvalOf({ metadata }: CustomResourceDefinition): {
  status: string;
  reason: string;
  message: string;
} {
  const value = metadata.annotations?.["api-approved.kubernetes.io"] ?? "";
  if (value.startsWith("unapproved"))
    return {
      status: "False",
      reason: "UnapprovedAnnotation",
      message: `not approved: "${value}"`,
    };
  return value === ""
    ? {
        status: "False",
        reason: "MissingAnnotation",
        message:
          'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      }
    : { status: "True", reason: "ApprovedAnnotation", message: `approved in ${value}` };
}

export function planDefinition(
  definition: CustomResourceDefinition,
  othersOfGroup: Iterable<CustomResourceDefinition>,
  now: Instant,
): DefinitionAction {
  const { metadata, spec, status = {} } = definition;
  if (metadata.deletionTimestamp !== undefined)
    return metadata.finalizers?.includes(cleanupFinalizer) === true ? { do: "clean-up" } : { do: "nothing" };
  const { accepted, conflict } = judge(definition, takenBy(othersOfGroup));
  const { observedGeneration: _observed, ...told } = { observedGeneration: undefined, ...status };
  let conditions = withCondition(
    status.conditions ?? [],
    conflict === undefined
      ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
      : { type: "NamesAccepted", status: "False", ...conflict },
    now,
  );
  if (isProtected(spec.group))
    conditions = withCondition(
      conditions,
      { type: "KubernetesAPIApprovalPolicyConformant", ...approvalOf(definition) },
      now,
    );
  // Once it is served it stays so, whatever becomes of its names.
  if (!isEstablished(definition))
    conditions = withCondition(
      conditions,
      conflict === undefined
        ? {
            type: "Established",
            status: "True",
            reason: "InitialNamesAccepted",
            message: "the initial names have been accepted",
          }
        : {
            type: "Established",
            status: "False",
            reason: "NotAccepted",
            message: "not all names are accepted",
          },
      now,
    );
  const next: Status = { ...told, acceptedNames: accepted, conditions };
  return deepEqual(next, { ...told, acceptedNames: status.acceptedNames, conditions: status.conditions })
    ? { do: "nothing" }
    : { do: "put-status", status: next };
}
