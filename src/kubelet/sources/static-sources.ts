// Owns a kubelet's own sources of pods together: the folder and the URL, and what they complain of.
import type { Millis } from "../../lib/units.ts";
import type { KubeObject } from "../../model/meta.ts";
import type { KubeletOptions } from "../settings.ts";
import { createFolderSource } from "./folder-source.ts";
import type { Complaint } from "./plan-manifests.ts";
import type { PodSource } from "./source.ts";
import { createUrlSource } from "./url-source.ts";

const checkPeriod: Millis = 20_000;

/** `web.yaml:3:7: its kind is …` */
export const wordsOfComplaint = ({ file, line, column, because }: Complaint): string =>
  `${file}${line === undefined ? "" : `:${line}:${column ?? 1}`}: ${because}`;

export class StaticSources {
  readonly sources: readonly PodSource[];
  private readonly options: KubeletOptions;
  private readonly changed: () => void;
  private readonly found = new Map<string, readonly string[]>();
  private readonly untold = new Set<string>();
  private node: KubeObject | undefined;

  constructor(options: KubeletOptions, changed: () => void) {
    this.options = options;
    this.changed = changed;
    this.sources = this.make();
  }

  /** Every complaint there is, in words; undefined where there is no such source. */
  get complaints(): readonly string[] | undefined {
    return this.sources.length === 0 ? undefined : Array.from(this.found.values()).flat();
  }

  /** The node stands in the API: complaints become its events. */
  nodeKnown(node: KubeObject): void {
    this.node = node;
    this.tell();
  }

  private make(): PodSource[] {
    const { nodeName, files, clock, log, network, config } = this.options;
    const { folder, url, urlHeaders = {}, fileCheckPeriod, httpCheckPeriod } = config.staticPods ?? {};
    const shared = { nodeName, files, clock, log };
    const made: PodSource[] = [];
    if (folder !== undefined)
      made.push(
        createFolderSource({
          ...shared,
          folder,
          period: fileCheckPeriod ?? checkPeriod,
          memoryFile: `${config.rootDir}/static-pods.json`,
          complain: (complaints) => this.heard("file", folder, complaints),
        }),
      );
    if (url !== undefined)
      made.push(
        createUrlSource({
          ...shared,
          url,
          headers: urlHeaders,
          client: network.client({}),
          period: httpCheckPeriod ?? checkPeriod,
          memoryFile: `${config.rootDir}/static-url.json`,
          complain: (complaints) => this.heard("http", "", complaints),
        }),
      );
    return made;
  }

  private heard(source: string, folder: string, complaints: readonly Complaint[]): void {
    const place = (file: string) => (file === "" ? folder : folder === "" ? file : `${folder}/${file}`);
    const words = complaints.map((one) => wordsOfComplaint({ ...one, file: place(one.file) }));
    const before = new Set(this.found.get(source));
    this.found.set(source, words);
    for (const word of words) {
      if (before.has(word)) continue;
      this.options.log.warn("static pod refused", { because: word });
      this.untold.add(word);
    }
    this.tell();
    this.changed();
  }

  private tell(): void {
    const { recorder } = this.options;
    if (this.node === undefined || recorder === undefined) return;
    for (const word of this.untold) recorder.event(this.node, "Warning", "StaticPodRefused", word);
    this.untold.clear();
  }
}
