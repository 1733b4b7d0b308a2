// Owns which protocol a request for streams is to be answered in, from what its headers offer.

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a remote command's protocol can: each version adds to the ones before. */
export interface CommandProtocol {
  /** As agreed on; empty where the client named none. */
  readonly name: string;
  /** The end of a command is told as a Status (v4). */
  readonly status: boolean;
  /** The terminal's size can be told (v3). */
  readonly resize: boolean;
  /** The client can end its input alone (v5 by WebSocket; by SPDY always). */
  readonly halfClose: boolean;
  readonly base64: boolean;
}

export type StreamProtocol =
  | { readonly is: "websocket"; readonly key: string; readonly protocol: string }
  | { readonly is: "spdy"; readonly protocol: string }
  | {
      readonly is: "refused";
      readonly status: 400 | 403;
      readonly message: string;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface Offered {
  readonly websocket: readonly string[];
  readonly spdy: readonly string[];
}

export const commandProtocols: Offered = {
  websocket: [
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
    "",
  ],
  spdy: [
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v3.channel.k8s.io",
    "v2.channel.k8s.io",
    "channel.k8s.io",
    "",
  ],
};

/** Bytes of SPDY in a WebSocket's messages. */
export const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
export const forwardProtocols: Offered = {
  websocket: [tunnelProtocol, "v4.channel.k8s.io", "v4.base64.channel.k8s.io"],
  spdy: ["portforward.k8s.io", ""],
};

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === "string" ? value : (value ?? []).join(",");
const wordsOf = (value: string | readonly string[] | undefined): string[] =>
  textOf(value)
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

const refused = (
  status: 400 | 403,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): StreamProtocol => ({ is: "refused", status, message, headers });

/** The first of the client's that is served here; a client that names none gets the oldest. */
const agreed = (wanted: readonly string[], served: readonly string[]): string | undefined =>
  wanted.length === 0 ? served.find((one) => one === "") : wanted.find((one) => served.includes(one));

export function planStreamProtocol(headers: HeaderValues, offered: Offered): StreamProtocol {
  const upgrade = textOf(headers["upgrade"]).toLowerCase();
  if (upgrade === "websocket") return planWebSocket(headers, offered.websocket);
  if (upgrade !== "spdy/3.1")
    return refused(400, "unable to upgrade: ask for SPDY/3.1 or websocket in the Upgrade header");
  const wanted = wordsOf(headers["x-stream-protocol-version"]);
  const protocol = agreed(wanted, offered.spdy);
  if (protocol !== undefined) return { is: "spdy", protocol };
  const served = offered.spdy.filter((one) => one !== "").join(", ");
  return refused(
    403,
    `unable to upgrade: unable to negotiate protocol: client supports [${wanted.join(" ")}], server accepts [${served}]`,
    { "X-Accepted-Stream-Protocol-Versions": served },
  );
}

function planWebSocket(headers: HeaderValues, served: readonly string[]): StreamProtocol {
  const key = textOf(headers["sec-websocket-key"]);
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key))
    return refused(400, "unable to upgrade: Sec-WebSocket-Key is missing or is not 16 bytes in base64");
  if (textOf(headers["sec-websocket-version"]) !== "13")
    return refused(400, "unable to upgrade: Sec-WebSocket-Version is not 13", {
      "Sec-WebSocket-Version": "13",
    });
  const wanted = wordsOf(headers["sec-websocket-protocol"]);
  const protocol = agreed(wanted, served);
  return protocol === undefined
    ? refused(
        403,
        `unable to upgrade: unable to negotiate protocol: client supports [${wanted.join(" ")}], server accepts [${served.filter((one) => one !== "").join(", ")}]`,
      )
    : { is: "websocket", key, protocol };
}

/** Of a protocol that was agreed on for a command. */
export function commandProtocol(name: string): CommandProtocol {
  const version = Number(/^v(\d)\./.exec(name)?.[1] ?? 1);
  return {
    name,
    status: version >= 4,
    resize: version >= 3,
    halfClose: version >= 5,
    base64: name.includes("base64."),
  };
}
