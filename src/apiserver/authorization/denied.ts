// Owns the refusal of what a caller may not do.
import type { ApiRequest, Caller } from "../../model/wire.ts";
import type { Attributes, Authorize } from "../answer.ts";
import { forbidden, type Refusal } from "../status.ts";

/** The words are upstream's, which people search for. */
export function denied(
  authorize: Authorize,
  caller: Caller,
  method: ApiRequest["method"],
  attributes: Attributes,
): Refusal | undefined {
  const decision = authorize(caller, attributes);
  if (decision === "allow") return undefined;
  const { resource, verb, path } = attributes;
  const because = decision.deny === "" ? "" : `: ${decision.deny}`;
  const act = resource === undefined ? method.toLowerCase() : verb;
  const who = `User ${JSON.stringify(caller.name)} cannot ${act}`;
  if (resource === undefined)
    return forbidden(undefined, "", `${who} path ${JSON.stringify(path)}${because}`);
  const what =
    resource.subresource === undefined ? resource.resource : `${resource.resource}/${resource.subresource}`;
  const where =
    resource.namespace === undefined
      ? "at the cluster scope"
      : `in the namespace ${JSON.stringify(resource.namespace)}`;
  return forbidden(
    resource,
    resource.name ?? "",
    `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(resource.group)} ${where}${because}`,
  );
}
