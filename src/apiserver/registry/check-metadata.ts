// Owns the faults of metadata, at creation and at update, worded as upstream's validation of ObjectMeta.
import {
  duplicate,
  forbidden,
  invalid,
  required,
  tooLong,
  type FieldError,
} from "../../model/field-error.ts";
import type { OwnerReference } from "../../model/generated/types.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Meta } from "../../model/meta.ts";
import {
  labelNameFaults,
  labelValueFaults,
  qualifiedNameFaults,
  subdomainNameFaults,
} from "../../model/names.ts";
import { keptFields } from "./plan-metadata.ts";

const annotationBytesMax = 256 * 1024;
/** Finalizers without a domain that upstream knows. */
const plainFinalizers: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** `known` is stored metadata: what is shared with it was found valid. */
export function metadataFaults(kind: Descriptor, metadata: Meta, known?: Meta): FieldError[] {
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const isNamed = known !== undefined && nameParts.every((part) => metadata[part] === known[part]);
  return [
    ...(isNamed ? [] : nameFaults(kind, metadata)),
    ...(labels === undefined || labels === known?.labels ? [] : labelFaults(labels)),
    ...(annotations === undefined || annotations === known?.annotations ? [] : annotationFaults(annotations)),
    ...(finalizers === undefined || finalizers === known?.finalizers ? [] : finalizerFaults(finalizers)),
    ...(ownerReferences === undefined || ownerReferences === known?.ownerReferences
      ? []
      : ownerFaults(ownerReferences)),
  ];
}

const nameParts = ["name", "generateName", "namespace"] as const;

function nameFaults(kind: Descriptor, { name, generateName, namespace }: Meta): FieldError[] {
  const faultsOf = kind.nameRule === "label" ? labelNameFaults : subdomainNameFaults;
  const found: FieldError[] = [];
  if (generateName !== undefined && generateName !== "")
    // A prefix may end in what a name may not: a dash.
    for (const fault of faultsOf(generateName.replace(/-$/, "a")))
      found.push(invalid("metadata.generateName", generateName, fault));
  if (name === "") found.push(required("metadata.name", "name or generateName is required"));
  else for (const fault of faultsOf(name)) found.push(invalid("metadata.name", name, fault));
  if (kind.namespaced && (namespace === undefined || namespace === ""))
    found.push(required("metadata.namespace"));
  else if (kind.namespaced && namespace !== undefined)
    for (const fault of labelNameFaults(namespace))
      found.push(invalid("metadata.namespace", namespace, fault));
  return found;
}

function labelFaults(labels: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((fault) => invalid("metadata.labels", key, fault)),
    ...labelValueFaults(value).map((fault) => invalid("metadata.labels", value, fault)),
  ]);
}

function annotationFaults(annotations: Readonly<Record<string, string>>): FieldError[] {
  let size = 0;
  const found: FieldError[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
    for (const fault of qualifiedNameFaults(key.toLowerCase()))
      found.push(invalid("metadata.annotations", key, fault));
  }
  if (size > annotationBytesMax) found.push(tooLong("metadata.annotations", annotationBytesMax));
  return found;
}

function finalizerFaults(finalizers: readonly string[]): FieldError[] {
  const found: FieldError[] = [];
  for (const [at, finalizer] of finalizers.entries()) {
    const field = `metadata.finalizers[${at}]`;
    for (const fault of qualifiedNameFaults(finalizer)) found.push(invalid(field, finalizer, fault));
    if (!finalizer.includes("/") && !plainFinalizers.has(finalizer))
      found.push(
        invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified"),
      );
  }
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    found.push(
      invalid(
        "metadata.finalizers",
        finalizers,
        "finalizer orphan and foregroundDeletion cannot be both set",
      ),
    );
  return found;
}

function ownerFaults(owners: readonly OwnerReference[]): FieldError[] {
  const found: FieldError[] = [];
  const uids = new Set<string>();
  let controller: OwnerReference | undefined;
  const field = "metadata.ownerReferences";
  for (const owner of owners) {
    const apiVersion = owner.apiVersion ?? "";
    if (apiVersion === "" || apiVersion.split("/").length > 2)
      found.push(invalid(`${field}.apiVersion`, apiVersion, "version must not be empty"));
    for (const part of ["kind", "name", "uid"] as const)
      if ((owner[part] ?? "") === "")
        found.push(invalid(`${field}.${part}`, owner[part] ?? "", "must not be empty"));
    // Events come and go by the thousand: with one for an owner, things would be swept away unasked.
    if (apiVersion === "v1" && owner.kind === "Event")
      found.push(invalid(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
    if (uids.has(owner.uid)) found.push(duplicate(`${field}.uid`, owner.uid));
    uids.add(owner.uid);
    if (owner.controller !== true) continue;
    if (controller !== undefined)
      found.push(
        invalid(
          "metadata.ownerReferences",
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`,
        ),
      );
    controller = owner;
  }
  return found;
}

export function metadataUpdateFaults(next: Meta, old: Meta): FieldError[] {
  const found: FieldError[] = [];
  for (const field of ["name", "namespace", ...keptFields] as const)
    if (next[field] !== old[field])
      found.push(invalid(`metadata.${field}`, next[field], "field is immutable"));
  const present = new Set(old.finalizers);
  const added = (next.finalizers ?? []).filter((one) => !present.has(one));
  if (old.deletionTimestamp !== undefined && added.length > 0)
    found.push(
      forbidden(
        "metadata.finalizers",
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
      ),
    );
  return found;
}
