// Owns the proof of reading certificate requests.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fullRequest, nodeRequest } from "./certificate-request.fixture.ts";
import { readCertificateRequest } from "./certificate-request.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const none = { otherSubject: [], dnsNames: [], ipAddresses: [], emails: [], uris: [] };

describe("reading a certificate request", () => {
  test("a node's", () => {
    expect(readCertificateRequest(nodeRequest)).toEqual({
      ...none,
      commonName: "system:node:boat",
      organizations: ["system:nodes"],
    });
  });

  test("another program's, with all kinds of names", () => {
    expect(readCertificateRequest(fullRequest)).toEqual({
      commonName: "system:node:boat",
      organizations: ["system:nodes"],
      otherSubject: ["2.5.4.11=deck"],
      dnsNames: ["boat", "boat.sea"],
      ipAddresses: ["c0000207"],
      emails: ["a@b.c"],
      uris: ["spiffe://x"],
    });
  });

  test.each([
    ["nothing", ""],
    ["prose", base64("please")],
    ["a certificate", base64("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----")],
    [
      "an empty structure",
      base64("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----"),
    ],
  ])("%s is none", (_name, text) => {
    expect(readCertificateRequest(text)).toBeUndefined();
  });

  test("a request with any byte changed is read or refused, never thrown at", () => {
    const bytes = Buffer.from(
      Buffer.from(fullRequest, "base64")
        .toString()
        .replace(/-----[^-]+-----|\s/g, ""),
      "base64",
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(changed).toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
        const read = readCertificateRequest(base64(pem));
        expect(read === undefined || Array.isArray(read.organizations)).toBe(true);
      }),
    );
  });
});
