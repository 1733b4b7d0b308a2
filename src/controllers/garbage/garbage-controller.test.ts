// Owns the tests of garbage collection on an API server (D.17).
import { beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../../client/kube-client.ts";
import type { DaemonSet, Lease, Node, OwnerReference } from "../../model/generated/types.ts";
import { daemonSet } from "../../model/kinds/daemon-set.ts";
import { kinds } from "../../model/kinds/kinds.ts";
import { lease } from "../../model/kinds/lease.ts";
import { node } from "../../model/kinds/node.ts";
import { pod } from "../../model/kinds/pod.ts";
import type { KubeObject } from "../../model/meta.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startGarbageController } from "./garbage-controller.ts";

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

const start = () => running(rig, { ...rig.ports(), kinds }, startGarbageController);

const putSet = (name: string, namespace = "default") =>
  rig.api.put<DaemonSet>(daemonSet, {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace },
  });

const ownedBy = ({ apiVersion, kind, metadata }: KubeObject, blockOwnerDeletion = true): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion,
});

const putOwned = (name: string, owners: OwnerReference[], nodeName?: string) =>
  rig.putPod(name, nodeName, { metadata: { ownerReferences: owners } });

const pods = () =>
  rig.api
    .all(pod)
    .flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : []));
const remove = (name: string, propagation: "Background" | "Foreground" | "Orphan") =>
  createClient(rig.api.transport).of(daemonSet).delete({ name, namespace: "default" }, { propagation });

describe("D.17: deleting an owner", () => {
  test("in the background takes its pods after it", async () => {
    const set = putSet("a");
    putOwned("a-1", [ownedBy(set)]);
    putOwned("a-2", [ownedBy(set)]);
    putOwned("b-1", [ownedBy(putSet("b"))]);
    rig.putPod("loose", undefined);
    await start();
    expect(pods()).toHaveLength(4);
    await remove("a", "Background");
    await rig.pass(1000);
    expect(pods()).toEqual(["b-1", "loose"]);
  });

  test("in the foreground waits until the last pod is really gone", async () => {
    putOwned("a-1", [ownedBy(putSet("a"))], "n1");
    await start();
    await remove("a", "Foreground");
    await rig.pass(1000);
    expect(pods()).toEqual([]);
    expect(rig.api.all(daemonSet)).toHaveLength(1);
    rig.api.remove(pod, "default/a-1");
    await rig.pass(1000);
    expect(rig.api.all(daemonSet)).toEqual([]);
  });

  test("in the foreground does not wait for what does not block", async () => {
    putOwned("a-1", [ownedBy(putSet("a"), false)], "n1");
    await start();
    await remove("a", "Foreground");
    await rig.pass(1000);
    expect(rig.api.all(daemonSet)).toEqual([]);
    expect(pods()).toEqual([]);
  });

  test("as orphan leaves its pods, which are then nobody's", async () => {
    putOwned("a-1", [ownedBy(putSet("a"))]);
    await start();
    await remove("a", "Orphan");
    await rig.pass(1000);
    expect(rig.api.all(daemonSet)).toEqual([]);
    expect(pods()).toEqual(["a-1"]);
    expect(rig.api.all(pod)[0]?.metadata.ownerReferences).toBeUndefined();
  });
});

describe("an object without its owner", () => {
  test("found at the start, goes", async () => {
    const set = putSet("a");
    putOwned("a-1", [ownedBy(set)]);
    rig.api.remove(daemonSet, "default/a");
    await start();
    await rig.pass(1000);
    expect(pods()).toEqual([]);
  });

  test("goes where another object took its owner's name", async () => {
    const set = putSet("a");
    rig.api.remove(daemonSet, "default/a");
    putSet("a");
    putOwned("a-1", [ownedBy(set)]);
    await start();
    await rig.pass(1000);
    expect(pods()).toEqual([]);
  });

  test("stays while another owner lives, and forgets the dead one", async () => {
    const [a, b] = [putSet("a"), putSet("b")];
    putOwned("p", [ownedBy(a), ownedBy(b)]);
    await start();
    await remove("a", "Background");
    await rig.pass(1000);
    expect(rig.api.all(pod)[0]?.metadata.ownerReferences).toEqual([ownedBy(b)]);
  });

  test("stays where the owner's kind is not known here", async () => {
    putOwned("p", [{ apiVersion: "example.org/v1", kind: "Robot", name: "r", uid: "x" }]);
    await start();
    await rig.pass(60_000);
    expect(pods()).toEqual(["p"]);
  });

  test("without a namespace stays where the owner's kind has one: that owner cannot be looked up", async () => {
    const metadata = { name: "n1", ownerReferences: [ownedBy(putSet("a"))] };
    rig.api.put<Node>(node, { apiVersion: "v1", kind: "Node", metadata });
    rig.api.remove(daemonSet, "default/a");
    await start();
    await rig.pass(1000);
    expect(rig.api.all(node)).toHaveLength(1);
  });

  test("D.18: a node's lease goes with the node", async () => {
    const metadata = {
      name: "n1",
      namespace: "kube-node-lease",
      ownerReferences: [ownedBy(rig.putNode("n1"))],
    };
    rig.api.put<Lease>(lease, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata });
    await start();
    rig.api.remove(node, "n1");
    await rig.pass(0);
    expect(rig.api.all(lease)).toEqual([]);
  });

  test("is asked after before it goes: an owner missing from the copy alone is no reason", async () => {
    rig.api.intercept = ({ path, query }) =>
      path === "/apis/apps/v1/daemonsets" && query?.["watch"] === "true" ? "drop" : undefined;
    await start();
    const set = putSet("late");
    putOwned("p", [ownedBy(set)]);
    await rig.pass(100);
    expect(pods()).toEqual(["p"]);
    expect(rig.api.requests.at(-1)?.path).toBe("/apis/apps/v1/namespaces/default/daemonsets/late");
  });

  test("goes though others write to it all the while", async () => {
    const set = putSet("a");
    putOwned("a-1", [ownedBy(set)]);
    await start();
    let writes = 0;
    rig.api.intercept = (request) => {
      if (request.method === "DELETE" && request.path.endsWith("/a-1") && writes++ < 3)
        rig.putPod("a-1", undefined, {
          metadata: { ownerReferences: [ownedBy(set)] },
          status: { phase: `Running${writes}` },
        });
      return undefined;
    };
    rig.api.remove(daemonSet, "default/a");
    await rig.pass(5000);
    expect(pods()).toEqual([]);
    expect(writes).toBeGreaterThan(3);
  });
});

test("a thousand dependents of one owner are a thousand deletions and nothing else", async () => {
  const set = putSet("a");
  for (let at = 0; at < 1000; at++) putOwned(`a-${at}`, [ownedBy(set)]);
  await start();
  const before = rig.api.requests.length;
  rig.api.remove(daemonSet, "default/a");
  await rig.pass(1000);
  expect(pods()).toEqual([]);
  expect(rig.api.requests.length - before).toBe(1000);
});
