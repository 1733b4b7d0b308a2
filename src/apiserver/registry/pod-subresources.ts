// Owns what may be done to a pod besides changing it: binding it to a node, and evicting it.
import { notSupported, required, type FieldError } from "../../model/field-error.ts";
import type { Binding, Pod, Status } from "../../model/generated/types.ts";
import type { KubeObject } from "../../model/meta.ts";
import { formatTime } from "../../model/time.ts";
import type { Caller } from "../../model/wire.ts";
import type { Held } from "../cache/held.ts";
import type { Query } from "../pipeline-options.ts";
import type { Target } from "../pipeline-route.ts";
import { badRequest, conflict, invalid, Refusal, success } from "../status.ts";
import { decodeFields, recordOf } from "./decode.ts";
import { deleteObject, readDeleteOptions } from "./delete.ts";
import type { ObjectPlace } from "./read.ts";
import type { Registry } from "./registry.ts";
import { changeObject, type Decision } from "./write.ts";

const bindings = { group: "", resource: "pods/binding" };

/** Reads the parts of a Binding that count; anything else in it is of no consequence. */
function readBinding(
  body: unknown,
): (Pick<Binding, "target"> & { metadata: Partial<Binding["metadata"]> }) | Refusal {
  const given = decodeFields("Binding", body);
  if (given instanceof Refusal) return given;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const metadata = recordOf(given["metadata"]);
  const target = recordOf(given["target"]);
  const annotations = Object.entries(recordOf(metadata["annotations"])).filter(
    (pair): pair is [string, string] => typeof pair[1] === "string",
  );
  return {
    metadata: {
      name: text(metadata["name"]),
      uid: text(metadata["uid"]),
      resourceVersion: text(metadata["resourceVersion"]),
      annotations: Object.fromEntries(annotations),
    },
    target: { kind: text(target["kind"]), name: text(target["name"]) },
  };
}

export async function bindPod(
  registry: Registry,
  { kind, namespace, name: named }: Target,
  body: unknown,
  dryRun: boolean,
): Promise<Status | Refusal> {
  const binding = readBinding(body);
  if (binding instanceof Refusal) return binding;
  const given = binding.metadata.name ?? "";
  const name = named ?? given;
  if (given !== name) return badRequest("name in URL does not match name in Binding object");
  const faults: FieldError[] = [];
  const { target } = binding;
  if (name === "") faults.push(required("metadata.name", "name or generateName is required"));
  if (target.kind !== "" && target.kind !== "Node")
    faults.push(notSupported("target.kind", target.kind, ["Node", "<empty>"]));
  if ((target.name ?? "") === "") faults.push(required("target.name"));
  if (faults.length > 0) return invalid({ group: "", kind: "Binding" }, name, faults);
  const now = formatTime(registry.clock.now());
  const decide = ({ object }: Held) => decideBinding(object, binding, target.name ?? "", now);
  const written = await changeObject(registry, { kind, namespace, name }, decide, dryRun);
  return written instanceof Refusal ? written : success();
}

function decideBinding(
  object: KubeObject,
  { metadata }: Exclude<ReturnType<typeof readBinding>, Refusal>,
  node: string,
  now: string,
): Decision | Refusal {
  // The route leads here for pods only.
  const pod: Pod = object;
  const { name, uid, resourceVersion } = pod.metadata;
  const { uid: wantedUid = "", resourceVersion: wantedVersion = "" } = metadata;
  if (wantedUid !== "" && wantedUid !== uid)
    return conflict(
      bindings,
      name,
      `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`,
    );
  if (wantedVersion !== "" && wantedVersion !== resourceVersion)
    return conflict(
      bindings,
      name,
      `Precondition failed: ResourceVersion in precondition: ${wantedVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  if (pod.metadata.deletionTimestamp !== undefined)
    return conflict(bindings, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  const bound = pod.spec?.nodeName ?? "";
  if (bound !== "")
    return conflict(bindings, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`);
  const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  const next: Pod = {
    ...pod,
    metadata: { ...pod.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { containers: [], ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...others, scheduled] },
  };
  return { do: "put", object: next };
}

/** Evicts: deletes with the pod's own grace, or the one given. */
export async function evictPod(
  registry: Registry,
  place: ObjectPlace,
  { body, query, caller }: { readonly body: unknown; readonly query: Query; readonly caller: Caller },
): Promise<Status | Refusal> {
  const eviction = decodeFields("Eviction", body);
  if (eviction instanceof Refusal) return eviction;
  const { name } = recordOf(eviction["metadata"]);
  if (name !== place.name) return badRequest("name in URL does not match name in Eviction object");
  const asked = readDeleteOptions(eviction["deleteOptions"], query);
  if (asked instanceof Refusal) return asked;
  const deleted = await deleteObject(registry, place, { ...asked, by: { caller, write: "evict" } });
  return deleted instanceof Refusal ? deleted : { ...success(), code: 201 };
}
