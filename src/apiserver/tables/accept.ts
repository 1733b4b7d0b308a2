// Owns the reading of `Accept`: in which form the client wants its answer.
import { notAcceptable, type Refusal } from "../status.ts";

export type Form =
  | { readonly as: "object" }
  | { readonly as: "Table"; readonly version: string }
  | { readonly as: "PartialObjectMetadata"; readonly version: string };

const supported = ["application/json"];
const wildcards: ReadonlySet<string> = new Set(["application/json", "application/*", "*/*", ""]);

// Clients send the same few headers with every request.
const knownMax = 100;
const known = new Map<string, Form | Refusal>();

/** The first form in the client's list that we have. */
export function readAccept(accept = ""): Form | Refusal {
  const before = known.get(accept);
  if (before !== undefined) return before;
  const form = readAnew(accept);
  if (known.size >= knownMax) known.clear();
  known.set(accept, form);
  return form;
}

function readAnew(accept: string): Form | Refusal {
  for (const alternative of accept.split(",")) {
    const form = readAlternative(alternative);
    if (form !== undefined) return form;
  }
  return notAcceptable(supported);
}

function readAlternative(text: string): Form | undefined {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  if (!wildcards.has(type.toLowerCase())) return undefined;
  const given = new Map(
    parameters.map((parameter) => {
      const at = parameter.indexOf("=");
      return [parameter.slice(0, at), parameter.slice(at + 1)] as const;
    }),
  );
  const as = given.get("as") ?? "";
  if (as === "") return { as: "object" };
  const version = given.get("v") ?? "";
  if (given.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  if (as === "Table") return { as: "Table", version };
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList"
    ? { as: "PartialObjectMetadata", version }
    : undefined;
}
