// Owns tests of the merging of sources into one set of pods.
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { DesiredPods } from "./desired-pods.ts";
import type { PodSource, SourceName, SourceTold } from "./source.ts";

const podOf = (uid: string, version = "1"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: uid, namespace: "default", uid, resourceVersion: version, creationTimestamp: "" },
});

function setUp(...names: SourceName[]) {
  const doors = new Map<SourceName, SourceTold>();
  const told: string[] = [];
  const sources = names.map((name): PodSource => ({
    name,
    start: (door) => {
      doors.set(name, door);
      return () => doors.delete(name);
    },
  }));
  const desired = new DesiredPods(
    sources,
    (change) =>
      told.push(
        change.is === "wanted"
          ? `${change.source} wants ${change.pod.metadata.uid}`
          : `dismissed ${change.uid}`,
      ),
    (source) => told.push(`${source} is ready`),
  );
  desired.start();
  const door = (name: SourceName): SourceTold => {
    const found = doors.get(name);
    if (found === undefined) throw new Error(`source ${name} is not started`);
    return found;
  };
  return { desired, told, door, doors };
}

describe("DesiredPods", () => {
  it("is ready source by source, each once; one that isn't there when all others are", () => {
    const { desired, told, door } = setUp("api", "file");
    door("api").ready();
    door("api").ready();
    expect([desired.allReady, told]).toEqual([false, ["api is ready"]]);
    expect([desired.isReady("api"), desired.isReady("file"), desired.isReady("http")]).toEqual([
      true,
      false,
      false,
    ]);
    door("file").ready();
    door("file").ready();
    expect([desired.allReady, told]).toEqual([true, ["api is ready", "file is ready"]]);
    expect(desired.isReady("http")).toBe(true);
  });

  it("is ready at once without sources", () => {
    expect(setUp().told).toEqual(["api is ready"]);
  });

  it("tells what a replaced set adds, changes and takes away, of that source alone", () => {
    const { told, door } = setUp("api", "file");
    const same = podOf("same");
    door("api").put(podOf("other"));
    door("file").replace([same, podOf("changed"), podOf("gone")]);
    told.length = 0;
    door("file").replace([same, podOf("changed", "2"), podOf("new")]);
    expect(told).toEqual(["dismissed gone", "file wants changed", "file wants new"]);
  });

  it("lets no source take away another's pod", () => {
    const { desired, told, door } = setUp("api", "file");
    door("file").put(podOf("a"));
    door("api").remove("a");
    expect([desired.has("a"), told]).toEqual([true, ["file wants a"]]);
  });

  it("ends every source", () => {
    const { desired, doors } = setUp("api", "file");
    desired.stop();
    expect(doors.size).toBe(0);
  });
});
