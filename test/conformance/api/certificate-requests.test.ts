// Owns the proof of certificate requests and of bootstrap tokens in the API server: who asks is stamped, decisions have a door of their own.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bootstrapTokens } from "../../../src/apiserver/authentication/bootstrap-tokens.ts";
import { tokenSecretOf, usualTerms, type TokenTerms } from "../../../src/model/bootstrap-token.ts";
import { nodeRequest } from "../../../src/model/certificate-request.fixture.ts";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import { tryPipeline, type Tried } from "./harness.ts";

const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const body = (name: string, spec: object = {}) => ({
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  metadata: { name },
  spec: {
    request: nodeRequest,
    signerName: "kubernetes.io/kube-apiserver-client-kubelet",
    usages: ["client auth"],
    ...spec,
  },
});
const approved = { type: "Approved", status: "True", reason: "Because", message: "" };

describe("a certificate request in the API", () => {
  let tried: Tried;
  beforeEach(async () => {
    tried = await tryPipeline({ kinds });
  });
  afterEach(() => tried.stop());

  it("carries who asked, whatever the body says, and keeps it", async () => {
    const made = await tried.must("POST", path, body("a", { username: "root", groups: ["x"] }));
    expect(made.spec).toMatchObject({ username: "admin", groups: ["system:masters"] });
    const changed = await tried.must("PUT", `${path}/a`, {
      ...made,
      spec: { ...made.spec, username: "root", signerName: "example.com/x" },
    });
    expect(changed.spec).toEqual(made.spec);
  });

  it("carries who asked where it is applied", async () => {
    const made = await tried.must("PATCH", `${path}/a`, body("a", { username: "root" }), {
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: "test" },
    });
    expect(made.spec).toMatchObject({ username: "admin" });
  });

  it("is decided by /approval alone, and signed by /status alone", async () => {
    const made = await tried.must("POST", path, body("a"));
    const decided = { ...made, status: { conditions: [approved], certificate: "aGk=" } };
    expect((await tried.must("PUT", `${path}/a`, decided)).status).toEqual({});
    const signed = await tried.must("PUT", `${path}/a/status`, decided);
    expect(signed.status).toEqual({ certificate: "aGk=" });
    const after = await tried.must("PUT", `${path}/a/approval`, {
      ...signed,
      status: { conditions: [approved] },
    });
    expect(after.status).toEqual({ conditions: [approved], certificate: "aGk=" });
    const undone = await tried.ask("PUT", `${path}/a/approval`, { ...after, status: { conditions: [] } });
    expect(undone.status).toBe(422);
    expect((await tried.must("GET", `${path}/a/approval`)).status).toEqual(after.status);
  });

  it("has no approval where there is none to give", async () => {
    expect((await tried.ask("GET", "/api/v1/namespaces/default/approval")).status).toBe(404);
    expect((await tried.ask("DELETE", `${path}/a/approval`)).status).toBe(405);
  });
});

describe("a bootstrap token", () => {
  const token = { id: "abcdef", secret: "0123456789abcdef" };
  let tried: Tried;
  beforeEach(async () => {
    tried = await tryPipeline({ kinds });
  });
  afterEach(() => tried.stop());
  const give = (terms: Partial<TokenTerms> = {}) =>
    tried.must(
      "POST",
      "/api/v1/namespaces/kube-system/secrets",
      tokenSecretOf(token, { ...usualTerms, ...terms }),
    );
  const whoIs = (text: string) => bootstrapTokens(tried.pipeline.registry)(text);

  it("names its bearer for as long as it is there", async () => {
    expect(whoIs("abcdef.0123456789abcdef")).toBeUndefined();
    await give();
    expect(whoIs("abcdef.0123456789abcdef")).toEqual({
      name: "system:bootstrap:abcdef",
      groups: ["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token"],
    });
    expect(whoIs("abcdef.0123456789abcdee")).toBeUndefined();
    expect(whoIs("zzzzzz.0123456789abcdef")).toBeUndefined();
    expect(whoIs("anything")).toBeUndefined();
    await tried.must("DELETE", "/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef");
    expect(whoIs("abcdef.0123456789abcdef")).toBeUndefined();
  });

  it("is believed until it expires, even where nobody takes it away", async () => {
    await give({ expires: tried.clock.now() + 60_000 });
    expect(whoIs("abcdef.0123456789abcdef")).toBeDefined();
    tried.clock.advance(60_000);
    expect(whoIs("abcdef.0123456789abcdef")).toBeUndefined();
  });

  it("that is only to sign with names nobody", async () => {
    await give({ usages: { authentication: false, signing: true } });
    expect(whoIs("abcdef.0123456789abcdef")).toBeUndefined();
  });
});
