// Owns a cluster's keys and certificates on disk: made once, kept while they serve, renewed when they don't.
import { join } from "node:path";
import type { Files } from "../world/files.ts";
import {
  fits,
  makeAuthority,
  makeCertificate,
  type CertificateRequest,
  type KeyPair,
} from "../world/certificates.ts";
import type { Clock } from "../world/clock.ts";
import type { Log } from "../world/log.ts";

const year = 365 * 86_400_000;

export interface AuthorityPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  /** Where the pairs are kept: `NAME.crt` and `NAME.key`. */
  readonly folder: string;
}

/** Gives the pair kept under a name if it still does what is asked, else a new one, and keeps that. */
export interface Authority {
  readonly ca: KeyPair;
  issue(name: string, request: Omit<CertificateRequest, "validFor">): Promise<KeyPair>;
  /** A new pair that is kept nowhere. */
  sign(request: Omit<CertificateRequest, "validFor">): Promise<KeyPair>;
}

async function readPair({ files, folder }: AuthorityPorts, name: string): Promise<KeyPair | undefined> {
  const [cert, key] = await Promise.all([
    files.readText(join(folder, `${name}.crt`)),
    files.readText(join(folder, `${name}.key`)),
  ]);
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

async function keepPair({ files, folder }: AuthorityPorts, name: string, pair: KeyPair): Promise<KeyPair> {
  // The key first: a certificate without its key would be taken for a broken pair.
  await files.writeText(join(folder, `${name}.key`), pair.key, 0o600);
  await files.writeText(join(folder, `${name}.crt`), pair.cert);
  return pair;
}

/** Opens the authority kept in the folder or makes one. */
export async function openAuthority(ports: AuthorityPorts): Promise<Authority> {
  const kept = await readPair(ports, "ca");
  const usable =
    kept !== undefined &&
    fits(ports.clock, kept, { commonName: "everynode-ca", use: { is: "authority" } }).is === "fits";
  const ca = usable ? kept : await keepPair(ports, "ca", await makeAuthority(ports.clock, "everynode-ca"));
  return {
    ca,
    sign: (request) => makeCertificate(ports.clock, { ...request, validFor: year }, ca),
    async issue(name, request) {
      const old = await readPair(ports, name);
      const fit = old === undefined ? undefined : fits(ports.clock, old, request, ca);
      if (old !== undefined && fit?.is === "fits") return old;
      if (fit?.is === "unfit") ports.log.info("renewing a certificate", { name, because: fit.because });
      return keepPair(ports, name, await makeCertificate(ports.clock, { ...request, validFor: year }, ca));
    },
  };
}
