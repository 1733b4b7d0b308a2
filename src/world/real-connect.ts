// Owns raw connections that stay, on the machine's network.
import { connect } from "node:net";
import type { Connect } from "./connect.ts";

export const realConnect: Connect = (host, port, timeout) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const fail = (because: string): void => {
      socket.destroy();
      reject(new Error(`dial tcp ${address}: ${because}`));
    };
    socket.setTimeout(timeout, () => fail("i/o timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      fail(error.code === "ECONNREFUSED" ? "connect: connection refused" : error.message),
    );
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
