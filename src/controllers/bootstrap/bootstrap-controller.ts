// Owns the tokens by which machines join: `cluster-info` is signed with each, and those whose time is over are taken away.
import { createWorkQueue } from "../../client/work-queue.ts";
import { tokenNamespace, tokenSecretType } from "../../model/bootstrap-token.ts";
import { configMap as mapKind } from "../../model/kinds/config-map.ts";
import { secret as secretKind } from "../../model/kinds/secret.ts";
import { signDetached } from "../../world/signatures.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";
import { planSignatures, planToken, signatureKey, signingTokens } from "./plan-tokens.ts";

const infoNamespace = "kube-public";
const infoName = "cluster-info";
const signing = "sign";

export function startBootstrapController(options: ControllerPorts): Running {
  const { client, informers, clock, log } = options;
  const queue = createWorkQueue({ clock, log });
  const tokens = informers.of(secretKind, {
    namespace: tokenNamespace,
    fieldSelector: `type=${tokenSecretType}`,
  });
  const infos = informers.of(mapKind, {
    namespace: infoNamespace,
    fieldSelector: `metadata.name=${infoName}`,
  });
  tokens.onChange((change) => {
    queue.add(signing);
    if (change.is !== "removed") queue.add(`token ${change.object.metadata.name}`);
  });
  infos.onChange(() => queue.add(signing));

  const sign = async (): Promise<void> => {
    const info = infos.get(`${infoNamespace}/${infoName}`);
    const content = info?.data?.["kubeconfig"];
    if (info === undefined || content === undefined) return;
    const signatures = signingTokens(tokens.list(), clock.now()).map(({ token: { id, secret } }) => [
      signatureKey(id),
      signDetached(content, id, secret),
    ]);
    const data = planSignatures(info.data ?? {}, Object.fromEntries(signatures));
    if (data === undefined) return;
    unlessRefused(await client.of(mapKind).update({ ...info, data: { ...data } }), "sign cluster-info");
  };
  const clean = async (name: string): Promise<void> => {
    const found = tokens.get(`${tokenNamespace}/${name}`);
    const action = found === undefined ? undefined : planToken(found, clock.now());
    if (action === undefined) return;
    if (action.do === "replan") return queue.addAfter(`token ${name}`, action.at - clock.now());
    const { uid, resourceVersion } = action.secret.metadata;
    const ref = { name, namespace: tokenNamespace };
    // Only as it was seen: somebody may have given it more time.
    const answer = await client.of(secretKind).delete(ref, { uid, resourceVersion });
    unlessRefused(answer, `delete the expired token ${name}`);
    log.info("expired token deleted", { name });
  };
  return runController(
    {
      name: "bootstrap",
      queue,
      informers: [tokens, infos],
      workers: 1,
      sync: (key) => (key === signing ? sign() : clean(key.slice("token ".length))),
    },
    options,
  );
}
