// Owns the tables of ownership: what an update takes over, what an applied configuration does.
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../patch/patched.ts";
import { apply, nothing, pod, shape, texts, update } from "./apply.fixture.ts";
import { compare, fieldsOf } from "./compare.ts";
import { emptySet } from "./field-set.ts";

describe("fields of a configuration", () => {
  const rows: readonly { name: string; config: JsonObject; fields: readonly string[] }[] = [
    {
      name: "an entry of a map",
      config: { metadata: { labels: { a: "b" } } },
      fields: [".metadata.labels.a"],
    },
    {
      name: "the object's names are nobody's",
      config: { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "a", namespace: "b", uid: "c" } },
      fields: [],
    },
    {
      name: "items by their keys, with the default of a key left out",
      config: pod({ containers: [{ name: "a", ports: [{ containerPort: 80 }] }] }),
      fields: [
        '.spec.template.spec.containers[name="a"]',
        '.spec.template.spec.containers[name="a"].name',
        '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
        '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort',
      ],
    },
    {
      name: "a selector, a node selector and tolerations are one value each",
      config: {
        spec: {
          selector: { matchLabels: { a: "b" } },
          template: { spec: { nodeSelector: { a: "b" }, tolerations: [{ key: "a" }] } },
        },
      },
      fields: [".spec.selector", ".spec.template.spec.nodeSelector", ".spec.template.spec.tolerations"],
    },
    {
      name: "a set by its values",
      config: { metadata: { finalizers: ["a/b"] } },
      fields: ['.metadata.finalizers[="a/b"]'],
    },
    {
      name: "an empty struct",
      config: pod({ securityContext: {} }),
      fields: [".spec.template.spec.securityContext"],
    },
  ];
  it.each(rows)("$name", ({ config, fields }) => {
    expect(texts(fieldsOf(shape, config))).toEqual(fields);
  });
});

describe("a comparison", () => {
  it("names what was added, changed and removed, and nothing that always stands there", () => {
    const old = { metadata: { labels: { a: "1", b: "1" } } };
    const next = {
      metadata: { labels: { a: "2", c: "1" } },
      spec: { template: { spec: { containers: [] } } },
    };
    const { changed, removed } = compare(shape, old, next);
    expect(texts(changed)).toEqual([".metadata.labels.a", ".metadata.labels.c"]);
    expect(texts(removed)).toEqual([".metadata.labels.b"]);
  });

  it("of a struct that is new, names the struct too", () => {
    const { changed } = compare(shape, {}, { spec: { updateStrategy: { rollingUpdate: { maxSurge: 1 } } } });
    expect(texts(changed)).toEqual([
      ".spec.updateStrategy.rollingUpdate",
      ".spec.updateStrategy.rollingUpdate.maxSurge",
    ]);
  });

  it("passes over the order of items that have keys", () => {
    const a = { name: "a", image: "x" };
    const b = { name: "b", image: "x" };
    expect(compare(shape, pod({ containers: [a, b] }), pod({ containers: [b, a] }))).toEqual({
      changed: emptySet,
      removed: emptySet,
    });
  });
});

describe("an update", () => {
  it("takes what it changes from whoever had it", () => {
    const one = update(nothing, "a", { metadata: { labels: { x: "1", y: "1" } } });
    const two = update(one, "b", { metadata: { labels: { x: "2", y: "1" } } });
    expect(two.managed.map(({ manager, fields }) => [manager.name, texts(fields)])).toEqual([
      ["a", [".metadata.labels", ".metadata.labels.y"]],
      ["b", [".metadata.labels.x"]],
    ]);
  });

  it("that changes nothing of its own leaves the entries as they are", () => {
    const one = update(nothing, "a", { metadata: { labels: { x: "1" } } });
    expect(update(one, "b", { metadata: { labels: { x: "1" }, resourceVersion: "7" } }).managed).toBe(
      one.managed,
    );
  });

  it("again by its owner keeps the same tree, so that a heartbeat costs no memory", () => {
    const one = update(nothing, "a", { metadata: { labels: { x: "1" } } });
    const two = update(one, "a", { metadata: { labels: { x: "2" } } });
    expect(two.managed[0]?.fields).toBe(one.managed[0]?.fields);
  });
});

