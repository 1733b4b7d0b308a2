// Owns what the node is short of: thresholds met, for how long, and the conditions that follow and linger.
import type { Instant } from "../../lib/units.ts";
import {
  amountIn,
  type EvictionSettings,
  type EvictionSignal,
  type Threshold,
} from "../../model/kubelet-configuration/eviction-settings.ts";

export type Pressure = "MemoryPressure" | "DiskPressure" | "PIDPressure";

export interface Reading {
  readonly available: number;
  readonly capacity: number;
}
/** What the machine tells; a signal that it doesn't tell meets no threshold. */
export type Readings = Readonly<Partial<Record<EvictionSignal, Reading>>>;

export interface PressureState {
  /** When a threshold that is met now was first met, by its key. */
  readonly firstMet: Readonly<Record<string, Instant>>;
  readonly lastMet: Readonly<Partial<Record<Pressure, Instant>>>;
  /** Keys of thresholds for which pods are evicted: until what is to be reclaimed beyond them is, too. */
  readonly held: readonly string[];
}

export interface PressureStep {
  readonly state: PressureState;
  readonly pressures: readonly Pressure[];
  /** Past their grace: something is to be freed, memory first. */
  readonly due: readonly Threshold[];
}

export const noPressure: PressureState = { firstMet: {}, lastMet: {}, held: [] };

export const pressureOf = (signal: EvictionSignal): Pressure =>
  signal === "memory.available"
    ? "MemoryPressure"
    : signal === "pid.available"
      ? "PIDPressure"
      : "DiskPressure";
const order: readonly Pressure[] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

const keyOf = ({ signal, isHard }: Threshold): string => `${signal}/${isHard ? "hard" : "soft"}`;

function isMet(threshold: Threshold, readings: Readings, isHeld: boolean): boolean {
  const reading = readings[threshold.signal];
  if (reading === undefined) return false;
  const { available, capacity } = reading;
  const beyond = isHeld ? amountIn(threshold.reclaim, capacity) : 0;
  return available < amountIn(threshold.below, capacity) + beyond;
}

/** As upstream's eviction manager: conditions come with the threshold, evictions with the end of its grace. */
export function stepPressure(
  state: PressureState,
  readings: Readings,
  settings: EvictionSettings,
  now: Instant,
): PressureStep {
  const met = settings.thresholds.filter((threshold) =>
    isMet(threshold, readings, state.held.includes(keyOf(threshold))),
  );
  const firstMet = Object.fromEntries(met.map((one) => [keyOf(one), state.firstMet[keyOf(one)] ?? now]));
  const lastMet: Partial<Record<Pressure, Instant>> = { ...state.lastMet };
  for (const { signal } of met) lastMet[pressureOf(signal)] = now;
  const pressures = order.filter((pressure) => {
    const last = lastMet[pressure];
    return last !== undefined && (last === now || now - last < settings.transition);
  });
  const due = met
    .filter((one) => now - (firstMet[keyOf(one)] ?? now) >= one.grace)
    .sort((a, b) => order.indexOf(pressureOf(a.signal)) - order.indexOf(pressureOf(b.signal)));
  return { state: { firstMet, lastMet, held: due.map(keyOf) }, pressures, due };
}
