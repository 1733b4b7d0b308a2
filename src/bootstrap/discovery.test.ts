// Owns the proof that a machine believes only the cluster it was told of.
import { beforeAll, describe, expect, test } from "vitest";
import { writeClusterInfo } from "../model/kubeconfig.ts";
import { makeAuthority } from "../world/certificates.ts";
import type { ClientResponse, HttpClientOptions, Network } from "../world/http.ts";
import { publicKeyPin, signDetached } from "../world/signatures.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { discover } from "./discovery.ts";

const server = "https://192.0.2.1:6443";
const token = { id: "abcdef", secret: "0123456789abcdef" };
let ca = "";
let pin = "";
beforeAll(async () => {
  ({ cert: ca } = await makeAuthority(new VirtualClock(Date.UTC(2026, 0, 1)), "everynode-ca"));
  pin = publicKeyPin(ca);
});

interface Told {
  readonly status?: number;
  readonly body?: string;
  readonly error?: Error;
}

/** A server that answers what it is told to, by what the client trusts. */
function networkOf(answer: (trust: HttpClientOptions, asked: number) => Told): Network {
  let asked = 0;
  return {
    serve: () => Promise.reject(new Error("nothing is served")),
    client: (trust) => ({
      request: async () => {
        const { status = 200, body = "", error } = answer(trust, (asked += 1));
        if (error !== undefined) throw error;
        const response: ClientResponse = {
          status,
          headers: {},
          text: async () => body,
          chunks: {
            [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
          },
          discard: async () => undefined,
        };
        return response;
      },
      close: async () => undefined,
    }),
  };
}

const info = (content: string, secret = token.secret, id = token.id): string =>
  JSON.stringify({
    data: { kubeconfig: content, [`jws-kubeconfig-${id}`]: signDetached(content, id, secret) },
  });
const kubeconfig = (at = server): string => writeClusterInfo({ server: at, ca });

async function tried(
  answer: Parameters<typeof networkOf>[0],
  pins: () => readonly string[] = () => [pin],
): Promise<unknown> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const found = discover({
    clock,
    network: networkOf(answer),
    server,
    token,
    pins: pins(),
    timeout: 3000,
  }).catch((thrown: Error) => thrown.message);
  await clock.advanceAsync(5000);
  return found;
}

describe("finding the cluster", () => {
  test("where token and pin fit, and its own authority vouches for it", async () => {
    const trusts: HttpClientOptions[] = [];
    const found = await tried((trust) => {
      trusts.push(trust);
      return { body: info(kubeconfig()) };
    });
    expect(found).toEqual({ server, ca });
    expect(trusts).toEqual([{ insecureSkipVerify: true }, { ca }]);
  });

  test("with no pin, by the token alone", async () => {
    expect(
      await tried(
        () => ({ body: info(kubeconfig()) }),
        () => [],
      ),
    ).toEqual({ server, ca });
  });

  test("waits a little for a token that was made just now", async () => {
    const found = await tried((_trust, asked) => ({
      body: asked < 3 ? JSON.stringify({ data: { kubeconfig: kubeconfig() } }) : info(kubeconfig()),
    }));
    expect(found).toEqual({ server, ca });
  });

  test.each<[string, (trust: HttpClientOptions, asked: number) => Told, RegExp]>([
    [
      "nobody there",
      () => ({ error: new Error("connect ECONNREFUSED") }),
      /cannot reach https.*ECONNREFUSED/,
    ],
    ["another server", () => ({ status: 404 }), /it answers 404 .* no API server of a cluster/],
    ["no JSON", () => ({ body: "<html>" }), /holds no kubeconfig/],
    ["no kubeconfig", () => ({ body: '{"data":{}}' }), /holds no kubeconfig/],
    [
      "an unknown token",
      () => ({ body: info(kubeconfig(), token.secret, "zzzzzz") }),
      /knows no token abcdef/,
    ],
    [
      "another secret",
      () => ({ body: info(kubeconfig(), "ffffffffffffffff") }),
      /its second part is another/,
    ],
    [
      "a changed content",
      () => ({ body: info(kubeconfig()).replace("192.0.2.1", "192.0.2.66") }),
      /its second part is another/,
    ],
    ["no cluster in it", () => ({ body: info("clusters: []") }), /there is no cluster named ""/],
    [
      "a certificate the authority did not sign",
      (trust) =>
        trust.ca === undefined
          ? { body: info(kubeconfig()) }
          : { error: new Error("unable to verify the first certificate") },
      /cannot reach .* unable to verify/,
    ],
    [
      "another tale the second time",
      (_trust, asked) => ({ body: info(kubeconfig(asked === 1 ? server : "https://192.0.2.66:6443")) }),
      /changed while it was asked/,
    ],
  ])("%s", async (_name, answer, says) => {
    expect(await tried(answer)).toMatch(says);
  });

  test("another authority than the one pinned", async () => {
    const other = `sha256:${"0".repeat(64)}`;
    expect(
      await tried(
        () => ({ body: info(kubeconfig()) }),
        () => [other],
      ),
    ).toContain(`its authority's key is ${pin}, and --ca-hash gives ${other}`);
  });
});
