// Owns the proof that commands and containers can be talked with: exec, attach, terminals, ports.
import { readdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Duplex, PassThrough, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findAbilities } from "../../../src/runtime/process/abilities.ts";
import { RuntimeRefusal, type WindowSize } from "../../../src/runtime/runtime.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";
import { eachWith, ended, gone, start, status, subject } from "./scene.ts";
import {
  containerConfig,
  onBareProcesses,
  onProcesses,
  runs,
  sandboxConfig,
  simulated,
  type Subject,
} from "./subject.ts";

const { tools } = await findAbilities(realProcesses);
const canTerminal = tools.script !== undefined && tools.stty !== undefined;
if (!canTerminal) process.stderr.write("tests of terminals are skipped: there is no script or stty\n");

/** The other end of a command. */
class Talk {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly life = new AbortController();
  out = "";
  err = "";
  private tell: (size: WindowSize) => void = () => undefined;
  private waiting: WindowSize | undefined;

  constructor() {
    this.stdout.on("data", (bytes: Buffer) => (this.out += bytes.toString("latin1")));
    this.stderr.on("data", (bytes: Buffer) => (this.err += bytes.toString("latin1")));
  }

  get streams() {
    const { stdin, stdout, stderr, life } = this;
    const onSize = (told: (size: WindowSize) => void) => {
      this.tell = told;
      if (this.waiting !== undefined) told(this.waiting);
    };
    return { stdin, stdout, stderr, onSize, signal: life.signal };
  }

  size(columns: number, rows: number): void {
    this.waiting = { columns, rows };
    this.tell(this.waiting);
  }

  says(text: string): Promise<void> {
    return vi.waitFor(() => expect(this.out).toContain(text), { interval: 5 });
  }
}

const sh = (script: string) => ["sh", "-c", script];

describe.each([onProcesses, onBareProcesses, simulated])("exec in the $name runtime", (implementation) => {
  let own: Subject;
  beforeEach(async () => {
    own = await implementation.make();
  });
  afterEach(() => own.dispose());

  test("gives output, errors and exit code apart", async () => {
    const sandbox = await own.runtime.runPodSandbox(sandboxConfig(own));
    const id = await own.runtime.createContainer(sandbox, containerConfig(runs));
    await own.runtime.startContainer(id);
    const talk = new Talk();
    talk.stdin.end();
    const command = sh("echo out; echo err >&2; exit 3");
    expect(await own.runtime.exec(id, { ...talk.streams, command, tty: false })).toEqual({ exitCode: 3 });
    await vi.waitFor(() => expect([talk.out, talk.err]).toEqual(["out\n", "err\n"]));
  });

  test("is refused where nothing runs", async () => {
    const request = { ...new Talk().streams, command: ["true"], tty: false };
    await expect(own.runtime.exec("absent", request)).rejects.toBeInstanceOf(RuntimeRefusal);
    await expect(own.runtime.attach("absent", request)).rejects.toBeInstanceOf(RuntimeRefusal);
    await expect(own.runtime.portForward("absent", 80, new PassThrough())).rejects.toBeInstanceOf(
      RuntimeRefusal,
    );
  });
});

