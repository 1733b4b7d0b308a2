// Owns the proof of finding, awaiting and ending kubelets.
import { describe, expect, test } from "vitest";
import type { ClientResponse, Network } from "../world/http.ts";
import type { Processes } from "../world/processes.ts";
import { VirtualClock } from "../world/virtual-clock.ts";
import { endKubelets, kubeletsOf, untilHealthy } from "./kubelet-process.ts";

interface Running {
  readonly words: readonly string[];
  readonly diesOf: readonly string[];
  /** Somebody starts it again. */
  readonly revived?: boolean;
}

const kubelet = (root: string): readonly string[] => ["node", "everynode", "kubelet", "--root-dir", root];

type Seen = Pick<Processes, "all" | "commandLine" | "signal">;

function machine(running: Map<number, Running>): { processes: Processes; signals: string[] } {
  const signals: string[] = [];
  const seen: Seen = {
    all: async () =>
      [...running.keys()].map((pid) => ({
        pid,
        started: pid * 10,
        parent: 1,
        group: pid,
        session: pid,
        cpu: 0,
        memory: 0,
      })),
    commandLine: async (pid) => running.get(pid)?.words ?? "absent",
    signal: (pid, signal) => {
      signals.push(`${signal} ${pid}`);
      const found = running.get(pid);
      if (found?.diesOf.includes(signal) === true) {
        running.delete(pid);
        if (found.revived === true) running.set(pid + 1, found);
      }
      return found !== undefined;
    },
  };
  // Only these are asked.
  return { processes: seen as Processes, signals };
}

const anything = ["SIGTERM", "SIGKILL"];

describe("ending kubelets", () => {
  test.each<[string, [number, Running][], string[], string]>([
    ["none", [[1, { words: ["init"], diesOf: [] }]], [], "0"],
    [
      "one of the folder, and no other's",
      [
        [5, { words: kubelet("/d/kubelet"), diesOf: anything }],
        [6, { words: kubelet("/other"), diesOf: anything }],
      ],
      ["SIGTERM 5"],
      "1",
    ],
    [
      "one that does not hear",
      [[5, { words: kubelet("/d/kubelet"), diesOf: ["SIGKILL"] }]],
      ["SIGTERM 5", "SIGKILL 5"],
      "1",
    ],
    [
      "one that somebody starts again",
      [[5, { words: kubelet("/d/kubelet"), diesOf: anything, revived: true }]],
      ["SIGTERM 5"],
      "it was started again as process 6; stop the service",
    ],
  ])("%s", async (_name, running, expected, outcome) => {
    const clock = new VirtualClock(0);
    const { processes, signals } = machine(new Map(running));
    const ended = endKubelets({ clock, processes }, "/d/kubelet").then(
      String,
      (thrown: Error) => thrown.message,
    );
    await clock.advanceAsync(30_000);
    expect(await ended).toContain(outcome);
    expect([...new Set(signals)]).toEqual(expected);
  });

  test("they are known with the time of their start", async () => {
    const { processes } = machine(new Map([[7, { words: kubelet("/d/kubelet"), diesOf: [] }]]));
    expect(await kubeletsOf(processes, "/d/kubelet")).toEqual([{ pid: 7, started: 70 }]);
  });
});

describe("waiting for health", () => {
  const networkOf = (status: (url: string) => number): Network => ({
    serve: () => Promise.reject(new Error("nothing is served")),
    client: () => ({
      request: async ({ url }) => {
        const code = status(url);
        if (code === 0) throw new Error("connect ECONNREFUSED");
        // Nothing but the code and the discarding is used.
        return { status: code, discard: async () => undefined } as ClientResponse;
      },
      close: async () => undefined,
    }),
  });
  const tried = async (status: (url: string, clock: VirtualClock) => number, broken?: Promise<unknown>) => {
    const clock = new VirtualClock(0);
    const told: string[] = [];
    const waited = untilHealthy(
      {
        clock,
        network: networkOf((url) => status(url, clock)),
        timeout: 10_000,
        orElse: async () => "look there",
        ...(broken === undefined ? {} : { broken }),
      },
      { a: "https://a", b: "https://b" },
      (name) => told.push(`${name} ${Math.round(clock.now() / 1000)}`),
    ).then(
      () => "healthy",
      (thrown: Error) => thrown.message,
    );
    await clock.advanceAsync(20_000);
    return { outcome: await waited, told };
  };

  test("each is told as it comes", async () => {
    const { outcome, told } = await tried((url, clock) =>
      url === "https://a" ? 200 : clock.now() < 4000 ? 0 : clock.now() < 6000 ? 500 : 200,
    );
    expect(outcome).toBe("healthy");
    expect(told).toEqual(["a 0", "b 6"]);
  });

  test("what does not come is named, with where to look", async () => {
    const { outcome } = await tried((url) => (url === "https://a" ? 200 : 503));
    expect(outcome).toBe("cannot go on: b not healthy within 10 s; look there");
  });

  test("nothing is waited for that cannot come", async () => {
    const { outcome } = await tried(() => 0, Promise.resolve());
    expect(outcome).toBe("cannot go on: a, b cannot become healthy any more; look there");
  });
});
