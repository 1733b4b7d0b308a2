// Owns tests of what is decided about streams: protocols, ends of commands, sizes of windows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endText } from "./plan-command-end.ts";
import {
  commandProtocol,
  commandProtocols,
  forwardProtocols,
  planStreamProtocol,
  tunnelProtocol,
} from "./plan-stream-protocol.ts";
import { stepSizes } from "./step-sizes.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const webSocket = (protocol?: string) => ({
  upgrade: "websocket",
  "sec-websocket-key": key,
  "sec-websocket-version": "13",
  ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
});
const spdy = (protocol?: string) => ({
  upgrade: "SPDY/3.1",
  ...(protocol === undefined ? {} : { "x-stream-protocol-version": protocol }),
});

describe("the protocol of a command", () => {
  it.each([
    [
      "WebSocket, the client's first",
      webSocket("v5.channel.k8s.io"),
      { is: "websocket", key, protocol: "v5.channel.k8s.io" },
    ],
    [
      "WebSocket, the first that is known",
      webSocket("v9.x, v4.channel.k8s.io"),
      { is: "websocket", protocol: "v4.channel.k8s.io" },
    ],
    ["WebSocket of an old client", webSocket(), { is: "websocket", protocol: "" }],
    [
      "WebSocket in base64",
      webSocket("base64.channel.k8s.io"),
      { is: "websocket", protocol: "base64.channel.k8s.io" },
    ],
    ["WebSocket, none known", webSocket("v9.x"), { is: "refused", status: 403 }],
    ["WebSocket without a key", { ...webSocket(), "sec-websocket-key": "x" }, { is: "refused", status: 400 }],
    [
      "WebSocket of another version",
      { ...webSocket(), "sec-websocket-version": "8" },
      { is: "refused", status: 400, headers: { "Sec-WebSocket-Version": "13" } },
    ],
    [
      "SPDY",
      spdy("v4.channel.k8s.io, v3.channel.k8s.io, channel.k8s.io"),
      { is: "spdy", protocol: "v4.channel.k8s.io" },
    ],
    ["SPDY of an old client", spdy(), { is: "spdy", protocol: "" }],
    [
      "SPDY, none known",
      spdy("v9.x"),
      {
        is: "refused",
        status: 403,
        headers: { "X-Accepted-Stream-Protocol-Versions": expect.stringContaining("v4.channel.k8s.io") },
      },
    ],
    ["neither", { upgrade: "h2c" }, { is: "refused", status: 400 }],
  ])("%s", (_name, headers, wanted) =>
    expect(planStreamProtocol(headers, commandProtocols)).toMatchObject(wanted),
  );

  it.each([
    ["", { status: false, resize: false, halfClose: false, base64: false }],
    ["v2.channel.k8s.io", { status: false, resize: false, halfClose: false, base64: false }],
    ["v3.channel.k8s.io", { status: false, resize: true, halfClose: false, base64: false }],
    ["v4.base64.channel.k8s.io", { status: true, resize: true, halfClose: false, base64: true }],
    ["v5.channel.k8s.io", { status: true, resize: true, halfClose: true, base64: false }],
  ])("%j can", (name, wanted) => expect(commandProtocol(name)).toEqual({ name, ...wanted }));
});

it.each([
  ["a tunnel", webSocket(tunnelProtocol), { is: "websocket", protocol: tunnelProtocol }],
  ["channels", webSocket("v4.channel.k8s.io"), { is: "websocket", protocol: "v4.channel.k8s.io" }],
  ["SPDY", spdy("portforward.k8s.io"), { is: "spdy", protocol: "portforward.k8s.io" }],
  ["a command's protocol", spdy("v4.channel.k8s.io"), { is: "refused", status: 403 }],
])("a port-forward by %s", (_name, headers, wanted) =>
  expect(planStreamProtocol(headers, forwardProtocols)).toMatchObject(wanted),
);

describe("the end of a command", () => {
  it.each([
    [0, true, { status: "Success" }],
    [
      7,
      true,
      {
        status: "Failure",
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: "7" }] },
      },
    ],
  ])("with %i as a Status", (exitCode, asStatus, wanted) =>
    expect(JSON.parse(endText({ is: "ended", exitCode }, asStatus))).toMatchObject(wanted),
  );
  it("that failed is a Status of an internal error", () =>
    expect(JSON.parse(endText({ is: "failed", message: "gone" }, true))).toMatchObject({
      status: "Failure",
      reason: "InternalError",
      message: "gone",
      code: 500,
    }));
  it.each([
    [{ is: "ended", exitCode: 0 }, ""],
    [
      { is: "ended", exitCode: 3 },
      "error executing command in container: command terminated with exit code 3",
    ],
    [{ is: "failed", message: "gone" }, "error executing command in container: gone"],
  ] as const)("%j in words", (end, wanted) => expect(endText(end, false)).toBe(wanted));
});

describe("sizes of a window", () => {
  const size = (columns: number, rows: number) => `{"Width":${columns},"Height":${rows}}\n`;
  it.each([
    ["one", size(80, 24), [{ columns: 80, rows: 24 }]],
    [
      "two",
      size(80, 24) + size(1, 2),
      [
        { columns: 80, rows: 24 },
        { columns: 1, rows: 2 },
      ],
    ],
    ["none that makes sense", `{"Width":-1,"Height":2}{"Width":"80","Height":24}{}garbage}`, []],
  ])("%s", (_name, text, wanted) => expect(stepSizes("", text)[1]).toEqual(wanted));

  it("come in whatever pieces, and no text breaks the reader", () => {
    const text = size(80, 24) + size(101, 33);
    fc.assert(
      fc.property(fc.nat({ max: text.length }), fc.string(), (at, noise) => {
        const [rest, first] = stepSizes("", text.slice(0, at));
        const [, second] = stepSizes(rest, text.slice(at));
        expect([...first, ...second]).toEqual([
          { columns: 80, rows: 24 },
          { columns: 101, rows: 33 },
        ]);
        expect(stepSizes("", noise + "x".repeat(2000))[0].length).toBeLessThanOrEqual(1024);
      }),
    );
  });
});
