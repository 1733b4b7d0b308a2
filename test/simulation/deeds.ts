// Owns what can be done to a simulated cluster from outside.
import type { Millis } from "../../src/lib/units.ts";
import type { Weather } from "./link.ts";
import type { FolderState } from "./manifests.ts";
import type { Mood } from "./node.ts";

export type Component = "controllers" | "scheduler" | "kubelet";
export type Victim = "apiserver" | Component;

export interface SetShape {
  readonly image: string;
  readonly maxUnavailable: number | string;
  readonly maxSurge: number | string;
  readonly onDelete: boolean;
  readonly minReadySeconds: number;
  readonly selective: boolean;
  readonly tolerant: boolean;
  readonly graceSeconds: number;
  /** A liveness probe beside the readiness probe. */
  readonly alive: boolean;
}

/** What keeps a manifest from being a pod. */
export type Flaw = "yaml" | "kind" | "reference" | "empty";

type NetworkDeed =
  | { readonly do: "weather"; readonly weather: Weather; readonly lasts: Millis }
  | {
      readonly do: "stale-reads";
      readonly lag: Millis;
      readonly ofThousand: number;
      readonly lasts: Millis;
    }
  | { readonly do: "cut-watches" }
  | { readonly do: "partition"; readonly node: string; readonly lasts: Millis };

type ProcessDeed =
  | { readonly do: "crash"; readonly who: Victim; readonly node: string; readonly down: Millis }
  | {
      readonly do: "crash-after-write";
      readonly who: Component;
      readonly node: string;
      readonly down: Millis;
    }
  | { readonly do: "clock-jump"; readonly who: Victim; readonly node: string; readonly by: Millis };

type DiskDeed =
  | { readonly do: "disk-full"; readonly lasts: Millis }
  | { readonly do: "disk-slow"; readonly syncMax: Millis; readonly lasts: Millis }
  | { readonly do: "torn-write"; readonly down: Millis };

type MachineDeed =
  | { readonly do: "mood"; readonly node: string; readonly mood: Mood; readonly lasts: Millis }
  | { readonly do: "crash-containers"; readonly node: string }
  | { readonly do: "reboot"; readonly node: string; readonly down: Millis }
  | { readonly do: "join"; readonly node: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly do: "leave"; readonly node: string };

type NodeDeed =
  | { readonly do: "relabel"; readonly node: string; readonly pool: string | null }
  | { readonly do: "taint"; readonly node: string; readonly effect: "NoSchedule" | "NoExecute" | "none" }
  | { readonly do: "cordon"; readonly node: string; readonly on: boolean };

type UserDeed =
  | { readonly do: "apply"; readonly set: string; readonly shape: SetShape }
  | { readonly do: "set-image"; readonly set: string; readonly image: string }
  | { readonly do: "set-strategy"; readonly set: string; readonly shape: SetShape }
  | { readonly do: "undo"; readonly set: string }
  | {
      readonly do: "delete-set";
      readonly set: string;
      readonly propagation: "Background" | "Foreground" | "Orphan";
    }
  | { readonly do: "delete-pod"; readonly node: string }
  /** The pod is another's, or nobody's, by its label; null takes the label away. */
  | { readonly do: "label-pod"; readonly node: string; readonly app: string | null }
  | { readonly do: "nonsense"; readonly which: number };

type FileDeed =
  | {
      readonly do: "put-manifest";
      readonly node: string;
      readonly file: string;
      readonly pod: string;
      readonly image: string;
      readonly how: "whole" | "in-halves";
    }
  | {
      readonly do: "break-manifest";
      readonly node: string;
      readonly file: string;
      readonly flaw: Flaw;
      readonly lasts: Millis;
    }
  | { readonly do: "remove-manifest"; readonly node: string; readonly file: string }
  /** Under another name it is a duplicate, or an editor's backup. */
  | { readonly do: "copy-manifest"; readonly node: string; readonly file: string; readonly to: string }
  | {
      readonly do: "lose-folder";
      readonly node: string;
      readonly state: Exclude<FolderState, "there">;
      readonly lasts: Millis;
    }
  | { readonly do: "deafen-folder"; readonly node: string; readonly lasts: Millis }
  | { readonly do: "delete-mirror"; readonly node: string }
  | { readonly do: "edit-mirror"; readonly node: string; readonly what: "label" | "image" | "hash" };

/** `node` is drawn from all names; where there is no such node just then, nothing happens. */
export type Deed = NetworkDeed | ProcessDeed | DiskDeed | MachineDeed | NodeDeed | UserDeed | FileDeed;
export type On<D extends Deed["do"]> = Extract<Deed, { do: D }>;
export type { FileDeed, UserDeed };
