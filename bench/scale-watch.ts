// Owns the view a measurement has of the pods: followed over the API, with waits for what they shall come to.
import type { Pod } from "../src/model/generated/types.ts";
import type { Transport } from "../src/model/wire.ts";

export const namespace = "default";
const path = `/api/v1/namespaces/${namespace}/pods`;

const isReady = ({ status, metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false);

export interface PodTally {
  readonly total: number;
  /** Ready pods by image. */
  readyOf(image: string): number;
  /** Resolves with the time at which the condition was first seen to hold. */
  until(holds: (tally: PodTally) => boolean): Promise<number>;
  /** When the pod on that node was first seen Ready. */
  readyOn(node: string): Promise<number>;
  stop(): void;
}

export function followPods(transport: Transport, labelSelector: string): PodTally {
  const pods = new Map<string, { readonly image: string; readonly ready: boolean }>();
  const ready = new Map<string, number>();
  const waits = new Set<() => void>();
  const onNode = new Map<string, (at: number) => void>();
  const stop = new AbortController();
  const count = (image: string, by: number) => ready.set(image, (ready.get(image) ?? 0) + by);
  const forget = (uid: string) => {
    const known = pods.get(uid);
    if (known?.ready === true) count(known.image, -1);
    pods.delete(uid);
  };
  const take = (pod: Pod) => {
    const { uid } = pod.metadata;
    forget(uid);
    const image = pod.spec?.containers[0]?.image ?? "";
    const now = isReady(pod);
    pods.set(uid, { image, ready: now });
    if (!now) return;
    count(image, 1);
    onNode.get(pod.spec?.nodeName ?? "")?.(performance.now());
  };
  const tally: PodTally = {
    get total() {
      return pods.size;
    },
    readyOf: (image) => ready.get(image) ?? 0,
    until: (holds) =>
      new Promise((resolve) => {
        const look = () => {
          if (!holds(tally)) return;
          waits.delete(look);
          resolve(performance.now());
        };
        waits.add(look);
        look();
      }),
    readyOn: (node) => new Promise((resolve) => onNode.set(node, resolve)),
    stop: () => stop.abort(),
  };
  const follow = async (): Promise<void> => {
    for await (const events of transport.watch(
      { method: "GET", path, query: { labelSelector } },
      stop.signal,
    )) {
      for (const event of events) {
        if (event.type === "ERROR") throw new Error(`cannot watch pods: ${event.object.message}`);
        // The path watched holds pods alone.
        if (event.type === "DELETED") forget(event.object.metadata.uid);
        else if (event.type !== "BOOKMARK") take(event.object);
      }
      for (const look of waits) look();
    }
  };
  follow().catch((thrown: unknown) => {
    console.error(thrown);
    process.exit(1);
  });
  return tally;
}
