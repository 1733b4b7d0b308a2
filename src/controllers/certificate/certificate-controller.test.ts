// Owns the proof of certificate requests on their way through an API.
import { X509Certificate } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { joiners } from "../../model/bootstrap-token.ts";
import { nodeRequest } from "../../model/certificate-request.fixture.ts";
import { certificateSigningRequest as kind } from "../../model/kinds/certificate-signing-request/certificate-signing-request.ts";
import { signers } from "../../model/signer.ts";
import { makeAuthority } from "../../world/certificates.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startCertificateController } from "./certificate-controller.ts";

const ask = (rig: Rig, name: string, username: string, groups: string[]) =>
  rig.api.put(kind, {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec: {
      request: nodeRequest,
      signerName: signers.kubeletClient,
      usages: ["digital signature", "client auth"],
      username,
      groups,
    },
  });
const types = (rig: Rig, name: string) =>
  rig.api.get(kind, name)?.status?.conditions?.map(({ type }) => type);
/** Signing takes real time, which the rig's clock does not know of. */
const settled = (rig: Rig, is: () => boolean) =>
  vi.waitFor(async () => {
    await rig.pass(0);
    expect(is()).toBe(true);
  }, 20_000);

describe("the certificate controller", async () => {
  const authority = await makeAuthority(createRig().clock, "everynode-ca");

  test("approves and signs what a joining machine asks, and takes it away in the end", async () => {
    const rig = createRig();
    const controller = await running(rig, rig.ports(), (ports) =>
      startCertificateController({ ...ports, authority }),
    );
    ask(rig, "boat", "system:bootstrap:abcdef", ["system:bootstrappers", joiners]);
    ask(rig, "jane", "jane", ["crew"]);
    await settled(rig, () => rig.api.get(kind, "boat")?.status?.certificate !== undefined);
    expect(types(rig, "boat")).toEqual(["Approved"]);
    const pem = Buffer.from(rig.api.get(kind, "boat")?.status?.certificate ?? "", "base64").toString();
    expect(new X509Certificate(pem).subject).toBe("O=system:nodes\nCN=system:node:boat");
    expect(types(rig, "jane")).toBeUndefined();
    await rig.pass(3_600_000);
    expect(rig.api.get(kind, "boat")).toBeUndefined();
    await rig.pass(24 * 3_600_000);
    expect(rig.api.get(kind, "jane")).toBeUndefined();
    await controller.stop();
  });

  test("signs nothing without an authority, and goes on with one after a restart", async () => {
    const rig = createRig();
    const blind = await running(rig, rig.ports(), (ports) =>
      startCertificateController({ ...ports, authority: undefined }),
    );
    ask(rig, "boat", "system:bootstrap:abcdef", ["system:bootstrappers", joiners]);
    await rig.pass(1000);
    expect(types(rig, "boat")).toEqual(["Approved"]);
    expect(rig.api.get(kind, "boat")?.status?.certificate).toBeUndefined();
    await blind.stop();
    const controller = await running(rig, rig.ports(), (ports) =>
      startCertificateController({ ...ports, authority }),
    );
    await settled(rig, () => rig.api.get(kind, "boat")?.status?.certificate !== undefined);
    await controller.stop();
  });

  test("fails an approved request that the signer may not sign", async () => {
    const rig = createRig();
    const controller = await running(rig, rig.ports(), (ports) =>
      startCertificateController({ ...ports, authority }),
    );
    const { metadata, spec, ...rest } = ask(rig, "boat", "admin", []);
    rig.api.put(kind, {
      ...rest,
      metadata,
      spec: { ...spec, usages: ["server auth"] },
      status: { conditions: [{ type: "Approved", status: "True" }] },
    });
    await settled(rig, () => types(rig, "boat")?.includes("Failed") === true);
    expect(rig.api.get(kind, "boat")?.status?.certificate).toBeUndefined();
    await controller.stop();
  });
});
