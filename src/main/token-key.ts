// Owns the key on disk that service accounts' tokens are signed with: `sa.key`, as kubeadm names it.
import { join } from "node:path";
import type { Files } from "../world/files.ts";
import { makeSigningKey, openSigningKey, type SigningKey } from "../world/signing.ts";
import { Refusal } from "./refusal.ts";

interface Kept {
  readonly files: Files;
  readonly folder: string;
}

/** The key kept in the folder, made the first time. A new one would end every token: one that can't be read is never replaced. */
export async function openTokenKey({ files, folder }: Kept): Promise<SigningKey> {
  const path = join(folder, "sa.key");
  const kept = await files.readText(path);
  const pem = kept ?? makeSigningKey();
  if (kept === undefined) await files.writeText(path, pem, 0o600);
  const key = openSigningKey(pem);
  if (key === undefined)
    throw new Refusal(
      `cannot sign tokens with ${path}: it is no RSA or ECDSA P-256 private key in PEM; restore it, or remove it to have a new one made (tokens given out then end)`,
    );
  return key;
}
