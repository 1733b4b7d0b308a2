// Owns the property of list and watch: whoever lists, follows, loses the connection and resumes holds what the server holds (V.2).
import fc from "fast-check";
import { expect, it } from "vitest";
import type { KubeObject } from "../../../src/model/meta.ts";
import { configMapNamed, configMaps, tryPipeline, type Tried, type Watched } from "./harness.ts";

type Step =
  | { readonly do: "put"; readonly name: string; readonly team: string; readonly value: string }
  | { readonly do: "delete"; readonly name: string }
  | { readonly do: "reconnect" }
  | { readonly do: "catch-up" };

const name = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      name,
      team: fc.constantFrom("red", "blue"),
      value: fc.constantFrom("1", "2"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), name }) },
  { weight: 2, arbitrary: fc.constant({ do: "reconnect" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "catch-up" as const }) },
);

const merge = { contentType: "application/merge-patch+json" };

/** A client that keeps a copy of what is red, by events alone after its first list. */
class Follower {
  readonly held = new Map<string, KubeObject>();
  private readonly tried: Tried;
  private watch: Watched | undefined;
  private version = 0;

  constructor(tried: Tried) {
    this.tried = tried;
  }

  connect(): void {
    this.watch?.stop();
    this.watch = this.tried.watch(configMaps, {
      labelSelector: "team=red",
      allowWatchBookmarks: "true",
      resourceVersion: String(this.version),
      timeoutSeconds: "600",
    });
  }

  begin(version: string): void {
    this.version = Number(version);
    this.connect();
  }

  /** Takes events until a bookmark says that all is told. */
  async catchUp(): Promise<void> {
    const told = this.watch;
    if (told === undefined) return;
    await this.tried.must("GET", configMaps);
    await this.tried.clock.advanceAsync(61_000);
    for (;;) {
      const [event] = await told.take(1);
      if (event === undefined || event.type === "ERROR") throw new Error(JSON.stringify(event));
      const revision = Number(event.object.metadata.resourceVersion);
      expect(revision).toBeGreaterThanOrEqual(this.version);
      if (event.type === "BOOKMARK") {
        this.version = revision;
        return;
      }
      // Strictly: nothing is told twice, over reconnections too.
      expect(revision).toBeGreaterThan(this.version);
      this.version = revision;
      const { name } = event.object.metadata;
      expect(this.held.has(name)).toBe(event.type !== "ADDED");
      if (event.type === "DELETED") this.held.delete(name);
      else this.held.set(name, event.object);
    }
  }

  stop(): void {
    this.watch?.stop();
  }
}

async function perform(tried: Tried, follower: Follower, step: Step): Promise<void> {
  if (step.do === "reconnect") return follower.connect();
  if (step.do === "catch-up") return follower.catchUp();
  const path = `${configMaps}/${step.name}`;
  if (step.do === "delete") {
    await tried.ask("DELETE", path);
    return;
  }
  const body = configMapNamed(step.name, { value: step.value }, { labels: { team: step.team } });
  const { status } = await tried.ask("PATCH", path, body, merge);
  if (status === 404) await tried.must("POST", configMaps, body);
}

it("holds what the server holds, each change told once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const tried = await tryPipeline();
      const follower = new Follower(tried);
      follower.begin((await tried.must("GET", configMaps)).metadata.resourceVersion);
      for (const step of steps) await perform(tried, follower, step);
      follower.connect();
      await follower.catchUp();
      const listed = await tried.must("GET", configMaps, undefined, { query: { labelSelector: "team=red" } });
      const held = [...follower.held.keys()].sort().map((name) => follower.held.get(name));
      expect(held).toEqual("items" in listed ? listed.items : []);
      follower.stop();
      await tried.stop();
    }),
    { numRuns: 60 },
  );
});