describe.each([onProcesses, onBareProcesses])("a command in the $name runtime", (implementation) => {
  eachWith(implementation);
  const begin = async (talk: Talk, script: string, more: { tty?: boolean } = {}) => {
    const { id } = await start("exec sleep 100000", {
      env: [{ name: "COLOUR", value: "red" }],
      workingDir: "/tmp",
    });
    const running = subject.runtime.exec(id, {
      ...talk.streams,
      command: sh(script),
      tty: more.tty === true,
    });
    return { id, running };
  };

  test("has the container's environment and folder, and reads its input to the end", async () => {
    const talk = new Talk();
    const { running } = await begin(talk, "pwd; echo $COLOUR; wc -c");
    talk.stdin.write("x".repeat(300_000));
    talk.stdin.end("end");
    expect(await running).toEqual({ exitCode: 0 });
    expect(talk.out.split("\n").map((line) => line.trim())).toEqual(["/tmp", "red", "300003", ""]);
  });

  test("can open its own output anew, as with any pipe", async () => {
    const talk = new Talk();
    const { running } = await begin(talk, "echo one >/dev/stdout; echo two >/dev/stderr");
    await running;
    expect([talk.out, talk.err]).toEqual(["one\n", "two\n"]);
  });

  test("that ended with a signal says so as a shell does", async () => {
    const { running } = await begin(new Talk(), "kill -9 $$");
    expect(await running).toEqual({ exitCode: 137 });
  });

  test("waits for a slow reader, and loses nothing", async () => {
    const taken: number[] = [];
    const slow = new Writable({
      highWaterMark: 1024,
      write: (bytes: Buffer, _encoding, done) => {
        taken.push(bytes.length);
        setImmediate(done);
      },
    });
    const talk = new Talk();
    const { id } = await start("exec sleep 100000");
    const command = sh("head -c 3000000 /dev/zero");
    await subject.runtime.exec(id, { ...talk.streams, stdout: slow, command, tty: false });
    await vi.waitFor(() => expect(taken.reduce((sum, length) => sum + length, 0)).toBe(3_000_000));
  });

  test("does not wait for children that keep its output open", async () => {
    const talk = new Talk();
    const { running } = await begin(talk, "sleep 100000 & echo done");
    expect(await running).toEqual({ exitCode: 0 });
    expect(talk.out).toBe("done\n");
  });

  test.each([
    { what: "is hung up on", script: "echo $$; exec sleep 100000" },
    { what: "that does not mind is killed", script: "trap '' HUP; echo $$; while :; do sleep 1; done" },
  ])("left alone $what", async ({ script }) => {
    const talk = new Talk();
    const { id } = await start("exec sleep 100000");
    const before = (await subject.processes()).length;
    const running = subject.runtime.exec(id, { ...talk.streams, command: sh(script), tty: false });
    await talk.says("\n");
    expect((await subject.processes()).length).toBeGreaterThan(before);
    talk.life.abort();
    const { exitCode } = await running;
    expect(exitCode).toBeGreaterThan(128);
    await vi.waitFor(async () => expect((await subject.processes()).length).toBe(before));
    expect((await status(id)).state).toBe("running");
  });

  test("goes with its container, and leaves no pipes behind", async () => {
    const talk = new Talk();
    const { running, id } = await begin(talk, "echo there; exec sleep 100000");
    await talk.says("there");
    await subject.runtime.stopContainer(id, 0);
    await running;
    expect(await subject.processes()).toEqual([]);
    expect(await readdir(join(subject.folder, "runtime", "pipes"))).toEqual([]);
  });

  test.skipIf(!canTerminal)(
    "on a terminal: its size from the start and later, its keys, its exit code",
    async () => {
      const talk = new Talk();
      talk.size(101, 33);
      const script = `stty size; trap 'stty size' WINCH; trap 'echo INT; exit 7' INT; echo $TERM; while :; do sleep 0.05; done`;
      const { running } = await begin(talk, script, { tty: true });
      await talk.says("33 101\r\nxterm\r\n");
      talk.size(120, 40);
      await talk.says("40 120\r\n");
      talk.stdin.write("\x03");
      expect(await running).toEqual({ exitCode: 7 });
      expect(talk.out).toContain("INT\r\n");
      expect(talk.err).toBe("");
    },
  );
});

