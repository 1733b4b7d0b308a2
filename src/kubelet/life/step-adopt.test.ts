// Owns tests of what is made of a pod found at start, beyond what whole kubelets show: what is cleared away.
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { adoptPod, type FoundContainer } from "./step-adopt.ts";

const now = 1_000_000;
const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "1", creationTimestamp: "" },
  spec: { containers: [{ name: "main", image: "i" }], restartPolicy: "Always" },
};
const run = (attempt: number, state: FoundContainer["state"]): FoundContainer => ({
  id: `c${attempt}`,
  name: "main",
  attempt,
  state,
  imageRef: "i",
  startedAt: now - 1000,
  ...(state === "exited"
    ? { exit: { id: `c${attempt}`, exitCode: 1, reason: "Error", finishedAt: now - 500 } }
    : {}),
});
const ordersFor = (...containers: FoundContainer[]): string[] => {
  const sandbox = { id: "s", ips: [], ready: true, attempt: 0 };
  const [, ...orders] = adoptPod(pod, { sandbox, containers }, now);
  return orders.flatMap((order) =>
    order.do === "for-container"
      ? [`${order.order.do} ${"id" in order.order ? order.order.id : ""}`.trim()]
      : [],
  );
};

describe("runs of a container found at start", () => {
  it.each([
    ["one that runs", [run(0, "running")], []],
    ["the last dead one stays for its log", [run(0, "exited"), run(1, "running")], []],
    [
      "older ones go",
      [run(0, "exited"), run(1, "exited"), run(2, "exited"), run(3, "running")],
      ["remove-container c1", "remove-container c0"],
    ],
    [
      "one that was made and not started is started",
      [run(0, "exited"), run(1, "exited"), run(2, "created")],
      ["remove-container c0", "start-container c2"],
    ],
  ])("%s", (_what, found, orders) => {
    expect(ordersFor(...found)).toEqual(orders);
  });
});
