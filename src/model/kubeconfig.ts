// Owns kubeconfig files: reading one text, choosing a context, writing one.
import { parseDocument, stringify } from "yaml";

/** What is needed to reach one cluster as one user. Certificates and keys are PEM texts. */
export interface ClusterAccess {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  readonly insecureSkipVerify?: boolean;
  readonly serverName?: string;
  /** Of the context, for commands that are told none. */
  readonly namespace?: string;
}

/** A value that stands in the file itself, or in a file beside it. */
export type Credential = { readonly text: string } | { readonly path: string };

/** One context of a kubeconfig, with what it names not yet read from files. */
export interface ContextAccess {
  readonly server: string;
  readonly ca?: Credential;
  readonly cert?: Credential;
  readonly key?: Credential;
  readonly token?: Credential;
  readonly insecureSkipVerify?: boolean;
  readonly serverName?: string;
  readonly namespace?: string;
}

export class KubeconfigError extends Error {
  constructor(origin: string, field: string, detail: string) {
    super(`cannot use kubeconfig ${origin}: ${field === "" ? "" : `${field}: `}${detail}`);
    this.name = "KubeconfigError";
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A part of the document that knows its place, for messages. */
class Place {
  readonly origin: string;
  readonly field: string;
  private readonly fields: Fields;

  constructor(origin: string, field: string, value: unknown) {
    this.origin = origin;
    this.field = field;
    if (!isFields(value)) throw new KubeconfigError(origin, field, "it must be a map");
    this.fields = value;
  }

  path(name: string): string {
    return this.field === "" ? name : `${this.field}.${name}`;
  }

  fault(name: string, detail: string): KubeconfigError {
    return new KubeconfigError(this.origin, this.path(name), detail);
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string")
      throw this.fault(name, `it must be a string, not ${JSON.stringify(value)}`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.fields[name];
    if (value === undefined || value === null) return false;
    if (typeof value !== "boolean")
      throw this.fault(name, `it must be true or false, not ${JSON.stringify(value)}`);
    return value;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  /** The value under `inner` of the entry with that name in the list `list`. */
  entry(list: string, inner: string, name: string): Place {
    const entries = this.fields[list] ?? [];
    if (!Array.isArray(entries)) throw this.fault(list, "it must be a list");
    const at = entries.findIndex((entry: unknown) => isFields(entry) && entry["name"] === name);
    if (at < 0) {
      const names = entries.flatMap((entry: unknown) => (isFields(entry) ? [String(entry["name"])] : []));
      throw this.fault(
        list,
        `there is no ${inner} named ${JSON.stringify(name)}; there is ${names.join(", ") || "none"}`,
      );
    }
    const found: unknown = entries[at];
    return new Place(
      this.origin,
      `${list}[${at}].${inner}`,
      isFields(found) ? (found[inner] ?? {}) : undefined,
    );
  }

  /** `name-data` (base64 of PEM) wins over `name` (a path), as upstream. */
  credential(name: string): Credential | undefined {
    const inline = this.text(`${name}-data`);
    if (inline !== undefined) return { text: this.decoded(`${name}-data`, inline) };
    const path = this.text(name);
    return path === undefined ? undefined : { path };
  }

  private decoded(name: string, value: string): string {
    const bare = value.replace(/\s+/g, "");
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(bare) || bare.length % 4 !== 0)
      throw this.fault(name, "it is not base64; expected the base64 of a PEM text");
    const text = Buffer.from(bare, "base64").toString("utf8");
    if (!text.includes("-----BEGIN ")) throw this.fault(name, "it is not the base64 of a PEM text");
    return text;
  }
}

function documentOf(text: string, origin: string): Place {
  const document = parseDocument(text, { version: "1.1", schema: "yaml-1.1" });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line;
    throw new KubeconfigError(origin, "", `line ${line ?? "?"} is not YAML: ${fault.message.split("\n")[0]}`);
  }
  return new Place(origin, "", document.toJS() ?? {});
}

const given = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  // One key of the type asked for, or none.
  (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };

/**
 * Reads the context named, or the file's current one.
 * @throws KubeconfigError naming the field at fault. `origin` is how messages call the file.
 */
export function parseKubeconfig(text: string, origin: string, context?: string): ContextAccess {
  const file = documentOf(text, origin);
  const name = context ?? file.text("current-context");
  if (name === undefined) throw file.fault("current-context", "it is not set; name a context");
  const chosen = file.entry("contexts", "context", name);
  const clusterName = chosen.text("cluster");
  if (clusterName === undefined) throw chosen.fault("cluster", "it is missing");
  const cluster = file.entry("clusters", "cluster", clusterName);
  const server = cluster.text("server");
  if (server === undefined) throw cluster.fault("server", "it is missing");
  if (!/^https?:\/\/[^/]/.test(server))
    throw cluster.fault("server", `it must be an http or https URL, not ${JSON.stringify(server)}`);
  return {
    server,
    ...given("ca", cluster.credential("certificate-authority")),
    ...given("serverName", cluster.text("tls-server-name")),
    ...given("insecureSkipVerify", cluster.flag("insecure-skip-tls-verify") || undefined),
    ...given("namespace", chosen.text("namespace")),
    ...userOf(file, chosen.text("user")),
  };
}

function userOf(file: Place, name: string | undefined): Pick<ContextAccess, "cert" | "key" | "token"> {
  if (name === undefined) return {};
  const user = file.entry("users", "user", name);
  for (const unsupported of ["exec", "auth-provider", "username"])
    if (user.has(unsupported))
      throw user.fault(unsupported, "it is not supported; use a client certificate or a token");
  const cert = user.credential("client-certificate");
  const key = user.credential("client-key");
  if (cert !== undefined && key === undefined)
    throw user.fault("client-key", "it is missing beside client-certificate");
  if (key !== undefined && cert === undefined)
    throw user.fault("client-certificate", "it is missing beside client-key");
  const token = user.text("token");
  const tokenFile = user.text("tokenFile");
  return {
    ...given("cert", cert),
    ...given("key", key),
    ...given(
      "token",
      token !== undefined ? { text: token } : tokenFile !== undefined ? { path: tokenFile } : undefined,
    ),
  };
}

/** A kubeconfig with one cluster, user and context, all of that name, and everything inline. */
export function writeKubeconfig(access: ClusterAccess, name: string, user = name): string {
  const data = (pem: string | undefined) =>
    pem === undefined ? undefined : Buffer.from(pem).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: access.server,
          ...given("certificate-authority-data", data(access.ca)),
          ...given("tls-server-name", access.serverName),
          ...given("insecure-skip-tls-verify", access.insecureSkipVerify),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          ...given("client-certificate-data", data(access.cert)),
          ...given("client-key-data", data(access.key)),
          ...given("token", access.token),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, ...given("namespace", access.namespace) } }],
    "current-context": name,
  });
}

/** A cluster alone, nameless and with nobody in it: what `cluster-info` tells those who are to join. */
export const writeClusterInfo = ({ server, ca }: { readonly server: string; readonly ca: string }): string =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "", cluster: { "certificate-authority-data": Buffer.from(ca).toString("base64"), server } },
    ],
    users: null,
    contexts: null,
    "current-context": "",
    preferences: {},
  });

/** @throws KubeconfigError where the text tells of no cluster with an authority. */
export function readClusterInfo(
  text: string,
  origin: string,
): { readonly server: string; readonly ca: string } {
  const cluster = documentOf(text, origin).entry("clusters", "cluster", "");
  const server = cluster.text("server");
  if (server === undefined) throw cluster.fault("server", "it is missing");
  const ca = cluster.credential("certificate-authority");
  if (ca === undefined || !("text" in ca)) throw cluster.fault("certificate-authority-data", "it is missing");
  return { server, ca: ca.text };
}
