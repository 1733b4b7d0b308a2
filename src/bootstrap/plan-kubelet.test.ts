// Owns the proof of how a machine's kubelet is run.
import { stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { readKubeletConfiguration } from "../model/kubelet-configuration/read-kubelet-configuration.ts";
import { isKubeletOf, planKubeletCommand, planKubeletConfiguration, planUnit } from "./plan-kubelet.ts";

const plan = {
  program: ["/usr/bin/node", "/opt/everynode.js"],
  nodeName: "boat",
  nodeIp: "192.0.2.2",
  port: 10_250,
  manifests: "/d/manifests",
  kubeletConf: "/d/kubelet.conf",
  kubeletConfiguration: "/d/kubelet-config.yaml",
  kubeletRoot: "/d/kubelet",
};

describe("a machine's kubelet", () => {
  test("goes by every field of the configuration written for it", () => {
    const read = readKubeletConfiguration("c.yaml", stringify(planKubeletConfiguration(plan)));
    expect(read).toMatchObject({
      is: "read",
      notes: [],
      configuration: { staticPodPath: "/d/manifests", address: "192.0.2.2", port: 10_250 },
    });
  });

  test("is known by its root folder", () => {
    const command = planKubeletCommand(plan);
    expect(isKubeletOf(command, "/d/kubelet")).toBe(true);
    expect(isKubeletOf(command, "/d")).toBe(false);
    expect(isKubeletOf(command, "/d/kubelet2")).toBe(false);
    expect(isKubeletOf(["everynode", "ps", "--root-dir", "/d/kubelet"], "/d/kubelet")).toBe(false);
    expect(isKubeletOf([], "/d/kubelet")).toBe(false);
  });

  test("is kept running by a unit that leaves containers alone", () => {
    const unit = planUnit(plan);
    expect(unit).toContain(`ExecStart=${planKubeletCommand(plan).join(" ")}\n`);
    expect(unit).toContain("Restart=always");
    expect(unit).toContain("KillMode=process");
  });

  test.each([
    ["a space", "/my data/kubelet", '"/my data/kubelet"'],
    ["a percent sign", "/100%/kubelet", "/100%%/kubelet"],
    ["a dollar", "/a$b/kubelet", "/a$$b/kubelet"],
    ["a quote", '/a"b/kubelet', '"/a\\"b/kubelet"'],
  ])("a unit's word with %s", (_name, kubeletRoot, written) => {
    expect(planUnit({ ...plan, kubeletRoot })).toContain(`--root-dir ${written} `);
  });
});
