// Owns pods' volumes on disk: made before the sandbox, refreshed while it runs, removed with the pod.
import type { Container, Pod, Volume, VolumeProjection } from "../../model/generated/types.ts";
import { RuntimeRefusal, type Mount } from "../../runtime/runtime.ts";
import { unitsOf } from "../../model/quantity.ts";
import type { Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import type { Mounts } from "../../world/mounts.ts";
import { wordsOf } from "../../world/log.ts";
import { decodeBase64 } from "../containers/env.ts";
import { expand } from "../containers/expand.ts";
import { fieldText, resourceText, type Whereabouts } from "../containers/fields.ts";
import { missing, type References } from "../containers/references.ts";
import { Tokens } from "../containers/tokens.ts";
import { prepareHostPath } from "./host-path.ts";
import { writePayload } from "./payload-folder.ts";
import {
  planProjection,
  staysInside,
  type Payload,
  type ProjectedFile,
  type Projection,
} from "./plan-projection.ts";

export interface VolumeOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly rootDir: string;
  readonly references: References;
  readonly mounts: Mounts | undefined;
  readonly whereabouts: (pod: Pod) => Whereabouts;
}

/** Source field of the volume kinds made here, with upstream's folder name. */
const pluginOf = {
  emptyDir: "kubernetes.io~empty-dir",
  configMap: "kubernetes.io~configmap",
  secret: "kubernetes.io~secret",
  downwardAPI: "kubernetes.io~downward-api",
  projected: "kubernetes.io~projected",
} as const;
type Plugin = keyof typeof pluginOf;
const plugins: readonly Plugin[] = ["emptyDir", "configMap", "secret", "downwardAPI", "projected"];

const pluginIn = (volume: Volume): Plugin | undefined => plugins.find((name) => volume[name] !== undefined);

/** Names of sources this kubelet has no way to mount. */
export const unknownSources = (volume: Volume): readonly string[] =>
  Object.entries(volume)
    .filter(
      ([key, value]) => key !== "name" && value !== undefined && key !== "hostPath" && !(key in pluginOf),
    )
    .map(([key]) => key);

export class Volumes {
  private readonly options: VolumeOptions;
  /** Text of what was last written, by folder: unchanged content is not written again. */
  private readonly written = new Map<string, string>();
  private readonly tokens: Tokens;
  private writes = 0;

  constructor(options: VolumeOptions) {
    this.options = options;
    this.tokens = new Tokens(options.references, options.clock);
  }

  podFolder(uid: string): string {
    return `${this.options.rootDir}/pods/${uid}`;
  }

