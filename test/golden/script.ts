// Owns the language of golden scripts: a small cluster, what happens to it, and the plans that come out.
import { parse } from "yaml";
import {
  makeNode,
  makePod,
  makeRevision,
  makeSet,
  noon,
  observe,
  tell,
} from "../../src/controllers/daemonset/cluster.fixture.ts";
import type { BackOff, DaemonSetPlan } from "../../src/controllers/daemonset/plan-action.ts";
import { planDaemonSet } from "../../src/controllers/daemonset/plan-daemon-set.ts";
import { podDraft, podMouldOf } from "../../src/controllers/daemonset/plan-pod-draft.ts";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../src/model/generated/types.ts";

/*
 * A script is lines. `#` starts a comment, `{…}` is YAML in flow form and ends its line.
 *
 *   set 2 {minReadySeconds: 5}            the DaemonSet rng with image agent:2 and these fields of its spec
 *   template {hostNetwork: true}          fields of the template's pod spec
 *   revision 1                            image agent:1 is the set's revision 1 (pods may be of it)
 *   node a {spec: {taints: […]}}          a Ready node; `bad 60` makes it NotReady since 60 s
 *   pod x a 1 ready 30                    pod x of revision 1 on node a: ready for 30 s | running | pending |
 *                                         failed | succeeded | leaving | unbound | old (oldest of all)
 *   patch pod x {metadata: {…}}           lays these fields over the pod; null takes one away; also `patch set`
 *   backoff a 4 1                         node a's failed pods wait 4 s since 1 s ago
 *   gone node a, gone pod x               takes it away
 *   later 30                              30 s pass
 *   plan                                  followed by the indented lines that the plan must say, in any order
 *   draft a                               followed by what must be said of the pod made for node a, in any order
 */

export interface GoldenStep {
  readonly line: number;
  readonly expected: readonly string[];
  readonly planned: readonly string[];
}

type Tree = Record<string, unknown>;

function overlay(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const out: Tree = { ...(typeof target === "object" ? (target as Tree) : {}) };
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete out[key];
    else out[key] = overlay(out[key], value);
  return out;
}

class Stage {
  set: DaemonSet = makeSet();
  private podSpec: Tree = {};
  private spec: Tree = {};
  private patch: Tree = {};
  private image = "1";
  private readonly revisions = new Map<string, ControllerRevision>();
  private readonly nodes = new Map<string, Node>();
  private readonly pods = new Map<string, Pod>();
  private readonly backOffs = new Map<string, BackOff>();
  private now = noon;

  private setOf(image: string): DaemonSet {
    const made = makeSet({ image: `agent:${image}`, podSpec: this.podSpec, spec: this.spec });
    return overlay(made, this.patch) as DaemonSet;
  }

  perform(words: readonly string[], fields: Tree): void {
    const [verb, subject = "", ...rest] = words;
    if (verb === "set") [this.image, this.spec] = [subject, fields];
    else if (verb === "template") this.podSpec = fields;
    else if (verb === "revision")
      this.revisions.set(subject, makeRevision(this.setOf(subject), this.revisions.size + 1));
    else if (verb === "node") this.nodes.set(subject, this.nodeOf(subject, rest, fields));
    else if (verb === "pod") this.addPod(subject, rest);
    else if (verb === "patch") this.patchOne(subject, rest[0] ?? "", fields);
    else if (verb === "gone") (subject === "node" ? this.nodes : this.pods).delete(rest[0] ?? "");
    else if (verb === "later") this.now += Number(subject) * 1000;
    else if (verb === "backoff")
      this.backOffs.set(subject, { delay: Number(rest[0]) * 1000, since: this.now - Number(rest[1]) * 1000 });
    else throw new Error(`there is no verb ${verb}`);
    this.set = this.setOf(this.image);
  }

  private nodeOf(name: string, [how, age]: readonly string[], fields: Tree): Node {
    const bad = how === "bad" ? { notReadySince: this.now - Number(age) * 1000 } : {};
    return overlay(makeNode(name, bad), fields) as Node;
  }

