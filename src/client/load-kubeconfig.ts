// Owns the reading of a kubeconfig from disk, with the certificate and token files it names.
import { dirname, isAbsolute, join } from "node:path/posix";
import {
  KubeconfigError,
  parseKubeconfig,
  type ClusterAccess,
  type ContextAccess,
  type Credential,
} from "../model/kubeconfig.ts";
import type { Files } from "../world/files.ts";

/**
 * The access that a kubeconfig's context gives; its current context unless one is named.
 * @throws KubeconfigError naming the file, and the field at fault.
 */
export async function loadKubeconfig(files: Files, path: string, context?: string): Promise<ClusterAccess> {
  const text = await files.readText(path);
  if (text === undefined) throw new KubeconfigError(path, "", "there is no such file");
  const found = parseKubeconfig(text, path, context);
  const { ca, cert, key, token, ...plain } = found;
  const read = (name: string, credential: Credential | undefined) =>
    readCredential(files, path, name, credential);
  return {
    ...plain,
    ...(await read("ca", ca)),
    ...(await read("cert", cert)),
    ...(await read("key", key)),
    ...(await read("token", token)),
  };
}

const fieldNames: Readonly<Record<string, string>> = {
  ca: "certificate-authority",
  cert: "client-certificate",
  key: "client-key",
  token: "tokenFile",
} satisfies Partial<Record<keyof ContextAccess, string>>;

async function readCredential(
  files: Files,
  kubeconfig: string,
  name: string,
  credential: Credential | undefined,
): Promise<Record<string, string>> {
  if (credential === undefined) return {};
  if ("text" in credential) return { [name]: credential.text };
  // As upstream: paths in a kubeconfig start at the file's own folder.
  const path = isAbsolute(credential.path) ? credential.path : join(dirname(kubeconfig), credential.path);
  const text = await files.readText(path);
  if (text === undefined)
    throw new KubeconfigError(kubeconfig, fieldNames[name] ?? name, `there is no file ${path}`);
  return { [name]: name === "token" ? text.trim() : text };
}
