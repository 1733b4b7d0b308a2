// Owns the proof that health is asked for as grpc.health.v1 has it, of a real server.
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realGrpcHealth } from "./real-grpc-health.ts";

const long = "s".repeat(300);
const answers: Readonly<Record<string, number>> = { "": 1, sick: 2, strange: 3, [long]: 1 };

describe("health by gRPC", () => {
  const server = new Server();
  let port = 0;

  beforeAll(async () => {
    const method = {
      path: "/grpc.health.v1.Health/Check",
      requestStream: false,
      responseStream: false,
      // Field 1, a text: its length is a varint of one byte or two.
      requestDeserialize: (bytes: Buffer) => ({
        service: bytes.subarray(bytes.length > 129 ? 3 : 2).toString(),
      }),
      requestSerialize: ({ service }: { service: string }) => Buffer.from(service),
      responseSerialize: (code: number) => Buffer.from([8, code]),
      responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
    };
    server.addService(
      { check: method },
      {
        check: (
          call: { request: { service: string } },
          answer: (failure: object | null, code?: number) => void,
        ) => {
          if (call.request.service === "slow") return;
          if (call.request.service === "none") return answer({ code: status.UNIMPLEMENTED });
          answer(null, answers[call.request.service] ?? 0);
        },
      },
    );
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (failure, bound) =>
        failure === null ? resolve(bound) : reject(failure),
      ),
    );
  });
  afterAll(() => server.forceShutdown());

  it.each([
    ["", "serving"],
    [long, "serving"],
    ["sick", 'service unhealthy (responded with "NOT_SERVING")'],
    ["strange", 'service unhealthy (responded with "SERVICE_UNKNOWN")'],
    ["none", "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)"],
  ])("of service %j: %s", async (service, expected) => {
    const answer = await realGrpcHealth({ host: "127.0.0.1", port }, service, 20_000);
    expect(typeof answer === "string" ? answer : answer.error).toBe(expected);
  });

  it("is not waited for longer than the timeout", async () => {
    expect(await realGrpcHealth({ host: "127.0.0.1", port }, "slow", 300)).toEqual({
      error: "timeout: health rpc did not complete within 0.3s",
    });
  });

  it("of nobody is a failure to connect", async () => {
    const answer = await realGrpcHealth({ host: "127.0.0.1", port: 1 }, "", 20_000);
    expect(answer).toEqual({ error: 'error: failed to connect service at "127.0.0.1:1"' });
  });
});
