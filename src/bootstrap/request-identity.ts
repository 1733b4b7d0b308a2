// Owns how a machine gets the certificate by which the cluster knows it: it asks with a token, and waits for the signature.
import { RefusedError, type Answer, type Client } from "../client/client.ts";
import type { CertificateSigningRequest, Node } from "../model/generated/types.ts";
import { certificateSigningRequest as requestKind } from "../model/kinds/certificate-signing-request/certificate-signing-request.ts";
import { node as nodeKind } from "../model/kinds/node.ts";
import { nodesGroup, nodeUserPrefix, signers } from "../model/signer.ts";
import { makeRequest } from "../world/certificate-requests.ts";
import type { KeyPair } from "../world/certificates.ts";
import type { Clock } from "../world/clock.ts";
import { CannotBootstrap } from "./cannot.ts";
import { until } from "./ensure.ts";

export interface IdentityAsked {
  readonly clock: Clock;
  /** As the token's bearer. */
  readonly client: Client;
  readonly nodeName: string;
  readonly timeout: number;
  readonly say: (line: string) => void;
}

const isReady = ({ status }: Node): boolean =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

function refused(answer: Exclude<Answer<unknown>, { is: "ok" }>, doing: string): CannotBootstrap {
  const { code, message } = answer.status;
  return new CannotBootstrap(
    code === 401
      ? `cannot ${doing}: the token is not believed; it may have expired: make one with \`everynode token create\` on the control plane`
      : `cannot ${doing}: ${message ?? new RefusedError(answer.status).message}`,
  );
}

/** A node of that name that is at work is somebody else's. */
export async function checkNameFree({ client, nodeName }: IdentityAsked): Promise<void> {
  const found = await client.of(nodeKind).get({ name: nodeName });
  if (found.is === "absent") return;
  if (found.is !== "ok") throw refused(found, `ask for node ${nodeName}`);
  if (isReady(found.object))
    throw new CannotBootstrap(
      `cannot join as ${nodeName}: a node of this name is in the cluster and Ready; choose another with --node-name, or \`kubectl delete node ${nodeName}\` once that machine is gone`,
    );
}

/** Resolves with certificate and key. */
export async function requestIdentity(asked: IdentityAsked): Promise<KeyPair> {
  const { clock, client, nodeName, timeout, say } = asked;
  const commonName = `${nodeUserPrefix}${nodeName}`;
  const { request, key } = await makeRequest({ commonName, organizations: [nodesGroup] });
  const created = await client.of(requestKind).create({
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { generateName: "csr-" },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: signers.kubeletClient,
      usages: ["digital signature", "client auth"],
    },
  });
  if (created.is !== "ok") throw refused(created, `ask for a certificate for ${commonName}`);
  const { name } = created.object.metadata;
  say(`[tls-bootstrap] asked for a certificate for ${commonName}: request ${name}`);
  const wait = {
    clock,
    timeout,
    what: `the certificate request ${name} signed`,
    orElse: () =>
      `see \`kubectl get csr ${name}\`; \`kubectl certificate approve ${name}\` approves it where no controller does`,
  };
  const cert = await until(wait, async () => {
    const found = await client.of(requestKind).get({ name });
    if (found.is !== "ok") throw refused(found, `read the certificate request ${name}`);
    return certificateIn(found.object);
  });
  return { cert, key };
}

/** Undefined while it is undecided. */
function certificateIn({ metadata, status }: CertificateSigningRequest): string | undefined {
  for (const type of ["Denied", "Failed"]) {
    const condition = status?.conditions?.find((one) => one.type === type);
    if (condition !== undefined)
      throw new CannotBootstrap(
        `cannot join: the certificate request ${metadata.name} ${type === "Denied" ? "was denied" : "failed"}: ${condition.message ?? condition.reason ?? "no reason is given"}`,
      );
  }
  const issued = status?.certificate ?? "";
  return issued === "" ? undefined : Buffer.from(issued, "base64").toString("utf8");
}
