// Owns reading who stands behind a connection: the subject of a client certificate that the server has verified.
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Exchange } from "./http.ts";

type Peer = NonNullable<Exchange["peer"]>;

// Reading a certificate costs more than answering a small request, and a connection's never changes.
const read = new WeakMap<object, Peer | "none">();

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

// Lines with nothing in them that is escaped, in which values could be mistaken: as of every node, component and administrator.
const plainLine = /^(CN|O)=([\w:./@-]+)$/;

/** Taking the whole certificate apart costs five times as much as asking for its subject's text. */
function plainSubject(subject: string | undefined): Peer | undefined {
  const organizations: string[] = [];
  let commonName: string | undefined;
  for (const line of subject?.split("\n") ?? []) {
    const [, name, value] = plainLine.exec(line) ?? [];
    if (value === undefined) return undefined;
    if (name === "O") organizations.push(value);
    else commonName = value;
  }
  return commonName === undefined ? undefined : { commonName, organizations };
}

function wholeSubject(socket: TLSSocket): Peer | undefined {
  // A subject may name an organization several times, which the declared type leaves out.
  const subject: Record<string, string | string[] | undefined> | undefined =
    socket.getPeerCertificate().subject;
  const commonName = listOf(subject?.["CN"]).at(-1);
  return commonName === undefined ? undefined : { commonName, organizations: listOf(subject?.["O"]) };
}

/** `connection` is one object for all of its requests, which the socket is not: HTTP/2 shows each stream another one. */
export function peerOf(socket: Duplex | undefined, connection: object | undefined): Peer | undefined {
  const known = connection && read.get(connection);
  if (known !== undefined) return known === "none" ? undefined : known;
  if (connection === undefined || !(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const peer = plainSubject(socket.getPeerX509Certificate()?.subject) ?? wholeSubject(socket);
  read.set(connection, peer ?? "none");
  return peer;
}
