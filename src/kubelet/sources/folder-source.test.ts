// Owns the proof of the folder source: any sequence of file operations ends with the pods of the files, and none twice.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../model/generated/types.ts";
import { silentLog } from "../../world/log.ts";
import { settle, VirtualClock } from "../../world/virtual-clock.ts";
import { MemoryFiles } from "../memory-files.fixture.ts";
import { createFolderSource } from "./folder-source.ts";
import { planManifests, type Complaint, type FileFound } from "./plan-manifests.ts";

const podText = (name: string, version = 1): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: main, image: "agent:${version}"}]}\n`;

class Folder {
  readonly clock = new VirtualClock();
  readonly files = new MemoryFiles();
  pods = new Map<string, Pod>();
  complaints: readonly Complaint[] = [];
  changes = 0;
  ready = false;
  private stop: () => void = () => undefined;

  start(): void {
    const source = createFolderSource({
      folder: "/m",
      nodeName: "n1",
      files: this.files,
      clock: this.clock,
      log: silentLog,
      period: 20_000,
      memoryFile: "/root/static-pods.json",
      complain: (complaints) => (this.complaints = complaints),
    });
    this.ready = false;
    this.stop = source.start({
      put: (pod) => this.pods.set(pod.metadata.uid, pod),
      remove: (uid) => this.pods.delete(uid),
      replace: (pods) => {
        this.changes += 1;
        this.pods = new Map(pods.map((pod) => [pod.metadata.uid, pod]));
      },
      ready: () => (this.ready = true),
    });
  }

  async run(time: number): Promise<void> {
    await this.clock.advanceAsync(time);
    for (let round = 0; round < 5; round++) await settle();
  }

  async restart(): Promise<void> {
    this.stop();
    this.pods = new Map();
    this.start();
    await this.run(50);
  }

  names(): string[] {
    return [...this.pods.values()].map(({ metadata }) => metadata.name).sort();
  }

  async write(name: string, text: string): Promise<void> {
    await this.files.writeText(`/m/${name}`, text);
  }
}

const started = async (...names: string[]): Promise<Folder> => {
  const folder = new Folder();
  await folder.files.makeFolder("/m");
  for (const name of names) await folder.write(`${name}.yaml`, podText(name));
  folder.start();
  await folder.run(50);
  return folder;
};

describe("the folder", () => {
  it("tells a file added, changed and removed within a second (S.3)", async () => {
    const folder = await started("a");
    expect(folder.names()).toEqual(["a-n1"]);
    expect(folder.ready).toBe(true);
    await folder.write("b.yaml", podText("b"));
    await folder.run(1000);
    expect(folder.names()).toEqual(["a-n1", "b-n1"]);
    const [before] = folder.pods.keys();
    await folder.write("a.yaml", podText("a", 2));
    await folder.run(1000);
    expect(folder.names()).toEqual(["a-n1", "b-n1"]);
    expect([...folder.pods.keys()]).not.toContain(before);
    await folder.files.remove("/m/b.yaml");
    await folder.run(1000);
    expect(folder.names()).toEqual(["a-n1"]);
    await folder.files.remove("/m/a.yaml");
    await folder.run(1000);
    expect(folder.names()).toEqual([]);
  });

  it("tells a change that nothing reports at the next check (S.3)", async () => {
    const folder = await started("a");
    folder.files.watch = () => () => undefined;
    await folder.restart();
    await folder.write("b.yaml", podText("b"));
    await folder.run(20_500);
    expect(folder.names()).toEqual(["a-n1", "b-n1"]);
  });

  it("that appears later is read within two seconds", async () => {
    const folder = new Folder();
    folder.start();
    await folder.run(5000);
    expect(folder.ready).toBe(true);
    expect(folder.complaints[0]?.because).toContain("no such folder");
    await folder.write("a.yaml", podText("a"));
    await folder.run(2000);
    expect(folder.names()).toEqual(["a-n1"]);
    expect(folder.complaints).toEqual([]);
  });

  it("that goes, or fails to be read, ends no pod, over a restart too (S.11)", async () => {
    const folder = await started("a", "b");
    const before = [...folder.pods.keys()];
    await folder.files.remove("/m");
    await folder.run(30_000);
    expect([...folder.pods.keys()]).toEqual(before);
    expect(folder.complaints[0]?.because).toContain("the pods it held go on");
    await folder.restart();
    expect([...folder.pods.keys()]).toEqual(before);
    const list = folder.files.list;
    await folder.write("a.yaml", podText("a"));
    folder.files.list = () => Promise.reject(new Error("EIO: i/o error"));
    await folder.run(30_000);
    expect([...folder.pods.keys()]).toEqual(before);
    expect(folder.complaints[0]?.because).toContain("EIO");
    folder.files.list = list;
    await folder.run(2000);
    expect(folder.names()).toEqual(["a-n1"]);
  });

  it("that is empty for a moment ends no pod (S.11)", async () => {
    const folder = await started("a");
    const list = folder.files.list;
    const { changes } = folder;
    folder.files.list = async () => [];
    await folder.write(".touch", "");
    await folder.run(250);
    folder.files.list = list;
    await folder.run(1000);
    expect(folder.names()).toEqual(["a-n1"]);
    expect(folder.changes).toBeLessThanOrEqual(changes + 1);
  });

  it("doesn't complain of a file that is being written, nor end what it held", async () => {
    const folder = await started("a");
    const heard: string[] = [];
    const text = podText("a", 2);
    for (let at = 10; at < text.length; at += 30) {
      await folder.write("a.yaml", text.slice(0, at));
      await folder.run(60);
      heard.push(...folder.complaints.map(({ because }) => because));
    }
    await folder.write("a.yaml", text);
    await folder.run(1000);
    expect(heard).toEqual([]);
    expect([...folder.pods.values()][0]?.spec?.containers[0]?.image).toBe("agent:2");
  });

  it("knows a renamed file's pod again: nothing restarts", async () => {
    const folder = await started("a");
    const before = [...folder.pods.values()];
    await folder.files.rename("/m/a.yaml", "/m/z.yaml");
    await folder.run(1000);
    expect([...folder.pods.values()]).toEqual(before);
  });
});

type Operation =
  | { readonly do: "write"; readonly file: string; readonly text: string }
  | { readonly do: "remove"; readonly file: string }
  | { readonly do: "rename"; readonly file: string; readonly to: string }
  | { readonly do: "wait"; readonly time: number }
  | { readonly do: "restart" };

const fileName = fc.constantFrom("a.yaml", "b.yaml", "c.json", "d.yaml~", ".e.yaml");
const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("x", "y", "z"), fc.integer({ min: 1, max: 2 }))
      .map(([name, version]) => podText(name, version)),
  },
  { weight: 1, arbitrary: fc.constantFrom("", "kind: [", "apiVersion: v1\nkind: Service\n") },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constant("write" as const), file: fileName, text }),
  fc.record({ do: fc.constant("remove" as const), file: fileName }),
  fc.record({ do: fc.constant("rename" as const), file: fileName, to: fileName }),
  fc.record({ do: fc.constant("wait" as const), time: fc.integer({ min: 0, max: 700 }) }),
  fc.constant({ do: "restart" as const }),
);

async function perform(folder: Folder, operation: Operation): Promise<void> {
  switch (operation.do) {
    case "write":
      return folder.write(operation.file, operation.text);
    case "remove":
      return folder.files.remove(`/m/${operation.file}`);
    case "rename":
      return folder.files.rename(`/m/${operation.file}`, `/m/${operation.to}`).catch(() => undefined);
    case "wait":
      return folder.run(operation.time);
    default:
      return folder.restart();
  }
}

describe("any sequence of file operations", () => {
  it("ends with the pods of the files as they are: at most one a file, one a name, each broken file complained of", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const folder = await started();
        for (const one of operations) await perform(folder, one);
        await folder.run(25_000);
        const found: FileFound[] = [];
        for (const name of (await folder.files.list("/m")) ?? [])
          found.push({ name, is: "text", text: (await folder.files.readText(`/m/${name}`)) ?? "" });
        const fresh = planManifests(found, new Map(), { nodeName: "n1", now: 0 });
        const names = folder.names();
        expect(new Set(names).size).toBe(names.length);
        // Files that are whole run what they hold; only a broken file may run what it held before.
        const broken = new Set(
          folder.complaints.filter(({ because }) => because.includes("goes on")).map(({ file }) => file),
        );
        if (broken.size === 0)
          expect([...folder.pods.keys()].sort()).toEqual(
            fresh.taken.map(({ pod }) => pod.metadata.uid).sort(),
          );
        for (const { file } of fresh.complaints)
          expect(folder.complaints.map((complaint) => complaint.file)).toContain(file);
      }),
      { numRuns: 60 },
    );
  });
});
