// Owns what every operation on stored objects works with.
import type { Millis } from "../../lib/units.ts";
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import type { Random } from "../../world/random.ts";
import type { TokenIssuer } from "../authentication/service-account-token.ts";
import type { Deadlines } from "../cache/deadlines.ts";
import type { Feed } from "../cache/feed.ts";
import type { Conversions } from "../custom/conversions.ts";
import type { EventLeases } from "./event-leases.ts";

export interface Limits {
  /** Bytes of one object in the store. */
  readonly objectBytesMax: number;
  /** Changes of a kind kept for resuming watches. */
  readonly ringMax: number;
  /** Events a watch may lag behind before it is cut. */
  readonly backlogMax: number;
  /** How long a read waits for the caches to reach what it asks for. */
  readonly freshTimeout: Millis;
}

export interface Registry {
  readonly store: Store;
  readonly kinds: readonly Descriptor[];
  readonly feed: Feed;
  readonly deadlines: Deadlines;
  readonly eventLeases: EventLeases;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Limits;
  readonly conversions: Conversions;
  /** Without one, service accounts get no tokens here. */
  readonly tokens: TokenIssuer | undefined;
}

export const isKind = (kind: Descriptor, group: string, resource: string): boolean =>
  kind.group === group && kind.resource === resource;

export const isPods = (kind: Descriptor): boolean => isKind(kind, "", "pods");
export const isServiceAccounts = (kind: Descriptor): boolean => isKind(kind, "", "serviceaccounts");
export const isNamespaces = (kind: Descriptor): boolean => isKind(kind, "", "namespaces");
export const isDefinitions = (kind: Descriptor): boolean =>
  isKind(kind, "apiextensions.k8s.io", "customresourcedefinitions");
export const isPriorityClasses = (kind: Descriptor): boolean =>
  isKind(kind, "scheduling.k8s.io", "priorityclasses");
