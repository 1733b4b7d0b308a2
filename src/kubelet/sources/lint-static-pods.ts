// Owns what a kubelet would refuse of a static pod beyond its file: features it has no way to give.
import type { Pod } from "../../model/generated/types.ts";
import { supportVerdict } from "../admission.ts";

/** In words, one a fault. */
export function lintStaticPod(pod: Pod): readonly string[] {
  const verdict = supportVerdict(pod);
  return verdict === undefined ? [] : [verdict.message];
}
