// Owns telling who asks: by client certificate, else by bearer token.
import type { Caller } from "../../model/wire.ts";
import type { Exchange } from "../../world/http.ts";
import type { VerifyToken } from "./service-account-token.ts";

export interface Credentials {
  readonly peer?: Exchange["peer"];
  readonly headers: Exchange["headers"];
}

export type Authenticated =
  | { readonly is: "known"; readonly caller: Caller }
  /** Nothing was shown. */
  | { readonly is: "anonymous" }
  /** Something was shown, and it is nobody's. */
  | { readonly is: "unknown" };

export type Authenticate = (credentials: Credentials) => Authenticated;

export interface StaticToken {
  readonly token: string;
  readonly name: string;
  readonly groups: readonly string[];
}

const everyone = "system:authenticated";
const encoder = new TextEncoder();

/** Takes as long for a near miss as for a far one, so that a token can't be guessed letter by letter. */
export function sameToken(given: Uint8Array, held: Uint8Array): boolean {
  let difference = given.length ^ held.length;
  for (let at = 0; at < held.length; at += 1)
    difference |= (given[at % (given.length || 1)] ?? 0) ^ (held[at] ?? 0);
  return difference === 0;
}

/** What the client calls itself, up to its version: `kubectl/v1.32.0 …` is kubectl. */
function agentOf(headers: Credentials["headers"]): string | undefined {
  const header = headers["user-agent"];
  const agent = typeof header === "string" ? header.split("/", 1)[0]?.trim() : undefined;
  return agent === "" ? undefined : agent;
}

function callerOf(name: string, groups: readonly string[], headers: Credentials["headers"]): Caller {
  const agent = agentOf(headers);
  return {
    name,
    groups: groups.includes(everyone) ? groups : [...groups, everyone],
    ...(agent === undefined ? {} : { agent }),
  };
}

/** A connection's requests come from one program, most often: who asks is put together once for it. */
function certifiedCallers() {
  const last = new WeakMap<object, { readonly agent: unknown; readonly found: Authenticated }>();
  return (peer: NonNullable<Credentials["peer"]>, headers: Credentials["headers"]): Authenticated => {
    const agent = headers["user-agent"];
    const before = last.get(peer);
    if (before !== undefined && before.agent === agent) return before.found;
    const found: Authenticated = {
      is: "known",
      caller: callerOf(peer.commonName, peer.organizations, headers),
    };
    last.set(peer, { agent, found });
    return found;
  };
}

const bearerOf = (headers: Credentials["headers"]): string | undefined => {
  const header = headers["authorization"];
  return typeof header === "string" ? /^bearer +(\S+) *$/i.exec(header)?.[1] : undefined;
};

/** Whose a bearer token is that stands in no table. */
export type TokenLookup = (token: string) => Pick<StaticToken, "name" | "groups"> | undefined;

/**
 * Certificates are believed because the connection has verified them; tokens are those of the table, of service accounts, or
 * found by looking up.
 */
export function createAuthenticate(
  tokens: readonly StaticToken[] = [],
  verify?: VerifyToken,
  lookUp: TokenLookup = () => undefined,
): Authenticate {
  const held = tokens.map(({ token, name, groups }) => ({ bytes: encoder.encode(token), name, groups }));
  const certified = certifiedCallers();
  return ({ peer, headers }) => {
    if (peer !== undefined && peer.commonName !== "") return certified(peer, headers);
    const token = bearerOf(headers);
    if (token === undefined) return { is: headers["authorization"] === undefined ? "anonymous" : "unknown" };
    const given = encoder.encode(token);
    let found = lookUp(token);
    for (const one of held) if (sameToken(given, one.bytes)) found = one;
    if (found !== undefined) return { is: "known", caller: callerOf(found.name, found.groups, headers) };
    const account = verify?.(token)?.caller;
    return account === undefined
      ? { is: "unknown" }
      : { is: "known", caller: { ...account, ...callerOf(account.name, account.groups, headers) } };
  };
}
