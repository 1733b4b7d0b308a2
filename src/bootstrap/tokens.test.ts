// Owns the proof of making, listing and taking away tokens, and of what a new cluster is given, on an API.
import { describe, expect, test } from "vitest";
import { createFakeApi } from "../client/fake-api.fixture.ts";
import { createClient } from "../client/kube-client.ts";
import { usualTerms } from "../model/bootstrap-token.ts";
import { configMap } from "../model/kinds/config-map.ts";
import { node } from "../model/kinds/node.ts";
import { readClusterInfo } from "../model/kubeconfig.ts";
import { makeAuthority } from "../world/certificates.ts";
import { seededRandom } from "../world/random.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { invite, isSigned, joinCommand, markControlPlane } from "./cluster-objects.ts";
import { drawToken } from "./draw-token.ts";
import { createToken, deleteToken, listTokens, tokenRows } from "./tokens.ts";

function begin() {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const api = createFakeApi(clock);
  return { clock, api, client: createClient(api.transport) };
}

describe("tokens", () => {
  test("are made, listed and taken away", async () => {
    const { clock, client } = begin();
    const token = drawToken(seededRandom(1));
    const terms = { ...usualTerms, expires: clock.now() + 3_600_000, description: "yard" };
    await createToken(client, token, terms);
    await expect(createToken(client, token, terms)).rejects.toThrow("there is one of this ID");
    await createToken(client, { id: "aaaaaa", secret: "0123456789abcdef" }, { ...usualTerms, groups: [] });
    const rows = tokenRows(await listTokens(client), clock.now()).map((row) => row.slice(1));
    expect(rows).toContainEqual([
      "60m",
      "2026-01-01T01:00:00Z",
      "authentication,signing",
      "yard",
      "system:bootstrappers:kubeadm:default-node-token",
    ]);
    expect(rows).toContainEqual(["<forever>", "<never>", "authentication,signing", "<none>", "<none>"]);
    expect(await deleteToken(client, `${token.id}.${token.secret}`)).toBe(token.id);
    expect(await deleteToken(client, "aaaaaa")).toBe("aaaaaa");
    await expect(deleteToken(client, "aaaaaa")).rejects.toThrow("there is none of this ID");
    await expect(deleteToken(client, "nonsense")).rejects.toThrow("neither an ID such as abcdef");
    expect(await listTokens(client)).toEqual([]);
  });
});

describe("a new cluster", () => {
  test("is told of in cluster-info, and again with a second run", async () => {
    const { clock, client, api } = begin();
    const { cert: ca } = await makeAuthority(clock, "everynode-ca");
    const token = { id: "abcdef", secret: "0123456789abcdef" };
    expect(await isSigned(client, token)).toBe("no cluster-info");
    await invite(client, { token, expires: undefined, server: "https://192.0.2.1:6443", ca });
    expect(await isSigned(client, token)).toBe("not yet");
    await invite(client, { token, expires: undefined, server: "https://192.0.2.9:6443", ca });
    const info = api.get(configMap, "kube-public/cluster-info")?.data?.["kubeconfig"] ?? "";
    expect(readClusterInfo(info, "cluster-info")).toEqual({ server: "https://192.0.2.9:6443", ca });
  });

  test("marks its first node and keeps other marks; twice is once", async () => {
    const { client, api } = begin();
    api.put(node, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "ship", labels: { deck: "upper" } },
      spec: { taints: [{ key: "sea", effect: "NoExecute" }] },
    });
    await markControlPlane(client, "ship");
    const once = api.get(node, "ship");
    expect(once?.metadata.labels).toMatchObject({
      deck: "upper",
      "node-role.kubernetes.io/control-plane": "",
    });
    expect(once?.spec?.taints).toEqual([
      { key: "sea", effect: "NoExecute" },
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ]);
    await markControlPlane(client, "ship");
    expect(api.get(node, "ship")).toBe(once);
  });

  test("is joined by a command", () => {
    expect(joinCommand("https://192.0.2.1:6443", "abcdef.0123456789abcdef", "sha256:00")).toBe(
      "everynode join --server https://192.0.2.1:6443 --token abcdef.0123456789abcdef --ca-hash sha256:00",
    );
  });
});
