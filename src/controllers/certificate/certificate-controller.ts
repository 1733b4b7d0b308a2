// Owns certificate requests on their way: approving those of joining machines, signing what is approved, clearing away.
import { createWorkQueue } from "../../client/work-queue.ts";
import type { CertificateSigningRequest } from "../../model/generated/types.ts";
import { certificateSigningRequest as requestKind } from "../../model/kinds/certificate-signing-request/certificate-signing-request.ts";
import { formatTime } from "../../model/time.ts";
import { signRequest } from "../../world/certificate-requests.ts";
import type { KeyPair } from "../../world/certificates.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { planCertificate, type CertificateAction } from "./plan-certificate.ts";

export interface CertificateOptions extends ControllerPorts {
  /** The cluster's authority; without it approved requests wait for another signer. */
  readonly authority: KeyPair | undefined;
}

export function startCertificateController(options: CertificateOptions): Running {
  const { informers, clock, log, authority } = options;
  const queue = createWorkQueue({ clock, log });
  const requests = informers.of(requestKind);
  requests.onChange((change) => {
    if (change.is !== "removed") queue.add(change.object.metadata.name);
  });
  return runController(
    {
      name: "certificate",
      queue,
      informers: [requests],
      async sync(name) {
        const request = requests.get(name);
        if (request === undefined || request.metadata.deletionTimestamp !== undefined) return;
        for (const action of planCertificate(request, authority !== undefined, clock.now()))
          if (action.do === "replan") queue.addAfter(name, Math.max(0, action.at - clock.now()));
          else await perform(options, request, action);
      },
    },
    options,
  );
}

type Condition = NonNullable<NonNullable<CertificateSigningRequest["status"]>["conditions"]>[number];

async function perform(
  options: CertificateOptions,
  request: CertificateSigningRequest,
  action: Exclude<CertificateAction, { do: "replan" }>,
): Promise<void> {
  const { client, log } = options;
  const { name, uid } = request.metadata;
  switch (action.do) {
    case "approve":
      log.info("certificate request approved", { name, requestor: request.spec.username });
      return decide(options, request, condition(options, "Approved", "AutoApproved", action.message));
    case "fail":
      return putStatus(options, request, {
        conditions: [condition(options, "Failed", "SignerValidationFailure", action.because)],
      });
    case "sign":
      return sign(options, request, action);
    case "delete": {
      const answer = await client.of(requestKind).delete({ name }, { uid });
      unlessRefused(answer, `delete the certificate request ${name}`);
    }
  }
}

const condition = (
  { clock }: CertificateOptions,
  type: string,
  reason: string,
  message: string,
): Condition => {
  const at = formatTime(clock.now());
  return { type, status: "True", reason, message, lastUpdateTime: at, lastTransitionTime: at };
};

/** To the copy as it was seen: a decision made meanwhile wins, and brings the key back. */
async function decide(
  { client }: CertificateOptions,
  { metadata, status }: CertificateSigningRequest,
  decision: Condition,
): Promise<void> {
  const patch = {
    metadata: { resourceVersion: metadata.resourceVersion },
    status: { conditions: [...(status?.conditions ?? []), decision] },
  };
  const answer = await client.of(requestKind).patch({ name: metadata.name }, "merge", patch, "approval");
  unlessRefused(answer, `approve the certificate request ${metadata.name}`);
}

async function putStatus(
  { client }: CertificateOptions,
  request: CertificateSigningRequest,
  more: NonNullable<CertificateSigningRequest["status"]>,
): Promise<void> {
  const conditions = [...(request.status?.conditions ?? []), ...(more.conditions ?? [])];
  const status = { ...request.status, ...more, conditions };
  const answer = await client.of(requestKind).updateStatus({ ...request, status });
  unlessRefused(answer, `write the status of the certificate request ${request.metadata.name}`);
}

async function sign(
  options: CertificateOptions,
  request: CertificateSigningRequest,
  { purposes, validFor }: Extract<CertificateAction, { do: "sign" }>,
): Promise<void> {
  const { authority, clock, log } = options;
  if (authority === undefined) return;
  const pem = Buffer.from(request.spec.request, "base64").toString("latin1");
  const signed = await signRequest(clock, { request: pem, purposes, validFor }, authority);
  if (signed.is === "refused")
    return putStatus(options, request, {
      conditions: [condition(options, "Failed", "SigningError", signed.because)],
    });
  log.info("certificate request signed", { name: request.metadata.name });
  return putStatus(options, request, { certificate: Buffer.from(signed.cert).toString("base64") });
}
