// Owns the proof of what a container's end is told with: its message, its log's end, neither.
import { describe, expect, it } from "vitest";
import type { Container } from "../../model/generated/types.ts";
import { oneContainer, Rig } from "../kubelet-rig.fixture.ts";

const path = "/dev/termination-log";

async function ends(of: Partial<Container>, left: { message?: string; log?: string; code: number }) {
  const rig = new Rig();
  const pod = rig.put({ name: "a", spec: oneContainer(of, { restartPolicy: "Never" }) });
  await rig.start();
  const running = rig.runtime.running("main");
  const mount = rig.runtime
    .configOf(running?.id ?? "")
    .mounts.find(({ containerPath }) => containerPath === of.terminationMessagePath);
  if (left.message !== undefined && mount !== undefined) await rig.files.append(mount.hostPath, left.message);
  if (left.log !== undefined) await rig.files.append(running?.logPath ?? "", left.log);
  rig.runtime.end(running?.id ?? "", left.code);
  await rig.run(1000);
  const terminated = rig.pod("a")?.status?.containerStatuses?.[0]?.state?.terminated;
  await rig.halt();
  return { pod, rig, mount, message: terminated?.message };
}

const log = (count: number) =>
  Array.from({ length: count }, (_, n) => `2026-01-02T03:04:05.000000000Z stderr F line ${n}\n`).join("");

describe("a container's last words", () => {
  it("are read from its own file, which whoever it runs as may write", async () => {
    const found = await ends({ terminationMessagePath: path }, { message: "out of cheese", code: 1 });
    expect(found.message).toBe("out of cheese");
    expect(found.mount).toMatchObject({ readonly: false, optional: true });
    expect(found.rig.files.modeOf(found.mount?.hostPath ?? "")).toBe(0o666);
  });

  it("are the last 4096 bytes of it", async () => {
    const found = await ends(
      { terminationMessagePath: path },
      { message: `${"a".repeat(5000)}${"b".repeat(4096)}`, code: 0 },
    );
    expect(found.message).toBe("b".repeat(4096));
  });

  it("are kept to 12 KiB a pod, whatever characters are cut", async () => {
    const found = await ends({ terminationMessagePath: path }, { message: "ä".repeat(3000), code: 0 });
    expect(found.message).toBe("ä".repeat(2048));
  });

  const fallback = { terminationMessagePath: path, terminationMessagePolicy: "FallbackToLogsOnError" };
  const rows: readonly (readonly [
    string,
    Partial<Container>,
    Parameters<typeof ends>[1],
    string | undefined,
  ])[] = [
    ["none where no file is wanted", { terminationMessagePath: "" }, { code: 1, log: log(3) }, undefined],
    ["none where it wrote none", { terminationMessagePath: path }, { code: 1, log: log(3) }, undefined],
    [
      "the log's end after a failure, if asked for",
      fallback,
      { code: 1, log: log(3) },
      "line 0\nline 1\nline 2\n",
    ],
    ["not the log's after a success", fallback, { code: 0, log: log(3) }, undefined],
    ["the message before the log", fallback, { code: 1, message: "mine", log: log(3) }, "mine"],
    [
      "80 lines of the log at most",
      fallback,
      { code: 1, log: log(100) },
      Array.from({ length: 80 }, (_, n) => `line ${n + 20}\n`).join(""),
    ],
  ];
  it.each(rows)("%s", async (_what, of, left, expected) => {
    expect((await ends(of, left)).message).toBe(expected);
  });

  it("2 KiB of the log at most", async () => {
    const long = `2026-01-02T03:04:05.000000000Z stdout F ${"x".repeat(3000)}\n`;
    expect((await ends(fallback, { code: 1, log: long })).message).toBe(`${"x".repeat(2047)}\n`);
  });
});
