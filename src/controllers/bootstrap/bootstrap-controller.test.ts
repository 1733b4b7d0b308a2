// Owns the proof of signed cluster-info and of tokens that expire.
import { describe, expect, test } from "vitest";
import { tokenSecretOf, usualTerms, type TokenTerms } from "../../model/bootstrap-token.ts";
import { configMap } from "../../model/kinds/config-map.ts";
import { secret } from "../../model/kinds/secret.ts";
import { isSignedBy } from "../../world/signatures.ts";
import { createRig, running, type Rig } from "../rig.fixture.ts";
import { startBootstrapController } from "./bootstrap-controller.ts";
import { planSignatures } from "./plan-tokens.ts";

const secretOf = (id: string) => `${id}0123456789`;
const give = (rig: Rig, id: string, terms: Partial<TokenTerms> = {}) =>
  rig.api.put(secret, tokenSecretOf({ id, secret: secretOf(id) }, { ...usualTerms, ...terms }));
const tell = (rig: Rig, kubeconfig: string) =>
  rig.api.put(configMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "cluster-info", namespace: "kube-public" },
    data: { ...info(rig), kubeconfig, note: "mine" },
  });
const info = (rig: Rig): Record<string, string> =>
  rig.api.get(configMap, "kube-public/cluster-info")?.data ?? {};
const signed = (rig: Rig): string[] =>
  Object.keys(info(rig))
    .filter((key) => key.startsWith("jws-"))
    .sort();
const start = (rig: Rig) => running(rig, rig.ports(), startBootstrapController);

describe("the bootstrap controller", () => {
  test("signs with each token that may, and with it again when the content changes", async () => {
    const rig = createRig();
    const controller = await start(rig);
    give(rig, "aaaaaa");
    give(rig, "bbbbbb", { usages: { authentication: true, signing: false } });
    tell(rig, "first");
    await rig.pass(0);
    expect(signed(rig)).toEqual(["jws-kubeconfig-aaaaaa"]);
    expect(isSignedBy(info(rig)["jws-kubeconfig-aaaaaa"] ?? "", "first", secretOf("aaaaaa"))).toBe(true);
    tell(rig, "second");
    give(rig, "cccccc");
    await rig.pass(0);
    expect(signed(rig)).toEqual(["jws-kubeconfig-aaaaaa", "jws-kubeconfig-cccccc"]);
    for (const id of ["aaaaaa", "cccccc"])
      expect(isSignedBy(info(rig)[`jws-kubeconfig-${id}`] ?? "", "second", secretOf(id))).toBe(true);
    expect(info(rig)["note"]).toBe("mine");
    await controller.stop();
  });

  test("an expired token goes, and its signature with it; others stay", async () => {
    const rig = createRig();
    const controller = await start(rig);
    tell(rig, "first");
    give(rig, "aaaaaa", { expires: rig.clock.now() + 60_000 });
    give(rig, "bbbbbb");
    await rig.pass(59_000);
    expect(signed(rig)).toEqual(["jws-kubeconfig-aaaaaa", "jws-kubeconfig-bbbbbb"]);
    await rig.pass(2000);
    expect(rig.api.get(secret, "kube-system/bootstrap-token-aaaaaa")).toBeUndefined();
    expect(signed(rig)).toEqual(["jws-kubeconfig-bbbbbb"]);
    await controller.stop();
  });

  test("a token that is given more time in between stays", async () => {
    const rig = createRig();
    const controller = await start(rig);
    give(rig, "aaaaaa", { expires: rig.clock.now() + 60_000 });
    await rig.pass(30_000);
    give(rig, "aaaaaa", { expires: rig.clock.now() + 600_000 });
    await rig.pass(60_000);
    expect(rig.api.get(secret, "kube-system/bootstrap-token-aaaaaa")).toBeDefined();
    await rig.pass(600_000);
    expect(rig.api.get(secret, "kube-system/bootstrap-token-aaaaaa")).toBeUndefined();
    await controller.stop();
  });

  test("what is as it should be is not written", () => {
    const data = { kubeconfig: "a", "jws-kubeconfig-x": "s" };
    expect(planSignatures(data, { "jws-kubeconfig-x": "s" })).toBeUndefined();
    expect(planSignatures(data, { "jws-kubeconfig-x": "t" })).toEqual({ ...data, "jws-kubeconfig-x": "t" });
    expect(planSignatures(data, {})).toEqual({ kubeconfig: "a" });
  });
});
