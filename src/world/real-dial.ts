// Owns raw connections on the machine's network.
import { connect } from "node:net";
import type { Dial } from "./dial.ts";

export const realDial: Dial = (host, port, timeout) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(timeout);
    socket.once("connect", () => {
      socket.destroy();
      resolve("open");
    });
    socket.once("timeout", () => {
      socket.destroy();
      resolve({ error: `dial tcp ${host}:${port}: i/o timeout` });
    });
    socket.once("error", (error) => {
      socket.destroy();
      resolve({ error: `dial tcp ${host}:${port}: ${error.message}` });
    });
  });
