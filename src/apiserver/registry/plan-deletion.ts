// Owns what deleting an object comes to: at once, after its grace, or after its finalizers; upstream's BeforeDelete.
import { seconds, type Instant } from "../../lib/units.ts";
import type { Meta } from "../../model/meta.ts";
import { formatTime, parseTime } from "../../model/time.ts";

export type Propagation = "Background" | "Foreground" | "Orphan";

export interface DeletionOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly graceSeconds?: number;
  readonly propagation?: Propagation;
}

export interface Deletable {
  readonly metadata: Meta;
  /** Of kinds that end gracefully: how long this object takes by default; 0 leaves nothing to wait for. */
  readonly graceSeconds?: number;
  /** Something besides finalizers keeps the object: a namespace its content. */
  readonly isKept: boolean;
}

/** The metadata a mark sets. */
export interface DeletionMark {
  readonly deletionTimestamp: string;
  readonly deletionGracePeriodSeconds: number;
  readonly finalizers: readonly string[];
  readonly generation?: number;
}

export type DeletionPlan =
  | { readonly do: "refuse"; readonly because: string }
  /** It is being deleted already, and this request changes nothing. */
  | { readonly do: "leave" }
  | { readonly do: "mark"; readonly mark: DeletionMark }
  | { readonly do: "remove" };

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

function brokenPrecondition({ uid, resourceVersion }: Meta, options: DeletionOptions): string | undefined {
  if (options.uid !== undefined && options.uid !== uid)
    return `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    return `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
  return undefined;
}

/** The finalizers that make the garbage collector orphan or delete dependents first, set as the request asks. */
function finalizersFor(present: readonly string[], propagation: Propagation | undefined): string[] {
  if (propagation === undefined) return [...present];
  const others = present.filter((one) => one !== orphanFinalizer && one !== foregroundFinalizer);
  if (propagation === "Orphan") return [...others, orphanFinalizer];
  if (propagation === "Foreground") return [...others, foregroundFinalizer];
  return others;
}

export function planDeletion(object: Deletable, options: DeletionOptions, now: Instant): DeletionPlan {
  const { metadata } = object;
  const because = brokenPrecondition(metadata, options);
  if (because !== undefined) return { do: "refuse", because };
  const waiting = metadata.deletionGracePeriodSeconds ?? 0;
  if (metadata.deletionTimestamp !== undefined && object.graceSeconds !== undefined && waiting > 0)
    return planShortening(object, options, metadata.deletionTimestamp);
  const finalizers = finalizersFor(metadata.finalizers ?? [], options.propagation);
  const isHeld = finalizers.length > 0 || object.isKept;
  const grace = metadata.deletionTimestamp === undefined ? graceOf(object, options) : 0;
  if (grace === 0 && !isHeld) return { do: "remove" };
  if (metadata.deletionTimestamp === undefined) {
    const { generation } = metadata;
    const mark: DeletionMark = {
      deletionTimestamp: formatTime(now + seconds(grace)),
      deletionGracePeriodSeconds: grace,
      finalizers,
      ...(generation === undefined ? {} : { generation: generation + 1 }),
    };
    return { do: "mark", mark };
  }
  if (sameSet(finalizers, metadata.finalizers ?? [])) return { do: "leave" };
  const mark = { deletionTimestamp: metadata.deletionTimestamp, deletionGracePeriodSeconds: 0, finalizers };
  return { do: "mark", mark };
}

function graceOf({ graceSeconds }: Deletable, options: DeletionOptions): number {
  if (graceSeconds === undefined || graceSeconds === 0) return 0;
  const grace = options.graceSeconds ?? graceSeconds;
  return grace < 0 ? 1 : Math.floor(grace);
}

/** A deletion under way may be hastened, never delayed, and its finalizers are no longer the request's to choose. */
function planShortening(object: Deletable, options: DeletionOptions, timestamp: string): DeletionPlan {
  const waiting = object.metadata.deletionGracePeriodSeconds ?? 0;
  // What there was to wait for may have ended meanwhile: then any further deletion is the last.
  const asked = object.graceSeconds === 0 ? 0 : options.graceSeconds;
  const grace = asked === undefined ? waiting : asked < 0 ? 1 : Math.floor(asked);
  if (grace >= waiting) return { do: "leave" };
  const finalizers = object.metadata.finalizers ?? [];
  if (grace === 0 && finalizers.length === 0 && !object.isKept) return { do: "remove" };
  const began = (parseTime(timestamp) ?? 0) - seconds(waiting);
  const mark = {
    deletionTimestamp: formatTime(began + seconds(grace)),
    deletionGracePeriodSeconds: grace,
    finalizers,
  };
  return { do: "mark", mark };
}

const sameSet = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((one) => right.includes(one));

/** Whether an update took away the last thing that kept an object which is being deleted. */
export const isReadyToGo = ({ metadata, isKept }: Deletable): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).length === 0 &&
  !isKept &&
  (metadata.deletionGracePeriodSeconds ?? 0) === 0;
