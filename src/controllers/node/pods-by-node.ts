// Owns the index from a node to the pods bound to it.
import type { Pod } from "../../model/generated/types.ts";

const boundTo = (pod: Pod): readonly string[] => {
  const nodeName = pod.spec?.nodeName;
  return nodeName === undefined || nodeName === "" ? [] : [nodeName];
};

/** For `InformerOptions.indexes`; the one function lets all controllers share one index. */
export const podsByNode = { node: boundTo };
