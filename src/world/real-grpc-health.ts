// Owns asking for health over the machine's network. The protocol's library is loaded by the first who asks.
import type { Millis } from "../lib/units.ts";
import type { GrpcHealth } from "./grpc-health.ts";

const method = "/grpc.health.v1.Health/Check";
const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** HealthCheckRequest: field 1, the service. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length: number[] = [];
  let left = name.length;
  for (; left > 127; left >>>= 7) length.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([0x0a, ...length, left]), name]);
}

/** HealthCheckResponse: field 1, the status, which is left out where it is 0. */
const statusIn = (answer: Buffer): string => statuses[answer[0] === 0x08 ? (answer[1] ?? 0) : 0] ?? "UNKNOWN";

// The protocol's codes.
const unimplemented = 12;
const deadlineExceeded = 4;
const unavailable = 14;

/** Upstream's. */
function wordsOf(
  failure: { readonly code: number; readonly details: string },
  address: string,
  timeout: Millis,
): string {
  if (failure.code === unimplemented)
    return "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)";
  if (failure.code === deadlineExceeded)
    return `timeout: health rpc did not complete within ${timeout / 1000}s`;
  if (failure.code === unavailable) return `error: failed to connect service at ${JSON.stringify(address)}`;
  return `error: health rpc probe failed: ${failure.details}`;
}

export const realGrpcHealth: GrpcHealth = async ({ host, port }, service, timeout) => {
  const { Client, credentials } = await import("@grpc/grpc-js");
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  const given = Date.now() + timeout;
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method,
      requestOf,
      statusIn,
      service,
      { deadline: given },
      (failure, answered) => {
        client.close();
        if (failure === null)
          return resolve(
            answered === "SERVING"
              ? "serving"
              : { error: `service unhealthy (responded with "${answered}")` },
          );
        resolve({ error: wordsOf(failure, address, timeout) });
      },
    );
  });
};
