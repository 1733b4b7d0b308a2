// Owns the answer that proves to a WebSocket client that its handshake was understood (RFC 6455, 4.2.2).
import { createHash } from "node:crypto";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export const webSocketAccept = (key: string): string =>
  createHash("sha1")
    .update(key + guid)
    .digest("base64");
