// Owns the API as a source of pods: those bound to this node, mirror pods aside.
import type { Informer } from "../../client/client.ts";
import type { Pod } from "../../model/generated/types.ts";
import { isMirror } from "../../model/pod/mirror.ts";
import { annotationSource, isStatic, type PodSource } from "./source.ts";

/** Whoever writes so into a pod of the API does not make it the node's own. */
function asOfApi(pod: Pod): Pod {
  if (!isStatic(pod)) return pod;
  const annotations = { ...pod.metadata.annotations, [annotationSource]: "api" };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

/** The informer must follow the pods with `spec.nodeName` of this node. */
export function createApiSource(pods: Informer<Pod>): PodSource {
  return {
    name: "api",
    start(told) {
      let ended = false;
      const end = pods.onChange((change) => {
        if (isMirror(change.object)) return;
        if (change.is === "removed") return told.remove(change.object.metadata.uid);
        // Deleted and made again under one name between two looks: two pods, not one that changed.
        if (change.is === "changed" && change.previous.metadata.uid !== change.object.metadata.uid)
          told.remove(change.previous.metadata.uid);
        told.put(asOfApi(change.object));
      });
      pods.synced.then(
        () => {
          if (!ended) told.ready();
        },
        () => undefined,
      );
      return () => {
        ended = true;
        end();
      };
    },
  };
}
