// Owns the proof of what a KubeletConfiguration file comes to.
import { describe, expect, it } from "vitest";
import { parseGoDuration } from "../go-duration.ts";
import { reservedOf } from "./reserved.ts";
import { readKubeletConfiguration } from "./read-kubelet-configuration.ts";

const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
const read = (text: string) => readKubeletConfiguration("kubelet.yaml", text);

describe("a KubeletConfiguration (S.5)", () => {
  it("gives every setting this kubelet goes by, and names those it doesn't", () => {
    const found = read(`${head}staticPodPath: /etc/kubernetes/manifests
staticPodURL: http://127.0.0.1/pods
staticPodURLHeader: { x-token: [a, b] }
fileCheckFrequency: 1m30s
httpCheckFrequency: 500ms
address: 127.0.0.1
port: 10250
maxPods: 50
nodeStatusUpdateFrequency: 5s
registerWithTaints: [{ key: a, value: b, effect: NoSchedule }]
rotateCertificates: true
cgroupDriver: systemd
authentication: { anonymous: { enabled: false }, webhook: { cacheTTL: 2m } }
syncFrequency: 0s
podLogsDir: null
`);
    expect(found).toEqual({
      is: "read",
      configuration: {
        staticPodPath: "/etc/kubernetes/manifests",
        staticPodURL: "http://127.0.0.1/pods",
        staticPodURLHeader: { "x-token": ["a", "b"] },
        fileCheckFrequency: 90_000,
        httpCheckFrequency: 500,
        address: "127.0.0.1",
        port: 10250,
        maxPods: 50,
        nodeStatusUpdateFrequency: 5000,
        registerWithTaints: [{ key: "a", value: "b", effect: "NoSchedule" }],
        authentication: { anonymous: { enabled: false }, webhook: { cacheTTL: 120_000 } },
      },
      notes: [
        "kubelet.yaml:13:1: rotateCertificates: is not gone by: this kubelet has no such setting",
        "kubelet.yaml:14:1: cgroupDriver: is not gone by: this kubelet has no such setting",
        "kubelet.yaml:16:1: syncFrequency: is not gone by: this kubelet has no such setting",
      ],
    });
  });

  const rows: readonly (readonly [string, string, RegExp])[] = [
    ["broken YAML", `${head}port: [1`, /^kubelet\.yaml:\d+:\d+: /],
    ["nothing", "", /^kubelet\.yaml:1:1: it is empty/],
    ["a list", "- 1\n", /:1:1: it is not an object/],
    ["two documents", `${head}---\n${head}`, /:4:1: it holds more than one document/],
    ["another kind", head.replace("KubeletC", "KubeProxyC"), /:2:1: kind: "KubeProxyConfiguration"/],
    ["no kind", head.split("\n")[0] ?? "", /:1:1: kind is missing: it should be KubeletConfiguration/],
    [
      "a wrong field within a group",
      `${head}authentication:\n  anonymous: { enabld: true }\n`,
      /:4:\d+: authentication\.anonymous\.enabld: there is no such field/,
    ],
    [
      "a wrong value within a group",
      `${head}authentication: { webhook: { cacheTTL: soon } }\n`,
      /authentication\.webhook\.cacheTTL: "soon" is not a length of time/,
    ],
    [
      "an unknown mode",
      `${head}authorization: { mode: ABAC }\n`,
      /authorization\.mode: "ABAC" is neither Webhook nor AlwaysAllow/,
    ],
    ["another case", `${head}staticPodurl: x\n`, /:3:1: staticPodurl: .*did you mean staticPodURL\?/],
    ["a letter too few", `${head}maxPod: 5\n`, /:3:1: maxPod: .*did you mean maxPods\?/],
    [
      "a field of nobody's",
      `${head}colour: red\n`,
      /:3:1: colour: there is no such field in a KubeletConf\w+$/,
    ],
    ["a text for a port", `${head}port: "1"\n`, /:3:1: port: "1" is not a whole number from 0 to 65535/],
    ["a port too high", `${head}port: 70000\n`, /port: 70000 is not/],
    ["a number for a time", `${head}fileCheckFrequency: 20\n`, /fileCheckFrequency: 20 is not a length/],
    ["a wrong field not gone by", `${head}rotateCertificates: "yes"\n`, /is not true or false/],
    [
      "a size that is none",
      `${head}containerLogMaxSize: big\n`,
      /:3:1: containerLogMaxSize: "big" is not an amount such as/,
    ],
    ["a log count of one", `${head}containerLogMaxFiles: 1\n`, /1 is not a whole number from 2 /],
    [
      "a signal of nobody's",
      `${head}evictionHard:\n  memory.free: 1Gi\n`,
      /:4:3: evictionHard\[memory.free\]: there is no eviction signal memory.free; there are memory.available,/,
    ],
    [
      "a threshold above all",
      `${head}evictionHard: { memory.available: 110% }\n`,
      /evictionHard.*"110%" is neither an amount/,
    ],
    [
      "a soft threshold without its time",
      `${head}evictionSoft: { memory.available: 1Gi }\n`,
      /:3:1: evictionSoft: memory.available has no time in evictionSoftGracePeriod/,
    ],
    [
      "more for critical pods than for all",
      `${head}shutdownGracePeriod: 10s\nshutdownGracePeriodCriticalPods: 20s\n`,
      /:4:1: shutdownGracePeriodCriticalPods: it is longer than shutdownGracePeriod/,
    ],
    [
      "both ways to say how long a shutdown takes",
      `${head}shutdownGracePeriod: 10s\nshutdownGracePeriodByPodPriority: [{ priority: 0, shutdownGracePeriodSeconds: 1 }]\n`,
      /:4:1: shutdownGracePeriodByPodPriority: it takes the place/,
    ],
    [
      "a wrong stage of a shutdown",
      `${head}shutdownGracePeriodByPodPriority:\n  - priority: high\n`,
      /shutdownGracePeriodByPodPriority\[0\]\.priority: "high": each has/,
    ],
    ["a wrong header", `${head}staticPodURLHeader: { a: b }\n`, /is not a map of header names/],
    [
      "a wrong taint",
      `${head}registerWithTaints:\n  - key: a\n    effect: Never\n`,
      /:5:5: registerWithTaints\[0\]\.effect: /,
    ],
  ];
  it.each(rows)("with %s is refused by line and name", (_what, text, problem) => {
    const found = read(text);
    expect(found.is).toBe("bad");
    expect(found.is === "bad" ? found.problems[0] : "").toMatch(problem);
  });
});

describe("what pods may have of a node", () => {
  it("is its capacity less what is kept, and less what pods are evicted below", () => {
    const capacity = { cpu: "4", memory: "1000Mi", "ephemeral-storage": "100Gi", pods: "110" };
    const kept = {
      systemReserved: { cpu: "500m", memory: "100Mi" },
      kubeReserved: { cpu: "1", memory: "50Mi" },
    };
    expect(reservedOf({ ...kept, evictionHard: { "memory.available": "5%" } }, capacity)).toEqual({
      cpu: "1500m",
      memory: "200Mi",
    });
    expect(reservedOf({}, capacity)).toEqual({
      memory: "104857600",
      "ephemeral-storage": "10737418240",
    });
  });
});

describe("a length of time in Go's words", () => {
  it.each([
    ["20s", 20_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["100ms", 100],
    ["-1s", -1000],
    ["0", 0],
    ["20", undefined],
    ["s", undefined],
    ["1d", undefined],
    ["", undefined],
  ])("%s", (text, length) => {
    expect(parseGoDuration(text)).toBe(length);
  });
});