describe("attach", () => {
  eachWith(onProcesses);

  test("gives what is printed from now on, unfinished lines too, and resolves at the end", async () => {
    const { id } = await start(
      "echo before; read line; printf 'got %s' $line; echo err >&2; read line; exit 4",
      {
        stdin: true,
        stdinOnce: true,
      },
    );
    const talk = new Talk();
    await vi.waitFor(async () => expect(await logOfId(id)).toContain("before"), { interval: 5 });
    const attached = subject.runtime.attach(id, talk.streams);
    talk.stdin.write("word\n");
    await talk.says("got word");
    expect(talk.out).toBe("got word");
    talk.stdin.end("last\n");
    await attached;
    expect(talk.err).toBe("err\n");
    expect(await ended(id)).toMatchObject({ exitCode: 4 });
  });

  test.each([
    { stdinOnce: true, what: "ends the container's input with the first attachment's" },
    { stdinOnce: false, what: "keeps the container's input open for the next" },
  ])("$what", async ({ stdinOnce }) => {
    const { id } = await start("cat; echo over", { stdin: true, stdinOnce });
    const first = new Talk();
    const attached = subject.runtime.attach(id, first.streams);
    first.stdin.end("one\n");
    await first.says("one\n");
    if (stdinOnce) {
      await attached;
      expect(first.out).toBe("one\nover\n");
      expect(await ended(id)).toMatchObject({ exitCode: 0 });
      return;
    }
    first.life.abort();
    await attached;
    await subject.restart();
    const second = new Talk();
    void subject.runtime.attach(id, second.streams);
    second.stdin.write("two\n");
    await second.says("two\n");
    expect((await status(id)).state).toBe("running");
  });

  test("a container without an input does not wait for one", async () => {
    const { id } = await start("cat; echo over; exec sleep 100000");
    const talk = new Talk();
    void subject.runtime.attach(id, talk.streams);
    talk.stdin.write("unheard\n");
    await vi.waitFor(async () => expect(await logOfId(id)).toContain("over"), { interval: 5 });
  });

  test("several listeners get the same, and a slow one loses nothing", async () => {
    const { id } = await start("read line; head -c 4000000 /dev/zero | tr '\\0' x; echo; exit 0", {
      stdin: true,
      stdinOnce: true,
    });
    const talks = [new Talk(), new Talk()];
    const attached = talks.map((talk) => subject.runtime.attach(id, talk.streams));
    talks[0]?.stdin.end("go\n");
    await Promise.all(attached);
    await vi.waitFor(() => expect(talks.map(({ out }) => out.length)).toEqual([4_000_001, 4_000_001]));
  });

  test.skipIf(!canTerminal)("a container's terminal is kept over a restart of the runtime", async () => {
    const { id } = await start('echo ready; read line; echo "got $line"; stty size; read line; exit 5', {
      tty: true,
      stdin: true,
    });
    await vi.waitFor(async () => expect(await logOfId(id)).toContain("ready"), { interval: 5 });
    await subject.restart();
    const talk = new Talk();
    const attached = subject.runtime.attach(id, talk.streams);
    talk.size(90, 30);
    await vi.waitFor(async () => {
      talk.stdin.write(talk.out.includes("got") ? "" : "hello\n");
      expect(talk.out).toContain("got hello\r\n");
    });
    talk.stdin.write("end\n");
    await attached;
    expect(await ended(id)).toMatchObject({ exitCode: 5 });
  });

  test.skipIf(!canTerminal)("a container on a terminal obeys TERM, and shows its own refusals", async () => {
    const { id } = await start("trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done", { tty: true });
    await vi.waitFor(async () => expect(await logOfId(id)).toContain("ready"), { interval: 5 });
    const { pid } = await status(id);
    await subject.runtime.stopContainer(id, 20_000);
    expect(await status(id)).toMatchObject({ exitCode: 9 });
    await gone(pid ?? 0);
    const { refusal } = await start("", { command: ["/no/such"], tty: true });
    expect(refusal).toContain('exec: "/no/such": stat /no/such: no such file or directory');
    expect(await subject.processes()).toEqual([]);
  });
});

async function logOfId(id: string): Promise<string> {
  const { logPath } = await status(id);
  return readFile(logPath, "utf8");
}

describe("port-forward", () => {
  eachWith(onProcesses);

  test("carries both directions, each ending apart; a closed port is refused by name", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let count = 0;
      socket.on("data", (bytes) => (count += bytes.length));
      socket.on("end", () => socket.end(`counted ${count}`));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    // A server that listens has an address with a port.
    const { port } = server.address() as AddressInfo;
    const { sandbox } = await start("exec sleep 100000");
    const [near, far] = pairOf();
    const forwarded = subject.runtime.portForward(sandbox, port, far);
    near.write(Buffer.alloc(500_000));
    near.end();
    let answer = "";
    for await (const bytes of near) answer += String(bytes);
    await forwarded;
    expect(answer).toBe("counted 500000");
    await new Promise((resolve) => server.close(resolve));
    await expect(subject.runtime.portForward(sandbox, port, new PassThrough())).rejects.toThrow(
      `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
  });
});

/** Two ends of one connection. */
function pairOf() {
  const ends: Duplex[] = [];
  for (const other of [1, 0])
    ends.push(
      new Duplex({
        read: () => undefined,
        write: (bytes, _encoding, done) => {
          ends[other]?.push(bytes);
          done();
        },
        final: (done) => {
          ends[other]?.push(null);
          done();
        },
      }),
    );
  const [near, far] = ends;
  if (near === undefined || far === undefined) throw new Error("there are two");
  return [near, far] as const;
}
