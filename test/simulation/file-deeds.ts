// Owns what people and disks do to the manifest folders of simulated machines.
import type { Millis } from "../../src/lib/units.ts";
import type { FileDeed, Flaw, On } from "./deeds.ts";
import { halfOf, manifestText } from "./manifests.ts";
import type { Machine } from "./node.ts";

type OfFiles = Exclude<FileDeed, On<"delete-mirror"> | On<"edit-mirror">>;
type Afterwards = (delay: Millis, act: () => void) => void;

/** Until a change must have been acted on: the kubelet looks every 20 s where it is told nothing, and what ran has 5 s to end. */
const following: Millis = 45_000;
const writing: Millis = 700;

const flawed: Readonly<Record<Flaw, (pod: string) => string>> = {
  yaml: (pod) => halfOf(manifestText({ pod, image: "static:0" })),
  kind: (pod) => manifestText({ pod, image: "static:0" }).replace("kind: Pod", "kind: ReplicaSet"),
  reference: (pod) =>
    manifestText({ pod, image: "static:0" }, "  volumes: [{ name: c, configMap: { name: c } }]"),
  empty: () => "",
};

export function performOnFiles(machine: Machine, deed: OfFiles, afterwards: Afterwards): void {
  const { manifests } = machine;
  machine.disturbed(following);
  switch (deed.do) {
    case "put-manifest":
      return putManifest(machine, deed, afterwards);
    case "break-manifest": {
      const before = manifests.given();
      const pod = [...before.keys()][0] ?? "static-a";
      manifests.put(deed.file, flawed[deed.flaw](pod), undefined);
      return afterwards(deed.lasts, () => {
        machine.disturbed(following);
        manifests.mend(deed.file);
      });
    }
    case "remove-manifest":
      return manifests.remove(deed.file);
    case "copy-manifest":
      return manifests.copy(deed.file, deed.to);
    case "lose-folder":
      manifests.become(deed.state);
      return afterwards(deed.lasts, () => foundAgain(machine));
    case "deafen-folder":
      manifests.isDeaf = true;
      return afterwards(deed.lasts, () => (manifests.isDeaf = false));
  }
}

function foundAgain(machine: Machine): void {
  machine.manifests.become("there");
  machine.disturbed(following);
}

/** The folder can be read and watched, and every file in it gives a pod. */
export function healFiles(machine: Machine): void {
  foundAgain(machine);
  machine.manifests.isDeaf = false;
  for (const name of machine.manifests.names) machine.manifests.mend(name);
}

function putManifest(machine: Machine, deed: On<"put-manifest">, afterwards: Afterwards): void {
  const { manifests } = machine;
  const definition = { pod: deed.pod, image: deed.image };
  const text = manifestText(definition);
  if (deed.how === "whole") return manifests.put(deed.file, text, definition);
  manifests.put(deed.file, halfOf(text), undefined);
  afterwards(writing, () => {
    machine.disturbed(following);
    manifests.put(deed.file, text, definition);
  });
}
