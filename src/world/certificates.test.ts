// Owns the proof that certificates are made as asked, chain to their authority, and are told apart from unfit ones.
import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import {
  expiryOf,
  fingerprint,
  fits,
  makeAuthority,
  makeCertificate,
  type CertificateRequest,
  type KeyPair,
} from "./certificates.ts";
import { VirtualClock } from "./virtual-clock.ts";

const year = 365 * 86_400_000;
const clock = new VirtualClock();
const serverRequest: CertificateRequest = {
  commonName: "kube-apiserver",
  use: { is: "server", names: ["localhost", "kubernetes.default.svc", "127.0.0.1", "::1"] },
  validFor: year,
};
const nodeRequest: CertificateRequest = {
  commonName: "system:node:worker-1",
  organizations: ["system:nodes", "Ümläut, Inc. + co"],
  use: { is: "client" },
  validFor: year,
};

let authority: KeyPair;
let stranger: KeyPair;
let server: KeyPair;
let node: KeyPair;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    makeAuthority(clock, "everynode-ca"),
    makeAuthority(clock, "x"),
  ]);
  [server, node] = await Promise.all([
    makeCertificate(clock, serverRequest, authority),
    makeCertificate(clock, nodeRequest, authority),
  ]);
});

describe("making", () => {
  it("makes an authority that signed what it was asked to sign", () => {
    const made = new X509Certificate(authority.cert);
    expect(made.ca).toBe(true);
    expect(new X509Certificate(server.cert).verify(made.publicKey)).toBe(true);
    expect(new X509Certificate(server.cert).checkIssued(made)).toBe(true);
    expect(new X509Certificate(server.cert).ca).toBe(false);
  });

  it("names hosts and addresses", () => {
    const made = new X509Certificate(server.cert);
    expect(made.checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
    expect(made.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(made.checkIP("::1")).toBe("::1");
    expect(made.checkHost("example.org")).toBeUndefined();
  });

  it("keeps user and groups, whatever characters they hold", () => {
    const { subject } = new X509Certificate(node.cert).toLegacyObject();
    const read: Record<string, unknown> = { ...subject };
    expect(read["CN"]).toBe("system:node:worker-1");
    expect(read["O"]).toEqual(["system:nodes", "Ümläut, Inc. + co"]);
  });

  it("takes its times from the clock", () => {
    expect(expiryOf(node.cert)).toBe(clock.now() + year);
    expect(expiryOf(authority.cert)).toBe(clock.now() + 10 * year);
  });

  it("has a fingerprint as other tools print it", () => {
    expect(fingerprint(node.cert)).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(fingerprint(node.cert)).not.toBe(fingerprint(server.cert));
  });
});

describe("fits", () => {
  const later = (millis: number): VirtualClock => new VirtualClock(clock.now() + millis);
  const cases: readonly { name: string; given: () => ReturnType<typeof fits>; expected: string }[] = [
    { name: "the very one", given: () => fits(clock, server, serverRequest, authority), expected: "fits" },
    {
      name: "fewer names asked",
      given: () =>
        fits(clock, server, { ...serverRequest, use: { is: "server", names: ["localhost"] } }, authority),
      expected: "fits",
    },
    {
      name: "another name asked",
      given: () =>
        fits(clock, server, { ...serverRequest, use: { is: "server", names: ["10.0.0.1"] } }, authority),
      expected: "it does not name 10.0.0.1",
    },
    {
      name: "about to expire",
      given: () => fits(later(year - 86_400_000), server, serverRequest, authority),
      expected: "it expires at 2027-01-01T00:00:00.000Z",
    },
    {
      name: "made in the future",
      given: () => fits(later(-year), server, serverRequest, authority),
      expected: "it is not valid yet",
    },
    {
      name: "another authority",
      given: () => fits(clock, server, serverRequest, stranger),
      expected: "another authority signed it",
    },
    {
      name: "another's key",
      given: () => fits(clock, { cert: server.cert, key: node.key }, serverRequest, authority),
      expected: "the private key is another certificate's",
    },
    {
      name: "another user",
      given: () => fits(clock, node, { ...nodeRequest, commonName: "system:node:worker-2" }, authority),
      expected: "it is not for system:node:worker-2",
    },
    {
      name: "other groups",
      given: () => fits(clock, node, { ...nodeRequest, organizations: ["system:masters"] }, authority),
      expected: "its groups are others",
    },
    {
      name: "the same groups in another order",
      given: () =>
        fits(clock, node, {
          ...nodeRequest,
          organizations: [...(nodeRequest.organizations ?? [])].reverse(),
        }),
      expected: "fits",
    },
    {
      name: "an authority asked",
      given: () => fits(clock, server, { commonName: "kube-apiserver", use: { is: "authority" } }),
      expected: "it is for another use",
    },
    {
      name: "no certificate at all",
      given: () => fits(clock, { cert: "half a file", key: "" }, serverRequest),
      expected: "it cannot be read as a PEM certificate and key",
    },
  ];
  it.each(cases)("$name: $expected", ({ given, expected }) => {
    const fit = given();
    expect(fit.is === "fits" ? fit.is : fit.because).toBe(expected);
  });
});
