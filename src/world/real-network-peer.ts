// Owns reading who stands behind a connection: the subject of a client certificate that the server has verified.
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Exchange } from "./http.ts";

type Peer = NonNullable<Exchange["peer"]>;

// Reading a certificate costs more than answering a small request, and a connection's never changes.
const read = new WeakMap<TLSSocket, Peer | "none">();

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

export function peerOf(socket: Duplex | undefined): Peer | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const known = read.get(socket);
  if (known !== undefined) return known === "none" ? undefined : known;
  // A subject may name an organization several times, which the declared type leaves out.
  const subject: Record<string, string | string[] | undefined> | undefined =
    socket.getPeerCertificate().subject;
  const commonName = listOf(subject?.["CN"]).at(-1);
  const peer = commonName === undefined ? undefined : { commonName, organizations: listOf(subject?.["O"]) };
  read.set(socket, peer ?? "none");
  return peer;
}
