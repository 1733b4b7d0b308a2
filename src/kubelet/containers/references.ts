// Owns the ConfigMaps and Secrets that pods refer to, as the API has them now.
import type { Client } from "../../client/client.ts";
import type { Instant } from "../../lib/units.ts";
import type { AuthenticationTokenRequest, ConfigMap, Pod, Secret } from "../../model/generated/types.ts";
import { configMap } from "../../model/kinds/config-map.ts";
import { serviceAccount } from "../../model/kinds/service-account.ts";
import { parseTime } from "../../model/time.ts";
import { secret } from "../../model/kinds/secret.ts";

/** "absent" where there is none of that name. Rejects where the API can't be asked. */
export interface References {
  /** Of the pod's own service account, bound to the pod. */
  token(
    pod: Pod,
    asked: { readonly audience: string; readonly expirationSeconds: number },
  ): Promise<{ readonly token: string; readonly until: Instant }>;
  configMap(namespace: string, name: string): Promise<ConfigMap | "absent">;
  secret(namespace: string, name: string): Promise<Secret | "absent">;
}

/** `missing` words as upstream, which people search for. */
export const missing = (what: "configmap" | "secret", name: string): string => `${what} "${name}" not found`;

export function createReferences(client: Client | undefined): References {
  const alone = (what: string, name: string): never => {
    throw new Error(
      `cannot read ${what} ${name}: this kubelet runs without an API server; take the reference out of the pod`,
    );
  };
  if (client === undefined)
    return {
      token: ({ spec }) =>
        Promise.resolve().then(() => alone("a token of service account", spec?.serviceAccountName ?? "")),
      configMap: (_namespace, name) => Promise.resolve().then(() => alone("configmap", name)),
      secret: (_namespace, name) => Promise.resolve().then(() => alone("secret", name)),
    };
  return {
    token: (pod, asked) => requestToken(client, pod, asked),
    async configMap(namespace, name) {
      const answer = await client.of(configMap).get({ namespace, name });
      if (answer.is === "ok") return answer.object;
      if (answer.is === "absent") return "absent";
      throw new Error(answer.status.message ?? `cannot read configmap ${name}`);
    },
    async secret(namespace, name) {
      const answer = await client.of(secret).get({ namespace, name });
      if (answer.is === "ok") return answer.object;
      if (answer.is === "absent") return "absent";
      throw new Error(answer.status.message ?? `cannot read secret ${name}`);
    },
  };
}

async function requestToken(
  client: Client,
  { metadata: { name, namespace, uid }, spec }: Pod,
  { audience, expirationSeconds }: Parameters<References["token"]>[1],
): Promise<{ readonly token: string; readonly until: Instant }> {
  const account = spec?.serviceAccountName ?? "default";
  const answer = await client.of(serviceAccount).post({ namespace, name: account }, "token", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: audience === "" ? [] : [audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
    },
  });
  if (answer.is !== "ok")
    throw new Error(answer.status.message ?? `cannot get a token of service account ${account}`);
  // What a TokenRequest is answered with.
  const { status } = answer.object as unknown as AuthenticationTokenRequest;
  const until = parseTime(status?.expirationTimestamp ?? "");
  if (status?.token === undefined || until === undefined)
    throw new Error(`cannot use the token of service account ${account}: the answer has none`);
  return { token: status.token, until };
}
