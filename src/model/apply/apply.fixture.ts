// Owns the steps of tests on ownership: an object with its managers, updated and applied to.
import { isJsonObject, type Json, type JsonObject } from "../patch/patched.ts";
import { pathText } from "./element.ts";
import { pathsOf, type FieldSet } from "./field-set.ts";
import type { Managed } from "./managers.ts";
import { shapeOfKind } from "./shape.ts";
import { applyConfig, conflictsText, trackUpdate, type Writer } from "./track.ts";

export const shape = shapeOfKind("DaemonSet");
const writer = (name: string, operation: "Apply" | "Update" = "Apply"): Writer => ({
  manager: { name, operation, apiVersion: "apps/v1", subresource: undefined },
  now: "2026-01-01T00:00:00Z",
  mine: (field) => field !== "status",
});

export const pod = (spec: Json): JsonObject => ({ spec: { template: { spec } } });
export const texts = (set: FieldSet): string[] => pathsOf(set).map(pathText).sort();

export interface State {
  readonly object: JsonObject;
  readonly managed: readonly Managed[];
}

export function apply(state: State, name: string, config: JsonObject, force = false): State {
  const found = applyConfig(
    shape,
    { live: state.object, config, managed: state.managed, force },
    writer(name),
  );
  if (found.is === "conflicts") throw new Error(conflictsText(found.conflicts));
  if (found.is === "malformed") throw new Error(found.because);
  if (!isJsonObject(found.object)) throw new Error("no object");
  return { object: found.object, managed: found.managed };
}

export function update(state: State, name: string, next: JsonObject): State {
  const managed = trackUpdate(
    shape,
    { old: state.object, next, managed: state.managed },
    writer(name, "Update"),
  );
  return { object: next, managed };
}

export const nothing: State = { object: {}, managed: [] };
