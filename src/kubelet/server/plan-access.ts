// Owns what a request to the node's server asks to be allowed: a verb on a subresource of the node, as upstream has it.

export interface NodeAttributes {
  readonly verb: string;
  readonly resource: "nodes";
  readonly subresource: string;
}

const verbs: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

const subresources: Readonly<Record<string, string>> = { metrics: "metrics", stats: "stats", logs: "log" };

export const nodeAttributes = (method: string, path: string): NodeAttributes => ({
  verb: verbs[method] ?? method.toLowerCase(),
  resource: "nodes",
  subresource: subresources[path.split("/")[1] ?? ""] ?? "proxy",
});
