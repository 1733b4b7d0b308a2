// Owns the proof of what becomes of certificate requests.
import { describe, expect, test } from "vitest";
import { joiners } from "../../model/bootstrap-token.ts";
import { nodeRequest } from "../../model/certificate-request.fixture.ts";
import type { CertificateSigningRequest } from "../../model/generated/types.ts";
import { signers } from "../../model/signer.ts";
import { formatTime } from "../../model/time.ts";
import { planCertificate } from "./plan-certificate.ts";

const born = Date.UTC(2026, 0, 1);
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Spec = Partial<CertificateSigningRequest["spec"]>;

const request = (
  spec: Spec = {},
  decision?: string,
  status: CertificateSigningRequest["status"] = {},
): CertificateSigningRequest => ({
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  metadata: { name: "x", uid: "u", resourceVersion: "1", creationTimestamp: formatTime(born) },
  spec: {
    request: nodeRequest,
    signerName: signers.kubeletClient,
    usages: ["digital signature", "client auth"],
    username: "system:bootstrap:abcdef",
    groups: ["system:bootstrappers", joiners],
    ...spec,
  },
  status: {
    ...status,
    ...(decision === undefined
      ? {}
      : { conditions: [{ type: decision, status: "True", lastUpdateTime: formatTime(born + minute) }] }),
  },
});

const byJane: Spec = { username: "jane", groups: ["crew"] };
const approved = born + minute;

describe("a certificate request", () => {
  test.each<[string, CertificateSigningRequest, { now?: number; canSign?: boolean }, unknown[]]>([
    [
      "of a joining machine is approved",
      request(),
      {},
      [{ do: "approve" }, { do: "replan", at: born + day }],
    ],
    ["of a person waits for another", request(byJane), {}, [{ do: "replan", at: born + day }]],
    [
      "that is approved is signed for a year",
      request(byJane, "Approved"),
      {},
      [
        { do: "sign", purposes: ["client"], validFor: 365 * day },
        { do: "replan", at: approved + hour },
      ],
    ],
    [
      "that asks for less is signed for that",
      request({ expirationSeconds: 3600 }, "Approved"),
      {},
      [{ do: "sign", validFor: hour }, { do: "replan" }],
    ],
    [
      "that asks for more is signed for a year",
      request({ expirationSeconds: 10 * 365 * 86_400 }, "Approved"),
      {},
      [{ do: "sign", validFor: 365 * day }, { do: "replan" }],
    ],
    ["waits where no authority is at hand", request({}, "Approved"), { canSign: false }, [{ do: "replan" }]],
    [
      "waits for its own signer",
      request({ signerName: "example.com/crew" }, "Approved"),
      {},
      [{ do: "replan" }],
    ],
    [
      "that its signer would not sign fails",
      request({ usages: ["server auth"] }, "Approved"),
      {},
      [{ do: "fail" }, { do: "replan" }],
    ],
    ["that was denied is left", request({}, "Denied"), {}, [{ do: "replan", at: approved + hour }]],
    ["that failed is left", request({}, "Failed"), {}, [{ do: "replan", at: approved + hour }]],
    [
      "that is signed is left",
      request({}, "Approved", { certificate: "aGk=" }),
      {},
      [{ do: "replan", at: approved + hour }],
    ],
    ["that holds none is left", request({ request: "aGk=" }, "Approved"), {}, [{ do: "replan" }]],
    [
      "undecided goes after a day",
      request(byJane),
      { now: born + day },
      [{ do: "delete", because: "pending" }],
    ],
    [
      "approved goes an hour after that",
      request({}, "Approved"),
      { now: approved + hour },
      [{ do: "delete", because: "approved" }],
    ],
    [
      "denied goes an hour after that",
      request({}, "Denied"),
      { now: approved + hour },
      [{ do: "delete", because: "denied" }],
    ],
  ])("%s", (_name, given, { now = born, canSign = true }, expected) => {
    const actions = planCertificate(given, canSign, now);
    expect(actions).toHaveLength(expected.length);
    expect(actions).toMatchObject(expected);
  });
});
