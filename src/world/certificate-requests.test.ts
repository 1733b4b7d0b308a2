// Owns the proof that what is asked is what is certified, and nothing that was not asked by the key's owner.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fullRequest } from "../model/certificate-request.fixture.ts";
import { readCertificateRequest } from "../model/certificate-request.ts";
import { makeRequest, signRequest } from "./certificate-requests.ts";
import { expiryOf, makeAuthority } from "./certificates.ts";
import { VirtualClock } from "./virtual-clock.ts";

const clock = new VirtualClock(Date.UTC(2026, 0, 1));
const day = 86_400_000;
const pemOf = (base64: string): string => Buffer.from(base64, "base64").toString();

describe("asking for a certificate", async () => {
  const authority = await makeAuthority(clock, "everynode-ca");
  const certified = async (request: string, validFor = day) => {
    const signed = await signRequest(clock, { request, purposes: ["client"], validFor }, authority);
    if (signed.is === "refused") throw new Error(signed.because);
    return new X509Certificate(signed.cert);
  };

  test("the request says whose it is, and the certificate fits its key", async () => {
    const subject = { commonName: "system:node:boat", organizations: ["system:nodes"] };
    const { request, key } = await makeRequest(subject);
    expect(readCertificateRequest(Buffer.from(request).toString("base64"))).toMatchObject(subject);
    const certificate = await certified(request);
    expect(certificate.subject).toBe("O=system:nodes\nCN=system:node:boat");
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(Date.parse(certificate.validTo)).toBe(clock.now() + day);
  });

  test("names beside the subject are kept", async () => {
    const certificate = await certified(pemOf(fullRequest));
    expect(certificate.subjectAltName).toBe(
      "DNS:boat, DNS:boat.sea, IP Address:192.0.2.7, email:a@b.c, URI:spiffe://x",
    );
  });

  test("none outlives its authority", async () => {
    const { request } = await makeRequest({ commonName: "x" });
    const certificate = await certified(request, 30 * 365 * day);
    expect(Date.parse(certificate.validTo)).toBe(expiryOf(authority.cert));
  });

  test("a request signed with another key is refused", async () => {
    const der = Buffer.from(pemOf(fullRequest).replace(/-----[^-]+-----|\s/g, ""), "base64");
    // The last byte is the signature's.
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    const request = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    expect(
      await signRequest(clock, { request, purposes: ["client"], validFor: day }, authority),
    ).toMatchObject({
      is: "refused",
    });
  });
});
