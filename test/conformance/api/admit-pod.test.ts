// Owns the conformance of what admission makes of a new pod: its tolerations and its priority.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import { podNamed, pods, tryPipeline, type Tried } from "./harness.ts";

const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";

let tried: Tried;
beforeEach(async () => {
  tried = await tryPipeline({ kinds });
});
afterEach(() => tried.stop());

const create = (spec: object) => {
  const pod = podNamed("a");
  return tried.ask("POST", pods, { ...pod, spec: { ...pod.spec, ...spec } });
};

describe("the system's priority classes", () => {
  it("are there from the start and stay", async () => {
    expect(await tried.must("GET", `${classes}/system-node-critical`)).toMatchObject({
      value: 2_000_001_000,
      preemptionPolicy: "PreemptLowerPriority",
    });
    expect(await tried.must("GET", `${classes}/system-cluster-critical`)).toMatchObject({
      value: 2_000_000_000,
    });
    expect(await tried.ask("DELETE", `${classes}/system-node-critical`)).toMatchObject({
      status: 403,
      body: {
        message:
          'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
      },
    });
  });
});

describe("a new pod", () => {
  it("stays five minutes on a lost node unless it says itself", async () => {
    const lost = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
    expect(await create({})).toMatchObject({
      status: 201,
      body: {
        spec: {
          priority: 0,
          preemptionPolicy: "PreemptLowerPriority",
          tolerations: [lost("node.kubernetes.io/not-ready"), lost("node.kubernetes.io/unreachable")],
        },
      },
    });
  });

  it.each([
    ["a class of the system", { priorityClassName: "system-node-critical" }, { priority: 2_000_001_000 }],
    ["a class that was made", { priorityClassName: "low" }, { priority: 5, preemptionPolicy: "Never" }],
    ["its class's own number", { priorityClassName: "low", priority: 5 }, { priority: 5 }],
  ])("has the priority of %s", async (_name, asked, got) => {
    await tried.must("POST", classes, { metadata: { name: "low" }, value: 5, preemptionPolicy: "Never" });
    expect(await create(asked)).toMatchObject({ status: 201, body: { spec: got } });
  });

  it("has the default class where it names none", async () => {
    await tried.must("POST", classes, { metadata: { name: "high" }, value: 9, globalDefault: true });
    // As two servers at the same moment would leave it.
    const { metadata, ...raced } = await tried.must("POST", classes, {
      metadata: { name: "usual" },
      value: 7,
    });
    const value = Buffer.from(JSON.stringify({ ...raced, metadata, globalDefault: true }));
    await tried.store.commit([], [{ do: "put", key: "/registry/priorityclasses/usual", value }]);
    expect(await create({})).toMatchObject({ body: { spec: { priority: 7, priorityClassName: "usual" } } });
  });

  it("has one default class at most", async () => {
    const usual = (name: string, globalDefault: boolean) => ({ metadata: { name }, value: 7, globalDefault });
    const refused = {
      status: 403,
      body: {
        message:
          'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass first is already marked as default. Only one default can exist',
      },
    };
    await tried.must("POST", classes, usual("first", true));
    expect(await tried.ask("POST", classes, usual("second", true))).toMatchObject(refused);
    await tried.must("POST", classes, usual("second", false));
    const patch = (name: string, globalDefault: boolean) =>
      tried.ask(
        "PATCH",
        `${classes}/${name}`,
        { globalDefault },
        { contentType: "application/merge-patch+json" },
      );
    expect(await patch("second", true)).toMatchObject(refused);
    expect((await patch("first", true)).status).toBe(200);
    expect((await patch("first", false)).status).toBe(200);
    expect((await patch("second", true)).status).toBe(200);
  });

  it.each([
    [
      "a class that is not there",
      { priorityClassName: "nosuch" },
      'pods "a" is forbidden: no PriorityClass with name nosuch was found',
    ],
    ["a number of its own", { priority: 7 }, "must not be provided in pod spec"],
  ])("is refused with %s", async (_name, asked, message) => {
    expect(await create(asked)).toMatchObject({
      status: 403,
      body: { reason: "Forbidden", message: expect.stringContaining(message) },
    });
    expect((await tried.ask("GET", `${pods}/a`)).status).toBe(404);
  });
});
