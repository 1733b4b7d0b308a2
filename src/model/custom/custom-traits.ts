// Owns what a descriptor tells of a kind that a CustomResourceDefinition defines, beyond what every descriptor tells.
import type { Shape } from "../apply/shape.ts";
import type { KubeObject } from "../meta.ts";
import type { SchemaFindings } from "../schema-check.ts";
import type { ConversionHook } from "./conversion.ts";
import type { ScalePaths } from "./scale.ts";
import type { Schema } from "./schema.ts";

export interface CustomTraits {
  /** Name of the CustomResourceDefinition. */
  readonly definition: string;
  readonly listKind: string;
  readonly schema: Schema;
  /** Of the objects in this version. */
  readonly apiVersion: string;
  /** What converts objects of other versions to this one; absent where they differ in nothing but their name. */
  readonly hook?: ConversionHook;
  /** `apiVersion` of the objects in the store. */
  readonly storedAs: string;
  /** The body's fields that the schema has, a private copy. */
  readonly check: (body: unknown) => SchemaFindings;
  /** An object, converted where there is a hook, as this version shows it; the object itself where there is no difference. */
  readonly shownAs: (object: KubeObject) => KubeObject;
  readonly shape: () => Shape;
  /** Where `/scale` is served. */
  readonly scale?: ScalePaths;
  /** Told with each answer: the version is deprecated. */
  readonly warning?: string;
}
