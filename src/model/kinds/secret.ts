// Owns what the API knows about Secret.
import { ageOf } from "../duration.ts";
import { invalid, required, tooLong, type FieldError } from "../field-error.ts";
import { checkImmutable, checkName, checkSealed } from "../field-checks.ts";
import type { Secret } from "../generated/types.ts";
import type { Draft } from "../meta.ts";
import { configKeyFaults } from "../names.ts";
import { ageColumn, column, nameColumn } from "./columns.ts";
import type { Descriptor } from "./descriptor.ts";

const sizeMax = 1024 * 1024;

/** How many bytes a base64 text stands for. */
export const bytesOfBase64 = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

/** `stringData` is for writing only: its entries replace those of `data`. */
function foldStringData(draft: Draft<Secret>): void {
  if (draft.stringData === undefined) return;
  const written = Object.entries(draft.stringData).map(
    ([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")] as const,
  );
  draft.data = { ...draft.data, ...Object.fromEntries(written) };
  delete draft.stringData;
}

/** Entries each type of secret must have. */
const entriesOfType: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function typeFaults({ type = "", data = {}, metadata }: Draft<Secret>): FieldError[] {
  if (type === "kubernetes.io/service-account-token") {
    const annotation = "kubernetes.io/service-account.name";
    return (metadata.annotations?.[annotation] ?? "") === ""
      ? [required(`metadata.annotations[${annotation}]`)]
      : [];
  }
  if (type === "kubernetes.io/basic-auth")
    return Object.hasOwn(data, "username") || Object.hasOwn(data, "password")
      ? []
      : [required("data[username]"), required("data[password]")];
  return (Object.hasOwn(entriesOfType, type) ? (entriesOfType[type] ?? []) : []).flatMap((key) => {
    const value = data[key];
    if (value === undefined) return [required(`data[${key}]`)];
    if (!key.startsWith(".docker")) return [];
    return isJson(value)
      ? []
      : [invalid(`data[${key}]`, "<secret contents redacted>", "must be valid json object")];
  });
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

function validate(draft: Draft<Secret>): FieldError[] {
  let bytes = 0;
  const found: FieldError[] = [];
  for (const [key, value] of Object.entries(draft.data ?? {})) {
    found.push(...checkName(`data[${key}]`, key, configKeyFaults));
    bytes += bytesOfBase64(value);
  }
  if (bytes > sizeMax) found.push(tooLong("data", sizeMax));
  return [...found, ...typeFaults(draft)];
}

export const secret: Descriptor<Secret> = {
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  singular: "secret",
  shortNames: [],
  categories: [],
  namespaced: true,
  storeFolder: "secrets",
  schema: "Secret",
  hasStatus: false,
  hasGeneration: false,
  nameRule: "subdomain",
  fields: { type: (secret) => secret.type ?? "" },
  applyDefaults: (draft) => {
    draft.type ||= "Opaque";
    foldStringData(draft);
  },
  validate,
  validateUpdate: (draft, old) => [
    ...checkImmutable("type", draft.type, old.type),
    ...checkSealed(draft, old, [["data", draft.data, old.data]]),
  ],
  columns: [
    nameColumn,
    column("Type", "string", "What the secret is for, and so which entries it must have."),
    column("Data", "string", "How many entries it has."),
    ageColumn,
  ],
  row: (secret, now) => [
    secret.metadata.name,
    secret.type ?? "",
    Object.keys(secret.data ?? {}).length,
    ageOf(secret.metadata.creationTimestamp, now),
  ],
};
