// Owns the ConfigMaps and Secrets that pods refer to, as the API has them now.
import type { Client } from "../../client/client.ts";
import type { ConfigMap, Secret } from "../../model/generated/types.ts";
import { configMap } from "../../model/kinds/config-map.ts";
import { secret } from "../../model/kinds/secret.ts";

/** "absent" where there is none of that name. Rejects where the API can't be asked. */
export interface References {
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
      configMap: (_namespace, name) => Promise.resolve().then(() => alone("configmap", name)),
      secret: (_namespace, name) => Promise.resolve().then(() => alone("secret", name)),
    };
  return {
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
