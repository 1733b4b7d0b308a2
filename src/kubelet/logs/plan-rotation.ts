// Owns what is done with a container's logs when the one being written has grown too long.
import type { Bytes } from "../../lib/units.ts";

export interface RotationLimits {
  /** A log longer than this is rotated away; less than 0 never. */
  readonly sizeMax: Bytes;
  /** Of one container, the log being written among them. */
  readonly filesMax: number;
}

export type RotationAction =
  | { readonly do: "remove"; readonly name: string }
  | { readonly do: "compress"; readonly name: string }
  /** The log gets this name, and the runtime goes on with a new one. */
  | { readonly do: "rotate"; readonly to: string };

interface LogFolder {
  /** `0.log` */
  readonly base: string;
  readonly size: Bytes;
  /** Everything in the folder that begins with the base and a dot, in name order. */
  readonly names: readonly string[];
  /** Of now: `20060102-150405`. */
  readonly stamp: string;
}

/**
 * As upstream's container log manager: what an earlier rotation left half done goes, then the oldest,
 * the rest is compressed, and the newest of the rotated ones stays readable until the next rotation.
 */
export function planRotation(folder: LogFolder, limits: RotationLimits): readonly RotationAction[] {
  const { base, size, names, stamp } = folder;
  if (limits.sizeMax < 0 || size <= limits.sizeMax) return [];
  const isCompressed = (name: string) => names.includes(`${name}.gz`);
  const half = names.filter((name) => name.endsWith(".tmp") || isCompressed(name));
  const whole = names.filter((name) => !half.includes(name));
  const kept = Math.max(0, limits.filesMax - 2);
  const old = whole.slice(0, Math.max(0, whole.length - kept));
  return [
    ...[...half, ...old].map((name) => ({ do: "remove" as const, name })),
    ...whole
      .slice(old.length)
      .filter((name) => !name.endsWith(".gz"))
      .map((name) => ({ do: "compress" as const, name })),
    { do: "rotate", to: `${base}.${stamp}` },
  ];
}
