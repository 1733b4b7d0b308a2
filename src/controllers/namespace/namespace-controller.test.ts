// Owns the tests of a namespace's end.
import { expect, test } from "vitest";
import { createClient } from "../../client/kube-client.ts";
import type { ConfigMap, Namespace } from "../../model/generated/types.ts";
import { configMap } from "../../model/kinds/config-map.ts";
import { kinds } from "../../model/kinds/kinds.ts";
import { namespace as namespaceKind } from "../../model/kinds/namespace.ts";
import { pod } from "../../model/kinds/pod.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startNamespaceController } from "./namespace-controller.ts";
import { planNamespace } from "./plan-namespace.ts";

const putNamespace = (rig: Rig, name: string, finalizers: string[] = ["kubernetes"]) =>
  rig.api.put<Namespace>(namespaceKind, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
    spec: { finalizers },
  });
const putMap = (rig: Rig, namespace: string, finalizers?: string[]) =>
  rig.api.put<ConfigMap>(configMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "m", namespace, finalizers },
  });
const remove = (rig: Rig, name: string) => createClient(rig.api.transport).of(namespaceKind).delete({ name });
const start = (rig: Rig) => running(rig, { ...rig.ports(), kinds }, startNamespaceController);

test("a deleted namespace takes everything in it along, and nothing else", async () => {
  const rig = createRig();
  for (const name of ["old", "kept"]) {
    putNamespace(rig, name);
    putMap(rig, name);
  }
  rig.putPod("p", "n1", { metadata: { namespace: "old" } });
  await start(rig);
  await remove(rig, "old");
  await rig.pass(0);
  expect(rig.api.all(configMap).map(({ metadata }) => metadata.namespace)).toEqual(["kept"]);
  expect(rig.api.get(namespaceKind, "old")?.status?.conditions).toMatchObject([
    { type: "NamespaceDeletionContentFailure", status: "False" },
    {
      type: "NamespaceContentRemaining",
      message: "Some resources are remaining: pods has 1 resource instances",
    },
    { type: "NamespaceFinalizersRemaining", status: "False" },
  ]);
  rig.api.remove(pod, "old/p");
  await rig.pass(1000);
  expect(rig.api.all(namespaceKind).map(({ metadata }) => metadata.name)).toEqual(["kept"]);
});

test("content held by a finalizer is named, and waited for", async () => {
  const rig = createRig();
  putNamespace(rig, "old");
  const held = putMap(rig, "old", ["example.org/hold"]);
  await start(rig);
  await remove(rig, "old");
  await rig.pass(60_000);
  expect(rig.api.get(namespaceKind, "old")?.status?.conditions).toContainEqual(
    expect.objectContaining({
      type: "NamespaceFinalizersRemaining",
      status: "True",
      message:
        "Some content in the namespace has finalizers remaining: example.org/hold in 1 resource instances",
    }),
  );
  const { name, namespace } = held.metadata;
  await createClient(rig.api.transport)
    .of(configMap)
    .patch({ name, namespace }, "merge", { metadata: { finalizers: null } });
  await rig.pass(1000);
  expect(rig.api.all(namespaceKind)).toEqual([]);
});

test("another's finalizer on the namespace is left for its owner", () => {
  const rig = createRig();
  const namespace = putNamespace(rig, "old", ["example.org/own", "kubernetes"]);
  expect(planNamespace(namespace, [{ resource: "pods", count: 0, finalizers: [] }], 0)).toEqual({
    do: "finalize",
    finalizers: ["example.org/own"],
  });
});

test("a namespace that is not deleted is left alone", async () => {
  const rig = createRig();
  putNamespace(rig, "kept");
  putMap(rig, "kept");
  await start(rig);
  await rig.pass(60_000);
  expect(rig.api.all(configMap)).toHaveLength(1);
});
