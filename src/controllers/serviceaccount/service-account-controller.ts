// Owns what every namespace has from its beginning: the `default` ServiceAccount, and the cluster's authority in a ConfigMap.
import { createWorkQueue } from "../../client/work-queue.ts";
import { deepEqual } from "../../lib/json.ts";
import type { ConfigMap, Namespace } from "../../model/generated/types.ts";
import { configMap as configMapKind } from "../../model/kinds/config-map.ts";
import { namespace as namespaceKind } from "../../model/kinds/namespace.ts";
import { serviceAccount as serviceAccountKind } from "../../model/kinds/service-account.ts";
import { runController, unlessRefused, type ControllerPorts, type Running } from "../run-controller.ts";

export interface ServiceAccountOptions extends ControllerPorts {
  /** The authority that signs the API server's certificate, PEM. */
  readonly ca: string;
}

const accountName = "default";
const authorityName = "kube-root-ca.crt";

export function startServiceAccountController(options: ServiceAccountOptions): Running {
  const { client, informers, clock, log } = options;
  const queue = createWorkQueue({ clock, log });
  const namespaces = informers.of(namespaceKind);
  const accounts = informers.of(serviceAccountKind, { fieldSelector: `metadata.name=${accountName}` });
  const maps = informers.of(configMapKind, { fieldSelector: `metadata.name=${authorityName}` });

  namespaces.onChange((change) => {
    if (change.is !== "removed") queue.add(change.object.metadata.name);
  });
  accounts.onChange((change) => {
    if (change.is === "removed") queue.add(change.object.metadata.namespace ?? "");
  });
  maps.onChange((change) => {
    if (change.is !== "added") queue.add(change.object.metadata.namespace ?? "");
  });

  return runController(
    {
      name: "service-account",
      queue,
      informers: [namespaces, accounts, maps],
      async sync(name) {
        const namespace = namespaces.get(name);
        if (namespace === undefined || !isActive(namespace)) return;
        if (accounts.get(`${name}/${accountName}`) === undefined) {
          const metadata = { name: accountName, namespace: name };
          const draft = { apiVersion: "v1", kind: "ServiceAccount", metadata };
          const answer = await client.of(serviceAccountKind).create(draft);
          unlessRefused(answer, `create ServiceAccount ${name}/${accountName}`);
        }
        await publish(options, name, maps.get(`${name}/${authorityName}`));
      },
    },
    options,
  );
}

const isActive = (namespace: Namespace): boolean =>
  namespace.metadata.deletionTimestamp === undefined && namespace.status?.phase !== "Terminating";

const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints.";

async function publish(
  { client, ca }: ServiceAccountOptions,
  namespace: string,
  found: ConfigMap | undefined,
): Promise<void> {
  const maps = client.of(configMapKind);
  const data = { "ca.crt": ca };
  if (found !== undefined && deepEqual(found.data, data)) return;
  const annotations = { "kubernetes.io/description": description };
  const metadata = { name: authorityName, namespace, annotations };
  const answer =
    found === undefined
      ? await maps.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data })
      : await maps.update({ ...found, data });
  unlessRefused(answer, `publish the cluster's authority in namespace ${namespace}`);
}
