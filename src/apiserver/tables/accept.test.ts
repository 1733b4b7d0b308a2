// Owns the table of what a client's Accept is read as.
import { expect, it } from "vitest";
import { Refusal } from "../status.ts";
import { readAccept } from "./accept.ts";

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

it.each([
  { accept: undefined, form: { as: "object" } },
  { accept: "", form: { as: "object" } },
  { accept: "*/*", form: { as: "object" } },
  { accept: "application/json", form: { as: "object" } },
  { accept: "application/vnd.kubernetes.protobuf,application/json", form: { as: "object" } },
  { accept: `${table},application/json`, form: { as: "Table", version: "v1" } },
  { accept: `application/json, ${table}`, form: { as: "object" } },
  { accept: "application/json;as=Table;g=meta.k8s.io;v=v1beta1", form: { as: "Table", version: "v1beta1" } },
  { accept: "application/json;as=Table;g=other;v=v1,*/*", form: { as: "object" } },
  { accept: "application/json;as=Table;v=v2;g=meta.k8s.io", form: "refused" },
  { accept: "application/yaml", form: "refused" },
  { accept: "text/html, application/json;q=0.8", form: { as: "object" } },
  {
    accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    form: { as: "PartialObjectMetadata", version: "v1" },
  },
])("$accept", ({ accept, form }) => {
  const read = readAccept(accept);
  expect(read instanceof Refusal ? "refused" : read).toEqual(form);
});
