// Owns the token by which a list goes on where it stopped: upstream's form, opaque to clients.
import type { Revision } from "../../store/store.ts";

export interface ContinueFrom {
  /** The revision the first page showed; -1 goes on at the newest, of which the client was told. */
  readonly revision: Revision;
  /** The last key seen, without the kind's prefix: `default/rng`. */
  readonly after: string;
}

const version = "meta.k8s.io/v1";

export const writeToken = ({ revision, after }: ContinueFrom): string =>
  Buffer.from(JSON.stringify({ v: version, rv: revision, start: `${after}\u0000` })).toString("base64url");

export function readToken(token: string): ContinueFrom | "bad" {
  try {
    const read: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (typeof read !== "object" || read === null || !("v" in read) || read.v !== version) return "bad";
    if (!("rv" in read) || !Number.isSafeInteger(read.rv) || typeof read.rv !== "number") return "bad";
    if (!("start" in read) || typeof read.start !== "string" || !read.start.endsWith("\u0000")) return "bad";
    const after = read.start.slice(0, -1);
    return read.rv < -1 || read.rv === 0 || after === "" ? "bad" : { revision: read.rv, after };
  } catch {
    return "bad";
  }
}
