// Owns what the API knows about ConfigMap.
import { ageOf } from "../duration.ts";
import { invalid, tooLong, type FieldError } from "../field-error.ts";
import { checkName, checkSealed } from "../field-checks.ts";
import type { ConfigMap } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { configKeyFaults } from "../names.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import { bytesOfBase64 } from "./secret.ts";
import type { Descriptor } from "./descriptor.ts";

const sizeMax = 1024 * 1024;

function validate({ data = {}, binaryData = {} }: Draft<ConfigMap>): FieldError[] {
  let bytes = 0;
  const found: FieldError[] = [];
  for (const [key, value] of Object.entries(data)) {
    found.push(...checkName(`data[${key}]`, key, configKeyFaults));
    if (Object.hasOwn(binaryData, key))
      found.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    found.push(...checkName(`binaryData[${key}]`, key, configKeyFaults));
    bytes += bytesOfBase64(value);
  }
  if (bytes > sizeMax) found.push(tooLong("data", sizeMax));
  return found;
}

export const configMap: Descriptor<ConfigMap> = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  categories: [],
  namespaced: true,
  storeFolder: "configmaps",
  schema: "ConfigMap",
  hasStatus: false,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: {},
  applyDefaults: () => undefined,
  validate,
  validateUpdate: (draft, old) =>
    checkSealed(draft, old, [
      ["data", draft.data, old.data],
      ["binaryData", draft.binaryData, old.binaryData],
    ]),
  columns: [nameColumn, column("Data", "string", "How many entries it has."), ageColumn],
  row: (map, now) => [
    map.metadata.name,
    Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    ageOf(map.metadata.creationTimestamp, now),
  ],
};
