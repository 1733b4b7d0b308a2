// Owns the answer to a request for streams: the switch of protocols, or why not.
import { webSocketAccept } from "../../world/websocket-accept.ts";
import type { Upgrade } from "../../world/http.ts";
import type { StreamProtocol } from "./plan-stream-protocol.ts";

const words: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
};

const headOf = (status: number, headers: Readonly<Record<string, string>>): string =>
  [
    `HTTP/1.1 ${status} ${words[status] ?? "Refused"}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");

/** Answers in plain text and hangs up. */
export function refuse(
  { socket }: Upgrade,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${message}\n`;
  const all = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
    ...headers,
  };
  socket.end(headOf(status, all) + body);
}

/** From here on the socket speaks the other protocol; what came with the request is read first. */
export function accept({ socket, head }: Upgrade, agreed: Exclude<StreamProtocol, { is: "refused" }>): void {
  if (head.length > 0) socket.unshift(head);
  socket.write(
    headOf(
      101,
      agreed.is === "websocket"
        ? {
            Upgrade: "websocket",
            Connection: "Upgrade",
            "Sec-WebSocket-Accept": webSocketAccept(agreed.key),
            ...(agreed.protocol === "" ? {} : { "Sec-WebSocket-Protocol": agreed.protocol }),
          }
        : {
            Upgrade: "SPDY/3.1",
            Connection: "Upgrade",
            ...(agreed.protocol === "" ? {} : { "X-Stream-Protocol-Version": agreed.protocol }),
          },
    ),
  );
}