  private addPod(name: string, [node = "", revision = "", ...traits]: readonly string[]): void {
    const of = this.revisions.get(revision);
    if (of === undefined) throw new Error(`there is no revision ${revision}`);
    const ready = traits.indexOf("ready");
    const phases = { failed: "Failed", succeeded: "Succeeded", pending: "Pending" } as const;
    const phase = traits.find((trait): trait is keyof typeof phases => trait in phases);
    const pod = makePod(this.setOf(revision), node, of, {
      name,
      phase: phase === undefined ? "Running" : phases[phase],
      leaving: traits.includes("leaving"),
      unbound: traits.includes("unbound"),
      createdAt: traits.includes("old") ? noon - 600_000 : noon - 30_000,
      ...(ready < 0 ? {} : { readySince: this.now - Number(traits[ready + 1]) * 1000 }),
    });
    this.pods.set(name, pod);
  }

  private patchOne(kind: string, name: string, fields: Tree): void {
    if (kind === "set") this.patch = fields;
    else if (kind === "node") this.nodes.set(name, overlay(this.nodes.get(name), fields) as Node);
    else if (kind === "revision")
      this.revisions.set(name, overlay(this.revisions.get(name), fields) as ControllerRevision);
    else this.pods.set(name, overlay(this.pods.get(name), fields) as Pod);
  }

  private planned(): DaemonSetPlan {
    return planDaemonSet(
      observe(this.set, {
        nodes: [...this.nodes.values()],
        pods: [...this.pods.values()],
        revisions: [...this.revisions.values()],
        now: this.now,
        backOffs: this.backOffs,
      }),
    );
  }

  /** The pod that would be made for a node, as far as the node, the revision and the set shape it. */
  draft(node: string): string[] {
    const { current } = this.planned();
    if (current === undefined) throw new Error("the template has no revision yet");
    const { metadata, spec } = podDraft(podMouldOf(this.set, current), node, "drafted");
    const { requiredDuringSchedulingIgnoredDuringExecution: required, ...affinity } =
      spec?.affinity?.nodeAffinity ?? {};
    const lines = [
      ...Object.entries(metadata.labels ?? {}).map(([key, value]) => `label ${key}=${value}`),
      ...(metadata.ownerReferences ?? []).map(
        ({ kind, name, controller }) => `owner ${kind}/${name}${controller === true ? " controls it" : ""}`,
      ),
      `required ${JSON.stringify(required?.nodeSelectorTerms)}`,
      ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ weight, preference }) => `preferred ${weight} ${JSON.stringify(preference)}`,
      ),
      `scheduler ${spec?.schedulerName ?? "the default one"}`,
    ];
    return lines.map((line) => this.plainly(line));
  }

  plan(): string[] {
    const { actions } = this.planned();
    return actions.map((action) =>
      action.do === "replan" ? `replan in ${(action.at - this.now) / 1000} s` : this.plainly(tell(action)),
    );
  }

  /** Revisions by their image's number, not by their hash. */
  private plainly(told: string): string {
    let plain = told;
    for (const [image, { metadata }] of this.revisions)
      plain = plain
        .replace(metadata.name, `rng-${image}`)
        .replace(`=${metadata.name.slice("rng-".length)}`, `=hash of ${image}`);
    return plain;
  }
}

/** Plays a script and tells, for each `plan`, what was expected and what came. */
export function playScript(text: string): GoldenStep[] {
  const stage = new Stage();
  const steps: { line: number; expected: string[]; planned: string[] }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/#.*$/, "").trimEnd();
    if (line.trim() === "") continue;
    const step = steps.at(-1);
    if (line.startsWith(" ")) {
      if (step === undefined) throw new Error(`line ${index + 1}: expected words before any plan`);
      step.expected.push(line.trim());
    } else if (line === "plan") steps.push({ line: index + 1, expected: [], planned: stage.plan() });
    else if (line.startsWith("draft "))
      steps.push({ line: index + 1, expected: [], planned: stage.draft(line.slice("draft ".length)) });
    else {
      const [words, yaml] = splitFields(line);
      const fields = yaml === "" ? {} : (parse(yaml, { version: "1.1" }) as Tree);
      stage.perform(words.trim().split(/\s+/), fields);
    }
  }
  return steps;
}

function splitFields(line: string): [string, string] {
  const at = line.indexOf("{");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at)];
}
