// Owns the tests of what every namespace has.
import { expect, test } from "vitest";
import type { Namespace } from "../../model/generated/types.ts";
import { configMap } from "../../model/kinds/config-map.ts";
import { namespace as namespaceKind } from "../../model/kinds/namespace.ts";
import { serviceAccount } from "../../model/kinds/service-account.ts";
import { createClient } from "../../client/kube-client.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startServiceAccountController } from "./service-account-controller.ts";

const putNamespace = (rig: Rig, name: string, finalizers?: string[]) =>
  rig.api.put<Namespace>(namespaceKind, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
    spec: { finalizers },
  });
const start = (rig: Rig) => running(rig, { ...rig.ports(), ca: "PEM" }, startServiceAccountController);
const held = (rig: Rig) => [
  ...rig.api.all(serviceAccount).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  ...rig.api
    .all(configMap)
    .map(({ metadata, data }) => `${metadata.namespace}/${metadata.name}=${data?.["ca.crt"]}`),
];
const full = ["a/default", "a/kube-root-ca.crt=PEM"];

test("each namespace gets its account and the authority", async () => {
  const rig = createRig();
  putNamespace(rig, "a");
  await start(rig);
  expect(held(rig)).toEqual(full);
  putNamespace(rig, "b");
  await rig.pass(0);
  expect(held(rig)).toEqual(["a/default", "b/default", "a/kube-root-ca.crt=PEM", "b/kube-root-ca.crt=PEM"]);
});

test("what is removed or altered is put right", async () => {
  const rig = createRig();
  putNamespace(rig, "a");
  await start(rig);
  rig.api.remove(serviceAccount, "a/default");
  const client = createClient(rig.api.transport);
  const ref = { name: "kube-root-ca.crt", namespace: "a" };
  await client.of(configMap).patch(ref, "merge", { data: { "ca.crt": "forged" } });
  await rig.pass(0);
  expect(held(rig)).toEqual(full);
  rig.api.remove(configMap, "a/kube-root-ca.crt");
  await rig.pass(0);
  expect(held(rig)).toEqual(full);
});

test("a namespace on its way out gets nothing back", async () => {
  const rig = createRig();
  putNamespace(rig, "a", ["kubernetes"]);
  await start(rig);
  await createClient(rig.api.transport).of(namespaceKind).delete({ name: "a" });
  await rig.pass(0);
  rig.api.remove(serviceAccount, "a/default");
  await rig.pass(0);
  expect(rig.api.all(serviceAccount)).toEqual([]);
});
