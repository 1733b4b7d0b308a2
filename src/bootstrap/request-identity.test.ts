// Owns the proof of how a machine gets its certificate.
import { describe, expect, test, vi } from "vitest";
import { createFakeApi, type FakeApi } from "../client/fake-api.fixture.ts";
import { createClient } from "../client/kube-client.ts";
import { readCertificateRequest } from "../model/certificate-request.ts";
import type { CertificateSigningRequest } from "../model/generated/types.ts";
import { certificateSigningRequest as kind } from "../model/kinds/certificate-signing-request/certificate-signing-request.ts";
import { node } from "../model/kinds/node.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { checkNameFree, requestIdentity } from "./request-identity.ts";

function begin(): { clock: VirtualClock; api: FakeApi; asked: Parameters<typeof requestIdentity>[0] } {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const api = createFakeApi(clock);
  const client = createClient(api.transport);
  return { clock, api, asked: { clock, client, nodeName: "boat", timeout: 60_000, say: () => undefined } };
}

/** The request once it is there: its key takes real time to make. */
const requestOf = (api: FakeApi): Promise<CertificateSigningRequest> =>
  vi.waitFor(() => {
    const [found] = api.all(kind);
    if (found === undefined) throw new Error("no request yet");
    return found;
  }, 20_000);
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((thrown: Error) => thrown.message);

describe("asking for a certificate", () => {
  test("asks for the node's own name, and takes what is signed", async () => {
    const { clock, api, asked } = begin();
    const got = requestIdentity(asked);
    const { metadata, spec, ...rest } = await requestOf(api);
    expect(spec).toMatchObject({
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["digital signature", "client auth"],
    });
    expect(readCertificateRequest(spec.request)).toMatchObject({
      commonName: "system:node:boat",
      organizations: ["system:nodes"],
    });
    await clock.advanceAsync(5000);
    api.put(kind, {
      ...rest,
      metadata,
      spec,
      status: { certificate: Buffer.from("CERT").toString("base64") },
    });
    await clock.advanceAsync(1000);
    expect(await got).toEqual({ cert: "CERT", key: expect.stringContaining("PRIVATE KEY") });
  });

  test.each<[string, CertificateSigningRequest["status"], RegExp]>([
    [
      "is told who denied it and why",
      { conditions: [{ type: "Denied", status: "True", message: "not in my harbour" }] },
      /was denied: not in my harbour/,
    ],
    [
      "and why it failed",
      { conditions: [{ type: "Failed", status: "True", reason: "SignerValidationFailure" }] },
      /failed: SignerValidationFailure/,
    ],
  ])("%s", async (_name, status, says) => {
    const { clock, api, asked } = begin();
    const got = outcome(requestIdentity(asked));
    const { metadata, spec, ...rest } = await requestOf(api);
    api.put(kind, { ...rest, metadata, spec, status });
    await clock.advanceAsync(1000);
    expect(await got).toMatch(says);
  });

  test("gives up in time, and says how a person can approve it", async () => {
    const { clock, api, asked } = begin();
    const got = outcome(requestIdentity(asked));
    const { metadata } = await requestOf(api);
    await clock.advanceAsync(61_000);
    expect(await got).toContain(`kubectl certificate approve ${metadata.name}`);
  });

  test("says that a token is not believed", async () => {
    const { api, asked } = begin();
    api.intercept = () => ({
      status: 401,
      body: { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Unauthorized", code: 401 },
    });
    expect(await outcome(requestIdentity(asked))).toContain("the token is not believed");
    expect(await outcome(checkNameFree(asked))).toContain("the token is not believed");
  });
});

describe("a node's name", () => {
  const put = (api: FakeApi, status: string) =>
    api.put(node, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "boat" },
      status: { conditions: [{ type: "Ready", status }] },
    });
  test.each([
    ["nobody's", undefined, true],
    ["a node's that went silent", "Unknown", true],
    ["a node's at work", "True", false],
  ])("%s", async (_name, status, free) => {
    const { api, asked } = begin();
    if (status !== undefined) put(api, status);
    const told = await outcome(checkNameFree(asked));
    if (free) expect(told).toBeUndefined();
    else expect(told).toContain("a node of this name is in the cluster and Ready");
  });
});
