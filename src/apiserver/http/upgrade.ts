// Owns refusing a switch of protocols in words the client can show.
import type { Upgrade } from "../../world/http.ts";
import type { Refusal } from "../status.ts";

export function refuseUpgrade({ socket }: Upgrade, refusal: Refusal): void {
  const body = JSON.stringify(refusal.status);
  const head = [
    `HTTP/1.1 ${refusal.code} ${refusal.status.reason ?? "Refused"}`,
    "Content-Type: application/json",
    `Content-Length: ${new TextEncoder().encode(body).length}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
