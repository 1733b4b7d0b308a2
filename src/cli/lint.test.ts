// Owns the proof of what the linter finds in manifests of any kind, and where; and of the table of ps.
import { describe, expect, it } from "vitest";
import { lintManifest } from "./lint.ts";
import { psTable, type ShownContainer } from "./ps.ts";

const daemonSet = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      containers:
        - name: main
          image: agent:1
`;

describe("lint", () => {
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["nothing wrong", daemonSet, []],
    ["two good documents", `${daemonSet}---\n${daemonSet}`, []],
    ["nothing", "# empty\n", ["1:1 it holds no object"]],
    ["a text", "hello\n", ["1:1 it is not an object with apiVersion and kind"]],
    [
      "an unknown field",
      daemonSet.replace("image:", "imge:"),
      ["12:11 spec.template.spec.containers[0].imge: there is no such field"],
    ],
    [
      "an unknown kind in the second document",
      `${daemonSet}---\napiVersion: apps/v2\nkind: DaemonSet\n`,
      ["15:1 kind: there is no DaemonSet in apps/v2 here"],
    ],
    ["no name", daemonSet.replace("name: agent", "labels: {}"), ["3:1 metadata.name: is missing"]],
  ];
  it.each(rows)("finds of %s what is there, with its place", (_what, text, expected) => {
    const found = lintManifest("x.yaml", text);
    expect(found.map(({ line = 1, column = 1, because }) => `${line}:${column} ${because}`)).toEqual(
      expected,
    );
  });

  it("finds what the API server would refuse beyond the schema", () => {
    const [fault] = lintManifest(
      "x.yaml",
      daemonSet.replace("{ app: agent } }\n    spec", "{ app: other } }\n    spec"),
    );
    expect(fault).toMatchObject({ line: 8, because: expect.stringContaining("selector") });
  });
});

describe("ps", () => {
  const container: ShownContainer = {
    id: "0123456789abcdef",
    name: "web",
    attempt: 0,
    image: "host",
    command: ["/bin/sh", "-c", "a very long command that nobody reads"],
    pod: { name: "static-web-node01", namespace: "default", uid: "u1" },
    createdAt: 0,
    state: { is: "running", since: 30_000 },
  };
  it.each([
    [
      "running",
      container,
      /^0123456789abc +host +"\/bin\/sh -c a very long comman…" +90s ago +Up 60s +web +static-web-node01 +default +u1$/,
    ],
    [
      "ended",
      { ...container, state: { is: "exited" as const, at: 60_000, code: 137 } },
      / Exited \(137\) 30s ago /,
    ],
    [
      "of unknown end",
      { ...container, state: { is: "exited" as const, at: undefined, code: undefined } },
      / Exited \(\?\) /,
    ],
    ["not begun", { ...container, state: { is: "created" as const } }, / Created /],
  ])("shows a container that is %s", (_what, shown, line) => {
    const table = psTable([{ node: "", containers: [shown] }], { now: 90_000, whole: false }).split("\n");
    expect(table[0]).toMatch(
      /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +NAME +POD +NAMESPACE +POD UID$/,
    );
    expect(table[1]).toMatch(line);
  });

  it("names the nodes where there are several, and shows everything where asked", () => {
    const table = psTable([{ node: "worker-1", containers: [container] }], { now: 90_000, whole: true });
    expect(table).toMatch(/NAMESPACE +NODE\n0123456789abcdef .*that nobody reads.* worker-1$/);
  });
});