describe("apply", () => {
  it("removes what it applied before and nobody else owns", () => {
    const one = apply(nothing, "a", { metadata: { labels: { x: "1", y: "1" } } });
    expect(apply(one, "a", { metadata: { labels: { x: "1" } } }).object).toEqual({
      metadata: { labels: { x: "1" } },
    });
    const shared = apply(one, "b", { metadata: { labels: { y: "1" } } });
    const left = apply(shared, "a", { metadata: { labels: { x: "1" } } });
    expect(left.object).toEqual({ metadata: { labels: { x: "1", y: "1" } } });
  });

  it("leaves what others put beside it", () => {
    const one = apply(nothing, "a", pod({ containers: [{ name: "a", image: "x" }] }));
    const two = update(one, "b", pod({ containers: [{ name: "a", image: "x" }, { name: "side" }] }));
    const gone = apply(two, "a", pod({ dnsPolicy: "Default" }));
    expect(gone.object).toEqual(pod({ containers: [{ name: "side" }], dnsPolicy: "Default" }));
  });

  it("gives up a field that was taken from it, and does not remove it then", () => {
    const one = apply(nothing, "a", { spec: { minReadySeconds: 1 } });
    const two = update(one, "b", { spec: { minReadySeconds: 2 } });
    expect(apply(two, "a", { metadata: { labels: { x: "1" } } }).object).toEqual({
      metadata: { labels: { x: "1" } },
      spec: { minReadySeconds: 2 },
    });
  });

  const conflicts: readonly { name: string; config: JsonObject; text: string }[] = [
    {
      name: "one",
      config: { spec: { minReadySeconds: 9 } },
      text: 'Apply failed with 1 conflict: conflict with "b" using apps/v1: .spec.minReadySeconds',
    },
    {
      name: "several, by manager",
      config: { spec: { minReadySeconds: 9, revisionHistoryLimit: 9 }, metadata: { labels: { x: "9" } } },
      text: [
        'Apply failed with 3 conflicts: conflicts with "b" using apps/v1:',
        "- .spec.minReadySeconds",
        "- .spec.revisionHistoryLimit",
        'conflicts with "c":',
        "- .metadata.labels.x",
      ].join("\n"),
    },
  ];
  it.each(conflicts)("is refused what others own: $name", ({ config, text }) => {
    const one = update(nothing, "b", { spec: { minReadySeconds: 1, revisionHistoryLimit: 1 } });
    const two = apply(one, "c", { metadata: { labels: { x: "1" } } });
    expect(() => apply(two, "a", config)).toThrow(new Error(text));
    const forced = apply(two, "a", config, true);
    expect(forced.object).toMatchObject(config);
    expect(
      forced.managed.flatMap(({ manager, fields }) => (manager.name === "a" ? texts(fields) : [])),
    ).toEqual(texts(fieldsOf(shape, config)));
  });

  it("owns together what is the same already", () => {
    const one = update(nothing, "b", { spec: { minReadySeconds: 1 } });
    expect(apply(one, "a", { spec: { minReadySeconds: 1 } }).managed).toHaveLength(2);
  });

  it("by kubectl takes over what its client-side apply wrote and nobody changed since", () => {
    const config = { metadata: { labels: { x: "1" } }, spec: { minReadySeconds: 1 } };
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(config) };
    const one = update(nothing, "kubectl-client-side-apply", {
      ...config,
      metadata: { ...config.metadata, annotations },
    });
    expect(apply(one, "kubectl", { spec: { minReadySeconds: 2 } }).object["spec"]).toEqual({
      minReadySeconds: 2,
    });
    expect(() => apply(one, "someone", { spec: { minReadySeconds: 2 } })).toThrow(/1 conflict/);
  });

  it("of an object from before ownership finds it all owned", () => {
    expect(() =>
      apply({ object: { spec: { minReadySeconds: 1 } }, managed: [] }, "a", { spec: { minReadySeconds: 2 } }),
    ).toThrow(/"before-first-apply" using apps\/v1: \.spec\.minReadySeconds/);
  });

  const malformed: readonly { config: JsonObject; because: RegExp }[] = [
    {
      config: pod({ containers: [{ name: "a" }, { name: "a" }] }),
      because: /duplicate entries for key \[\{"name":"a"\}\]/,
    },
    { config: pod({ containers: [{ image: "a" }] }), because: /omits key field "name"/ },
  ];
  it.each(malformed)("refuses items it cannot tell apart: $because", ({ config, because }) => {
    expect(() => apply(nothing, "a", config)).toThrow(because);
  });
});
