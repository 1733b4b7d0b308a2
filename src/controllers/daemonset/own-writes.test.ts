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

test("what we wrote is unseen until the informer has told it", () => {
  const { writes, tell } = overlay();
  const made = podAt("made", "20");
  writes.record(made);
  expect([...writes.unseen()]).toEqual([made]);
  tell(made);
  expect([...writes.unseen()]).toEqual([]);
});
