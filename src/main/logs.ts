// Owns `everynode logs --root-dir`: a container's log from the node's own files, with no kubelet and no API server.
import { streamLog } from "../kubelet/server/container-logs.ts";
import { parseGoDuration } from "../model/go-duration.ts";
import type { SeenContainer } from "../runtime/process/read-containers.ts";
import type { ResponseStream } from "../world/http.ts";
import { endingSignal } from "./ending.ts";
import { containersUnder, type NodeContainers } from "./node-folders.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

export interface LogsCommand {
  readonly rootDir?: string;
  readonly container?: string;
  readonly namespace?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly tail?: number;
  readonly since?: string;
}

const lookEvery = 1000;

export async function runLogs(pod: string, options: LogsCommand): Promise<void> {
  const world = realWorld("warn");
  const signal = endingSignal();
  const found = choose(await containersUnder(world, options.rootDir), pod, options);
  const since = options.since === undefined ? undefined : parseGoDuration(options.since);
  if (options.since !== undefined && since === undefined)
    throw new Refusal(
      `cannot use --since ${JSON.stringify(options.since)}: it is not a length of time such as "20s" or "1h"`,
      2,
    );
  if ((await world.files.facts(found.logPath)) === undefined)
    throw new Refusal(
      `cannot read the log of container ${found.name} in pod ${found.pod.name}: it has not been written or is gone`,
    );
  const life = options.follow === true ? watchLife(world, options.rootDir, found) : undefined;
  try {
    await streamLog(
      { ...world, path: found.logPath, signal, isLive: () => life?.isLive ?? false },
      {
        follow: options.follow === true,
        previous: false,
        timestamps: options.timestamps === true,
        since: since === undefined ? undefined : world.clock.now() - since,
        tailLines: options.tail,
        limitBytes: undefined,
      },
      standardOutput(),
    );
  } finally {
    life?.stop();
  }
}

/** The container whose log is meant: the youngest of its name, or the one before it. */
function choose(nodes: readonly NodeContainers[], pod: string, options: LogsCommand): SeenContainer {
  const { namespace = "default", container, previous = false } = options;
  const refuse = (what: string): never => {
    throw new Refusal(`cannot show the log of pod ${namespace}/${pod}: ${what}`);
  };
  const all = nodes.flatMap(({ containers }) => containers);
  const ofPod = all.filter((one) => one.pod.name === pod && one.pod.namespace === namespace);
  if (ofPod.length === 0) {
    const names = [...new Set(all.map((one) => `${one.pod.namespace}/${one.pod.name}`))].sort();
    return refuse(
      `it has no containers here; ${names.length === 0 ? "no pod has" : `there are ${names.slice(0, 10).join(", ")}`}`,
    );
  }
  const names = [...new Set(ofPod.map(({ name }) => name))].sort();
  if (container === undefined && names.length > 1)
    return refuse(`it has the containers ${names.join(", ")}; choose one with -c`);
  const name = container ?? names[0];
  const attempts = ofPod
    .filter((one) => one.name === name)
    .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt);
  if (attempts.length === 0)
    return refuse(`it has no container ${name ?? ""}; there are ${names.join(", ")}`);
  return attempts[previous ? 1 : 0] ?? refuse(`container ${name ?? ""} has not run before`);
}

interface Life {
  readonly isLive: boolean;
  stop(): void;
}

/** Looks from time to time whether the container still runs. */
function watchLife(world: World, rootDir: string | undefined, { id }: SeenContainer): Life {
  const life = { isLive: true, stop: () => cancel() };
  let cancel = () => {};
  const look = () => {
    containersUnder(world, rootDir)
      .then((nodes) => {
        const now = nodes.flatMap(({ containers }) => containers).find((one) => one.id === id);
        life.isLive = now !== undefined && now.state.is !== "exited";
      })
      .catch(() => {
        life.isLive = false;
      })
      .finally(() => {
        if (life.isLive) cancel = world.clock.after(lookEvery, look);
      });
  };
  cancel = world.clock.after(0, look);
  return life;
}

function standardOutput(): ResponseStream {
  return {
    write: (chunk) => process.stdout.write(chunk),
    drained: () => new Promise((resolve) => process.stdout.once("drain", () => resolve())),
    get pending() {
      return process.stdout.writableLength;
    },
    end: () => undefined,
  };
}
