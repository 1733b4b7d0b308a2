// Owns /openapi/v2 and /openapi/v3.
import type { Descriptor } from "../../model/kinds/descriptor.ts";
import type { EncodedAnswer } from "../answer.ts";

export type OpenApi = (request: {
  path: string;
  accept: string;
  ifNoneMatch: string;
}) => Promise<EncodedAnswer | undefined>;
export function createOpenApi(_kinds: readonly Descriptor[], _version: string): OpenApi {
  return () => Promise.resolve(undefined);
}
