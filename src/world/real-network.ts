// Owns the machine's network: HTTP/1.1 and HTTP/2 on one port, and a client with one set of credentials.
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { HttpServer, HttpServerOptions, Network, TlsFiles } from "./http.ts";
import { createClient } from "./real-network-client.ts";
import { Connection, lookPeriod, type Handlers } from "./http1/connection.ts";
import { headBytesMax, type Head } from "./http1/parse-head.ts";
import { exchangeOf } from "./real-network-exchange.ts";
import { peerOf } from "./real-network-peer.ts";

export const realNetwork: Network = { serve, client: createClient };

// Megabytes one HTTP/2 session may hold; a session carries many watches, and Node's 10 ends it under load.
const sessionMemoryMax = 1024;

function secureServer(tls: TlsFiles): NetServer {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: false }),
    maxSessionMemory: sessionMemoryMax,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20, maxHeaderListSize: headBytesMax },
  });
  server.on("sessionError", () => undefined);
  return server;
}

/** HTTP/1 connections, looked at from time to time. */
function connections(options: HttpServerOptions): { open: (socket: Socket) => void; stop: () => void } {
  const open = new Set<Connection>();
  const timer = setInterval(() => {
    for (const connection of open) connection.look();
  }, lookPeriod * 1000);
  timer.unref();
  const handlers: Handlers = {
    handle: options.handle,
    upgrade: (head, socket, rest) => upgrade(options, head, socket, rest),
  };
  return {
    open: (socket) => {
      const connection = new Connection(socket, handlers);
      open.add(connection);
      socket.once("close", () => open.delete(connection));
    },
    stop: () => clearInterval(timer),
  };
}

function upgrade(options: HttpServerOptions, head: Head, socket: Socket, rest: Buffer): void {
  if (options.upgrade === undefined) {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const { method, target, headers } = head;
  const peer = peerOf(socket);
  options.upgrade({ method, target, headers, ...(peer === undefined ? {} : { peer }), socket, head: rest });
}

/** The secure server knows both protocols; Node's own HTTP/1 behind it costs as much again as TLS does. */
function splitProtocols(server: NetServer, openHttp1: (socket: Socket) => void): void {
  const toHttp2 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol !== "h2") openHttp1(socket);
    else for (const listener of toHttp2) Reflect.apply(listener, server, [socket]);
  });
}

/** Every open connection, so that closing the server can end them; an error on one concerns no other. */
function follow(server: NetServer, sockets: Set<Socket>): void {
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", hold);
  server.on("secureConnection", (socket: TLSSocket) => hold(socket));
}

async function serve(options: HttpServerOptions): Promise<HttpServer> {
  const http1 = connections(options);
  const server: NetServer = options.tls === undefined ? createServer(http1.open) : secureServer(options.tls);
  if (options.tls !== undefined) splitProtocols(server, http1.open);
  const sockets = new Set<Socket>();
  follow(server, sockets);
  server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
    options.handle(exchangeOf(request, response));
  });
  server.on("tlsClientError", (_error: unknown, socket: TLSSocket) => socket.destroy());
  const port = await listen(server, options);
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((resolve) => {
        http1.stop();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: NetServer, options: HttpServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port, backlog: 4096 }, () => {
      server.removeListener("error", reject);
      // Failing to accept one connection (no file descriptors left) must not end the process.
      server.on("error", () => undefined);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : options.port);
    });
  });
}
