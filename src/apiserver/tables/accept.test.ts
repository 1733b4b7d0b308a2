// Owns the table of what a client's Accept is read as.
import { expect, it } from "vitest";
import { kinds } from "../../model/kinds/kinds.ts";
import { Refusal } from "../status.ts";
import { plainEncoding, readAccept } from "./accept.ts";

const json = "application/json";
const yaml = "application/yaml";
const protobuf = "application/vnd.kubernetes.protobuf";
const table = `${json};as=Table;v=v1;g=meta.k8s.io`;
const partial = "as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const pods = kinds.find(({ kind }) => kind === "Pod");
if (pods === undefined) throw new Error("there are no pods");
// What makes a kind custom does not matter here, only that it is.
const widgets = { ...pods, custom: {} } as typeof pods;

const inWords = (read: ReturnType<typeof readAccept>): string => {
  if (read instanceof Refusal) return `refused: ${read.status.message ?? ""}`;
  const { form, encoding } = read;
  return form.as === "object" ? encoding : `${form.as} ${form.version} in ${encoding}`;
};
const refused = `refused: only the following media types are accepted: ${json}, ${yaml}, ${protobuf}`;

it.each([
  [undefined, "json"],
  ["", "json"],
  ["*/*", "json"],
  ["*", "json"],
  ["application/*", "json"],
  [json, "json"],
  [protobuf, "protobuf"],
  [`${protobuf},${json}`, "protobuf"],
  [`${json},${protobuf}`, "json"],
  [`${protobuf};stream=watch`, "protobuf"],
  [`${protobuf};stream=other`, refused],
  [`${protobuf};q=0.5,${json}`, "json"],
  [`${json};q=0.5 , ${protobuf};q=0.7`, "protobuf"],
  [`*/*,${protobuf}`, "protobuf"],
  [`application/*,${protobuf}`, "protobuf"],
  [`${protobuf};q=0`, "protobuf"],
  ["Application/JSON", refused],
  ["text/*", refused],
  ["json", refused],
  ["application/json/x", refused],
  [" , ", refused],
  [`${protobuf};sv=v1,${json}`, "protobuf"],
  [`${protobuf};sv=v2,${json}`, "json"],
  [`${protobuf};color=blue`, "protobuf"],
  [`${table},${json}`, "Table v1 in json"],
  [`${json}, ${table}`, "json"],
  [`${json};as=Table;g=meta.k8s.io;v=v1beta1`, "Table v1beta1 in json"],
  [`${json};as=Table;g=other;v=v1,*/*`, "json"],
  [`${json};as=Table;v=v2;g=meta.k8s.io`, refused],
  [`${json};g=meta.k8s.io`, refused],
  [`${protobuf};as=Table;v=v1;g=meta.k8s.io,${table},${json}`, "Table v1 in json"],
  [`${protobuf};as=Table;v=v1;g=meta.k8s.io,${protobuf}`, "protobuf"],
  [yaml, "yaml"],
  [`${yaml},${json}`, "yaml"],
  [`text/yaml,${yaml};q=0.5,${json};q=0.1`, "yaml"],
  [`${yaml};as=Table;v=v1;g=meta.k8s.io`, "Table v1 in yaml"],
  ["text/html, application/json;q=0.8", "json"],
  [`${json};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`, "PartialObjectMetadata v1 in json"],
  [`${protobuf};${partial},${json};${partial},${json}`, "PartialObjectMetadata v1 in protobuf"],
])("reads %s as %s", (accept, expected) => {
  expect(inWords(readAccept(accept, pods, false))).toBe(expected);
});

it("names the types of streams to those who watch", () => {
  expect(inWords(readAccept("text/plain", pods, true))).toBe(
    `refused: only the following media types are accepted: ${json};stream=watch, ${protobuf};stream=watch`,
  );
});

it.each([
  [protobuf, refused],
  [`${protobuf},${json}`, "json"],
  [`${protobuf};${partial}`, "PartialObjectMetadata v1 in protobuf"],
])("of custom kinds reads %s as %s", (accept, expected) => {
  expect(inWords(readAccept(accept, widgets, false))).toBe(expected);
});

it.each([
  [undefined, "json"],
  [protobuf, "protobuf"],
  ["text/html", "json"],
  [`${protobuf};${partial},${json}`, "json"],
])("puts errors for %s in %s", (accept, expected) => {
  expect(plainEncoding(accept)).toBe(expected);
});
