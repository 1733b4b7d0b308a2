// Owns the one set of pods this node should run, merged from all sources by UID.
import type { Pod } from "../../model/generated/types.ts";
import type { PodSource, SourceName, SourceTold } from "./source.ts";

export type DesiredChange =
  | { readonly is: "wanted"; readonly pod: Pod; readonly source: SourceName }
  | { readonly is: "dismissed"; readonly uid: string };

export class DesiredPods {
  private readonly pods = new Map<string, { readonly pod: Pod; readonly source: SourceName }>();
  private readonly told: (change: DesiredChange) => void;
  private readonly unready: Set<SourceName>;
  private readonly sources: readonly PodSource[];
  private readonly whenReady: (source: SourceName) => void;
  private stops: (() => void)[] = [];

  /** `whenReady` is called once for each source, when it has told all it had at the start. */
  constructor(
    sources: readonly PodSource[],
    told: (change: DesiredChange) => void,
    whenReady: (source: SourceName) => void,
  ) {
    this.sources = sources;
    this.told = told;
    this.whenReady = whenReady;
    this.unready = new Set(sources.map(({ name }) => name));
  }

  /** Until then no pod may be taken for one that nobody wants. */
  get allReady(): boolean {
    return this.unready.size === 0;
  }

  /** Whether the source has told all it had at the start; one that isn't there has nothing to tell once all others have. */
  isReady(source: SourceName): boolean {
    return this.allReady || (this.sources.some(({ name }) => name === source) && !this.unready.has(source));
  }

  has(uid: string): boolean {
    return this.pods.has(uid);
  }

  start(): void {
    this.stops = this.sources.map((source) => source.start(this.doorOf(source.name)));
    if (this.sources.length === 0) this.whenReady("api");
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  private doorOf(source: SourceName): SourceTold {
    return {
      put: (pod) => this.put(source, pod),
      remove: (uid) => this.remove(source, uid),
      replace: (pods) => {
        const uids = new Set(pods.map((pod) => pod.metadata.uid));
        for (const [uid, known] of this.pods)
          if (known.source === source && !uids.has(uid)) this.remove(source, uid);
        for (const pod of pods) if (this.pods.get(pod.metadata.uid)?.pod !== pod) this.put(source, pod);
      },
      ready: () => {
        if (this.unready.delete(source)) this.whenReady(source);
      },
    };
  }

  private put(source: SourceName, pod: Pod): void {
    this.pods.set(pod.metadata.uid, { pod, source });
    this.told({ is: "wanted", pod, source });
  }

  private remove(source: SourceName, uid: string): void {
    if (this.pods.get(uid)?.source !== source) return;
    this.pods.delete(uid);
    this.told({ is: "dismissed", uid });
  }
}
