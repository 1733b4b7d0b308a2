// Owns acting as somebody else (`kubectl --as`), which those may who may everything.
import type { Caller } from "../../model/wire.ts";
import type { Exchange } from "../../world/http.ts";

const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? value.split(",").map((part) => part.trim()) : value;

/** The caller whom the request is to be judged as, or why it may not be. */
export function impersonate(
  caller: Caller,
  headers: Exchange["headers"],
): { readonly is: "caller"; readonly caller: Caller } | { readonly is: "denied"; readonly because: string } {
  const asked = headers["impersonate-user"];
  const extras = Object.keys(headers).some((name) => name.startsWith("impersonate-"));
  if (!extras) return { is: "caller", caller };
  if (!caller.groups.includes("system:masters"))
    return {
      is: "denied",
      because: `User ${JSON.stringify(caller.name)} cannot impersonate resource "users" in API group "" at the cluster scope`,
    };
  if (typeof asked !== "string" || asked === "")
    return { is: "denied", because: "requests that impersonate groups must name a user" };
  const groups = [...valuesOf(headers["impersonate-group"]), "system:authenticated"];
  return { is: "caller", caller: { ...caller, name: asked, groups: [...new Set(groups)] } };
}
