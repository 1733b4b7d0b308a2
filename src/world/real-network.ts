// Owns the machine's network: HTTP/1.1 and HTTP/2 on one port, and a client with one set of credentials.
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import type { Server as NetServer, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HttpServer, HttpServerOptions, Network, TlsFiles } from "./http.ts";
import { createClient } from "./real-network-client.ts";
import { exchangeOf, type Incoming, type Outgoing } from "./real-network-exchange.ts";
import { peerOf } from "./real-network-peer.ts";

export const realNetwork: Network = { serve, client: createClient };

// Longer than clients keep idle connections, so that it is they who close them and no request meets a closed one.
const keepAliveMillis = 120_000;
// Megabytes one HTTP/2 session may hold; a session carries many watches, and Node's 10 ends it under load.
const sessionMemoryMax = 1024;

// As upstream's; Node's 16 KB end requests with long selectors.
const headerBytesMax = 1024 * 1024;

function secureServer(tls: TlsFiles): NetServer {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: false }),
    maxSessionMemory: sessionMemoryMax,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20, maxHeaderListSize: headerBytesMax },
  });
  server.on("sessionError", () => undefined);
  return server;
}

/** A client that speaks no HTTP gets a word and the door; the default would be silence or an error nobody hears. */
function onClientError(error: unknown, socket: Duplex): void {
  const isTooLong = error instanceof Error && "code" in error && error.code === "HPE_HEADER_OVERFLOW";
  const status = isTooLong ? "431 Request Header Fields Too Large" : "400 Bad Request";
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

function onUpgrade(options: HttpServerOptions) {
  return (request: Incoming, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => undefined);
    if (options.upgrade === undefined) {
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const peer = peerOf(socket, socket);
    options.upgrade({
      method: request.method ?? "GET",
      target: request.url ?? "/",
      headers: request.headers,
      ...(peer === undefined ? {} : { peer }),
      socket,
      head,
    });
  };
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
  const server: NetServer = options.tls === undefined ? createServer() : secureServer(options.tls);
  const sockets = new Set<Socket>();
  follow(server, sockets);
  server.on("request", (request: Incoming, response: Outgoing) => {
    options.handle(exchangeOf(request, response));
  });
  server.on("upgrade", onUpgrade(options));
  server.on("clientError", onClientError);
  server.on("tlsClientError", (_error: unknown, socket: TLSSocket) => socket.destroy());
  // Both kinds of server have the properties; only the plain one's type names them.
  Object.assign(server, { keepAliveTimeout: keepAliveMillis, maxHeaderSize: headerBytesMax });
  const port = await listen(server, options);
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((resolve) => {
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
