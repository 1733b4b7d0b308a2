// Owns when a node is short of something, as a KubeletConfiguration says it: signals, thresholds, what is reclaimed beyond them.
import type { Millis } from "../../lib/units.ts";
import { parseQuantity, unitsOf } from "../quantity.ts";
import type { KubeletConfiguration } from "./kubelet-configuration.ts";

/** Upstream's. This kubelet's containers are on the same file system as all else: what is said of images is not observed. */
export const signals = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "pid.available",
  "imagefs.available",
  "imagefs.inodesFree",
  "containerfs.available",
  "containerfs.inodesFree",
] as const;
export type EvictionSignal = (typeof signals)[number];

/** An amount, or a part of the capacity. */
export type Amount =
  { readonly is: "amount"; readonly amount: number } | { readonly is: "share"; readonly share: number };

export interface Threshold {
  readonly signal: EvictionSignal;
  readonly below: Amount;
  /** How long it is to be so before pods are evicted; 0 of a hard threshold. */
  readonly grace: Millis;
  readonly isHard: boolean;
  /** Freed beyond the threshold once pods are evicted. */
  readonly reclaim: Amount;
}

export interface EvictionSettings {
  readonly thresholds: readonly Threshold[];
  /** How long a condition stays after its signal is well again. */
  readonly transition: Millis;
  /** Of pods evicted for a soft threshold. */
  readonly podGraceMaxSeconds: number;
}

/** Undefined where the text is neither a quantity from 0 on nor a percentage from 0 to 100. */
export function parseThreshold(text: string): Amount | undefined {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined)
    return Number(percent) > 100 ? undefined : { is: "share", share: Number(percent) / 100 };
  return parseQuantity(text).is === "ok" && !text.startsWith("-")
    ? { is: "amount", amount: unitsOf(text) }
    : undefined;
}

export const amountIn = (amount: Amount, capacity: number): number =>
  amount.is === "amount" ? amount.amount : amount.share * capacity;

const nothing: Amount = { is: "amount", amount: 0 };

/** Upstream's on Linux, without those of images. */
const defaultHard: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
  "nodefs.inodesFree": "5%",
};
const transitionDefault: Millis = 300_000;

/** What is 0 % or 100 % is off, as upstream's. */
const isOn = (amount: Amount): boolean => amount.is === "amount" || (amount.share > 0 && amount.share < 1);

/** Settings given are the only ones, unless they are to be merged with the defaults. */
export function evictionSettings(of: KubeletConfiguration): EvictionSettings {
  const hard =
    of.evictionHard === undefined || of.mergeDefaultEvictionSettings === true
      ? { ...defaultHard, ...of.evictionHard }
      : of.evictionHard;
  const thresholdsOf = (given: Readonly<Record<string, string>>, isHard: boolean): Threshold[] =>
    signals.flatMap((signal) => {
      const below = parseThreshold(given[signal] ?? "");
      if (below === undefined || !isOn(below)) return [];
      const reclaim = parseThreshold(of.evictionMinimumReclaim?.[signal] ?? "") ?? nothing;
      const grace = isHard ? 0 : (of.evictionSoftGracePeriod?.[signal] ?? 0);
      return [{ signal, below, grace, isHard, reclaim }];
    });
  return {
    thresholds: [...thresholdsOf(hard, true), ...thresholdsOf(of.evictionSoft ?? {}, false)],
    transition: of.evictionPressureTransitionPeriod ?? transitionDefault,
    podGraceMaxSeconds: of.evictionMaxPodGracePeriod ?? 0,
  };
}