  /** Makes every volume; rejects with words for an event where one can't be made. */
  async prepare(pod: Pod): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        await this.prepareOne(pod, volume);
      } catch (thrown) {
        throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${wordsOf(thrown)}`, {
          cause: thrown,
        });
      }
    }
  }

  /** Where its emptyDir volumes lie; not those in memory. */
  emptyFolders(pod: Pod): readonly { readonly name: string; readonly path: string }[] {
    return (pod.spec?.volumes ?? [])
      .filter(({ emptyDir }) => emptyDir !== undefined && emptyDir.medium !== "Memory")
      .map((volume) => ({ name: volume.name, path: this.pathOf(pod, volume) }));
  }

  /** Whether the pod has volumes whose content may change while it runs. */
  changes(pod: Pod): boolean {
    return (pod.spec?.volumes ?? []).some((volume) => {
      const plugin = pluginIn(volume);
      return plugin !== undefined && plugin !== "emptyDir";
    });
  }

  async remove(uid: string): Promise<void> {
    const folder = this.podFolder(uid);
    const { mounts, files } = this.options;
    // Through a mount that stays, what is in it would be removed, and the folder could not be.
    for (const point of (await mounts?.under(folder)) ?? []) await mounts?.unmount(point);
    await files.remove(folder);
    this.tokens.forget(uid);
    for (const known of this.written.keys()) if (known.startsWith(`${folder}/`)) this.written.delete(known);
  }

  /** Throws RuntimeRefusal (CreateContainerConfigError) for a mount that can't be. */
  async mountsFor(
    pod: Pod,
    container: Container,
    env: ReadonlyMap<string, string>,
  ): Promise<readonly Mount[]> {
    const mounts: Mount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = (pod.spec?.volumes ?? []).find(({ name }) => name === mount.name);
      if (volume === undefined)
        throw new RuntimeRefusal(
          "CreateContainerConfigError",
          `cannot mount ${mount.name}: the pod has no such volume`,
        );
      const source = this.pathOf(pod, volume);
      const sub =
        mount.subPathExpr === undefined || mount.subPathExpr === ""
          ? (mount.subPath ?? "")
          : expand(mount.subPathExpr, (name) => env.get(name));
      mounts.push({
        hostPath: sub === "" ? source : await this.subPath(source, sub),
        containerPath: mount.mountPath,
        readonly: mount.readOnly === true || (pluginIn(volume) ?? "emptyDir") !== "emptyDir",
      });
    }
    return mounts;
  }

  private async subPath(source: string, sub: string): Promise<string> {
    if (!staysInside(sub))
      throw new RuntimeRefusal(
        "CreateContainerConfigError",
        `cannot mount subPath ${sub}: it leads out of the volume`,
      );
    const path = `${source}/${sub}`;
    if ((await this.options.files.facts(path)) === undefined) await this.options.files.makeFolder(path);
    return path;
  }

  private pathOf(pod: Pod, volume: Volume): string {
    if (volume.hostPath !== undefined) return volume.hostPath.path;
    const plugin = pluginIn(volume) ?? "emptyDir";
    return `${this.podFolder(pod.metadata.uid)}/volumes/${pluginOf[plugin]}/${volume.name}`;
  }

  private async prepareOne(pod: Pod, volume: Volume): Promise<void> {
    const path = this.pathOf(pod, volume);
    if (volume.hostPath !== undefined) return prepareHostPath(this.options.files, volume.hostPath);
    const plugin = pluginIn(volume);
    if (plugin === undefined) throw new Error(`no volume plugin for ${unknownSources(volume).join(", ")}`);
    const group = pod.spec?.securityContext?.fsGroup;
    if (plugin === "emptyDir") return this.emptyFolder(volume, path, group);
    const payload = await this.payloadOf(pod, volume);
    const text = JSON.stringify(
      Array.from(payload, ([name, { content, mode }]) => [
        name,
        mode,
        Buffer.from(content).toString("base64"),
      ]),
    );
    if (this.written.get(path) === text) return;
    const at = new Date(this.options.clock.now()).toISOString();
    const stamp = `${at.replace(/[-:T]/g, "_")}${this.writes++}`;
    await writePayload(this.options.files, path, payload, { stamp, group });
    this.written.set(path, text);
  }

  private async emptyFolder(
    { name, emptyDir }: Volume,
    path: string,
    group: number | undefined,
  ): Promise<void> {
    const { files, mounts } = this.options;
    await files.makeFolder(path, 0o777);
    if (emptyDir?.medium === "Memory") {
      if (mounts === undefined)
        throw new Error(
          `cannot keep volume ${name} in memory: this kubelet can't mount; take its medium out`,
        );
      const sizeMax = emptyDir.sizeLimit === undefined ? undefined : unitsOf(emptyDir.sizeLimit);
      if ((await mounts.under(path)).length === 0) await mounts.mountMemory(path, sizeMax);
    }
    // New files get the group of the folder.
    if (group !== undefined) await files.setAccess(path, { mode: 0o2777, group });
  }

  private async payloadOf(pod: Pod, volume: Volume): Promise<Payload> {
    const { configMap, secret, downwardAPI, projected } = volume;
    if (projected !== undefined) {
      const all = new Map<string, ProjectedFile>();
      for (const source of projected.sources ?? [])
        for (const [path, file] of await this.projectionOf(pod, source, projected.defaultMode ?? 0o644))
          all.set(path, file);
      return all;
    }
    if (configMap !== undefined) return this.projectionOf(pod, { configMap }, configMap.defaultMode ?? 0o644);
    if (secret !== undefined)
      return this.projectionOf(
        pod,
        { secret: { ...secret, name: secret.secretName } },
        secret.defaultMode ?? 0o644,
      );
    return this.projectionOf(pod, { downwardAPI }, downwardAPI?.defaultMode ?? 0o644);
  }

  private async projectionOf(pod: Pod, source: VolumeProjection, mode: number): Promise<Payload> {
    const namespace = pod.metadata.namespace ?? "";
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    if (serviceAccountToken !== undefined) {
      const token = await this.tokens.of(pod, serviceAccountToken);
      // Where a group is named, that group and nobody else.
      const hasGroup = pod.spec?.securityContext?.fsGroup !== undefined;
      const file = { content: Buffer.from(token, "utf8"), mode: hasGroup ? 0o600 : mode };
      return new Map([[serviceAccountToken.path, file]]);
    }
    if (configMap !== undefined) {
      const { name = "", items, optional = false } = configMap;
      const found = await this.options.references.configMap(namespace, name);
      if (found === "absent" && !optional) throw new Error(missing("configmap", name));
      const entries = new Map<string, Uint8Array>();
      if (found !== "absent") {
        for (const [key, text] of Object.entries(found.data ?? {}))
          entries.set(key, Buffer.from(text, "utf8"));
        for (const [key, base64] of Object.entries(found.binaryData ?? {}))
          entries.set(key, decodeBase64(base64));
      }
      return filesOf(planProjection(entries, items, mode, optional), name);
    }
    if (secret !== undefined) {
      const { name = "", items, optional = false } = secret;
      const found = await this.options.references.secret(namespace, name);
      if (found === "absent" && !optional) throw new Error(missing("secret", name));
      const entries = new Map<string, Uint8Array>();
      if (found !== "absent")
        for (const [key, base64] of Object.entries(found.data ?? {})) entries.set(key, decodeBase64(base64));
      return filesOf(planProjection(entries, items, mode, optional), name);
    }
    if (downwardAPI !== undefined) return this.downwardFiles(pod, downwardAPI.items ?? [], mode);
    const named = Object.keys(source).join(", ");
    throw new Error(
      `cannot project ${named}: this kubelet serves configMap, secret, downwardAPI and serviceAccountToken sources`,
    );
  }

  private downwardFiles(
    pod: Pod,
    items: NonNullable<NonNullable<VolumeProjection["downwardAPI"]>["items"]>,
    mode: number,
  ): Payload {
    const where = this.options.whereabouts(pod);
    const all = new Map<string, ProjectedFile>();
    for (const item of items) {
      const text =
        item.fieldRef !== undefined
          ? fieldText(pod, item.fieldRef.fieldPath, where)
          : item.resourceFieldRef === undefined
            ? undefined
            : resourceText(pod, undefined, item.resourceFieldRef, where);
      if (text === undefined)
        throw new Error(`cannot write ${item.path}: it refers to no field or resource that can be told`);
      all.set(item.path, { content: Buffer.from(text, "utf8"), mode: item.mode ?? mode });
    }
    return all;
  }
}

function filesOf(projection: Projection, name: string): Payload {
  if (projection.is === "ok") return projection.files;
  throw new Error(`references non-existent config key: ${name}: ${projection.key}`);
}
