// Owns which files a ConfigMap, Secret or downward API source puts into a volume.
import type { KeyToPath } from "../../model/generated/types.ts";

export interface ProjectedFile {
  readonly content: Uint8Array;
  readonly mode: number;
}
/** By path within the volume. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

export type Projection =
  { readonly is: "ok"; readonly files: Payload } | { readonly is: "missing-key"; readonly key: string };

/** All keys under their own names, or the items asked for under theirs. */
export function planProjection(
  entries: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
): Projection {
  const files = new Map<string, ProjectedFile>();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of entries) files.set(key, { content, mode: defaultMode });
    return { is: "ok", files };
  }
  for (const { key, path, mode } of items) {
    const content = entries.get(key);
    if (content !== undefined) files.set(path, { content, mode: mode ?? defaultMode });
    else if (!optional) return { is: "missing-key", key };
  }
  return { is: "ok", files };
}

/** Whether a path stays inside the folder it is put under. */
export const staysInside = (path: string): boolean =>
  path !== "" && !path.startsWith("/") && !path.split("/").includes("..");
