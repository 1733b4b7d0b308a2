// Owns the tests of laying our own writes over what an informer shows.
import { expect, test } from "vitest";
import type { Informer } from "../../client/client.ts";
import type { Pod } from "../../model/generated/types.ts";
import { pod as podKind } from "../../model/kinds/pod.ts";
import { makePod, makeRevision, makeSet } from "./cluster.fixture.ts";
import { OwnWrites } from "./own-writes.ts";

const set = makeSet();
const revision = makeRevision(set);
const podAt = (name: string, resourceVersion: string): Pod => {
  const pod = makePod(set, "a", revision, { name });
  return { ...pod, metadata: { ...pod.metadata, resourceVersion } };
};

function overlay() {
  const copy = new Map<string, Pod>();
  const informer: Informer<Pod> = {
    kind: podKind,
    synced: Promise.resolve(),
    get: (key) => copy.get(key),
    list: () => copy.values(),
    get size() {
      return copy.size;
    },
    byIndex: () => copy.values(),
    onChange: () => () => undefined,
    stop: () => undefined,
  };
  const writes = new OwnWrites(informer);
  const seen = () =>
    [...writes.ownedBy(set.metadata.uid)]
      .map(({ metadata }) => `${metadata.name}:${metadata.resourceVersion}`)
      .sort();
  const tell = (pod: Pod, is: "added" | "removed" = "added") => {
    if (is === "added") copy.set(`default/${pod.metadata.name}`, pod);
    else copy.delete(`default/${pod.metadata.name}`);
    writes.observe({ is, object: pod });
  };
  return { writes, seen, tell };
}

test("what we wrote is seen at once, and once only when the informer shows it", () => {
  const { writes, seen, tell } = overlay();
  writes.record(podAt("x", "5"));
  expect(seen()).toEqual(["x:5"]);
  tell(podAt("x", "5"));
  expect(seen()).toEqual(["x:5"]);
  tell(podAt("x", "6"), "removed");
  expect(seen()).toEqual([]);
});

test("an answer that comes after its own event is not kept, nor one older than what was seen", () => {
  const { writes, seen, tell } = overlay();
  tell(podAt("x", "5"));
  tell(podAt("x", "6"), "removed");
  writes.record(podAt("x", "5"));
  expect(seen()).toEqual([]);
});

test("a newer write covers the informer's older copy", () => {
  const { writes, seen, tell } = overlay();
  tell(podAt("x", "5"));
  writes.record(podAt("x", "7"));
  expect(seen()).toEqual(["x:7"]);
  expect(writes.get("default/x")?.metadata.resourceVersion).toBe("7");
});

test("what was made and taken away while the informer listed anew does not linger", () => {
  const { writes, seen, tell } = overlay();
  writes.record(podAt("ghost", "5"));
  tell(podAt("y", "9"));
  expect(seen()).toEqual(["y:9"]);
});

const leaving = (writes: OwnWrites<Pod>) =>
  [...writes.ownedBy(set.metadata.uid)]
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => `${metadata.name}:${metadata.resourceVersion}`);
const at = "2026-01-01T00:00:00Z";

test("a pod whose deletion is on the way is leaving, whatever else changes on it, until that is told or has failed", () => {
  const { writes, seen, tell } = overlay();
  for (const name of ["x", "y", "z"]) tell(podAt(name, "5"));
  for (const name of ["x", "y", "z"]) writes.presumeLeaving(podAt(name, "5"), at);
  expect(leaving(writes).sort()).toEqual(["x:5", "y:5", "z:5"]);
  tell(podAt("x", "6"));
  expect(leaving(writes).sort()).toEqual(["x:6", "y:5", "z:5"]);
  writes.withdraw(podAt("y", "5"));
  tell(podAt("x", "7"), "removed");
  expect(leaving(writes)).toEqual(["z:5"]);
  const answer = podAt("z", "8");
  writes.record({ ...answer, metadata: { ...answer.metadata, deletionTimestamp: at } });
  expect(leaving(writes)).toEqual(["z:8"]);
  tell({ ...answer, metadata: { ...answer.metadata, deletionTimestamp: at } });
  expect(leaving(writes)).toEqual(["z:8"]);
  tell(podAt("z", "9"), "removed");
  expect(seen()).toEqual(["y:5"]);
});

test("one of our own that we delete before it was told is leaving too, and is forgotten if it never is told", () => {
  const { writes, seen, tell } = overlay();
  writes.record(podAt("x", "5"));
  writes.presumeLeaving(podAt("x", "5"), at);
  expect(leaving(writes)).toEqual(["x:5"]);
  tell(podAt("y", "9"));
  expect(seen()).toEqual(["y:9"]);
});

test("a namesake is not taken for the pod that was to leave", () => {
  const { writes, tell } = overlay();
  tell(podAt("x", "5"));
  writes.presumeLeaving(podAt("x", "5"), at);
  const other = podAt("x", "8");
  tell({ ...other, metadata: { ...other.metadata, uid: "another" } });
  expect(leaving(writes)).toEqual([]);
});
