// Owns bringing a manifest's object into being: created, or brought to what the manifest says.
import type { Client } from "../client/client.ts";
import type { KubeObject } from "../model/meta.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import { kinds } from "../model/kinds/kinds.ts";
import type { Manifest } from "./manifest.ts";

export type Applied =
  | { readonly is: "created" | "configured" | "unchanged"; readonly name: string }
  | { readonly is: "refused"; readonly name: string; readonly because: string };

/** Creates the object, or merges the manifest into the one that is there. */
export async function applyManifest(client: Client, manifest: Manifest, namespace: string): Promise<Applied> {
  const kind = kinds.find(
    (known) => apiVersionOf(known) === manifest.apiVersion && known.kind === manifest.kind,
  );
  const name = `${manifest.kind.toLowerCase()}/${manifest.metadata.name ?? ""}`;
  if (kind === undefined)
    return {
      is: "refused",
      name,
      because: `no kind ${manifest.kind} is known in version ${manifest.apiVersion}`,
    };
  const metadata = kind.namespaced ? { namespace, ...manifest.metadata } : manifest.metadata;
  const resource = client.of(kind);
  const created = await resource.create({ ...manifest, metadata });
  if (created.is === "ok") return { is: "created", name };
  if (created.is !== "exists") return { is: "refused", name, because: created.status.message ?? created.is };
  const ref = { name: metadata.name ?? "", namespace: metadata.namespace };
  const before = await resource.get(ref);
  const merged = await resource.patch(ref, "merge", { ...manifest, metadata });
  if (merged.is !== "ok") return { is: "refused", name, because: merged.status.message ?? merged.is };
  return {
    is: before.is === "ok" && sameVersion(before.object, merged.object) ? "unchanged" : "configured",
    name,
  };
}

const apiVersionOf = (kind: Descriptor): string =>
  kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
const sameVersion = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion === b.metadata.resourceVersion;
