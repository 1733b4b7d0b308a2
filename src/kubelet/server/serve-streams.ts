// Owns what the node's server answers to requests for streams: which container they are for, and what is done with them.
import type { Millis } from "../../lib/units.ts";
import type { ProcessStreams } from "../../runtime/runtime.ts";
import type { Upgrade } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import type { PodSet } from "../pod-set.ts";
import type { KubeletOptions } from "../settings.ts";
import { refuse } from "../streams/accept.ts";
import { commandWish, serveCommand } from "../streams/serve-command.ts";
import { servePortForward } from "../streams/serve-port-forward.ts";

interface StreamOptions extends KubeletOptions {
  readonly pods: PodSet;
}

interface Asked {
  /** Behind the verb. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

type Worker = NonNullable<ReturnType<PodSet["named"]>>;

const idleDefault: Millis = 4 * 3_600_000;

export const streamVerbs: ReadonlySet<string> = new Set(["exec", "attach", "portForward"]);

/** The caller may ask; `verb` is one of `streamVerbs`. */
export function answerStreams(options: StreamOptions, upgrade: Upgrade, verb: string, asked: Asked): void {
  const [namespace = "", name = ""] = asked.path;
  const worker = options.pods.named(namespace, name);
  if (worker === undefined) return refuse(upgrade, 404, "pod does not exist");
  const ports = {
    clock: options.clock,
    idleTimeout: options.config.streamIdleTimeout ?? idleDefault,
  };
  if (verb === "portForward") return forward(options, upgrade, { worker, ports, query: asked.query });
  const id = runningContainer(worker, asked.path[asked.path.length - 1] ?? "");
  if (id === undefined)
    return refuse(upgrade, 404, `container not found (${JSON.stringify(asked.path.at(-1))})`);
  const wish = commandWish(asked.query);
  if (typeof wish === "string") return refuse(upgrade, 400, wish);
  const command = asked.query.getAll("command");
  if (verb === "exec" && command.length === 0) return refuse(upgrade, 400, "you must specify a command");
  const run = async (streams: ProcessStreams): Promise<number> => {
    if (verb === "exec")
      return (await options.runtime.exec(id, { ...streams, command, tty: wish.tty })).exitCode;
    await options.runtime.attach(id, streams);
    return 0;
  };
  serveCommand(upgrade, { wish, run }, ports).catch((thrown: unknown) => {
    options.log.warn("streams not served", { target: upgrade.target, error: wordsOf(thrown) });
    upgrade.socket.destroy();
  });
}

function runningContainer({ state }: Worker, name: string): string | undefined {
  const container = state.containers[name];
  return container !== undefined && "startedAt" in container ? container.id : undefined;
}

interface ForwardAsked {
  readonly worker: Worker;
  readonly ports: Pick<Parameters<typeof servePortForward>[2], "clock" | "idleTimeout">;
  readonly query: URLSearchParams;
}

function forward(options: StreamOptions, upgrade: Upgrade, { worker, ports, query }: ForwardAsked): void {
  const { state, pod } = worker;
  const sandbox = state.is === "running" || state.is === "stopping" ? state.sandbox.id : undefined;
  const { name, namespace = "", uid } = pod.metadata;
  if (sandbox === undefined)
    return refuse(
      upgrade,
      404,
      `cannot forward ports of pod ${name}: it has no sandbox yet; wait until it runs`,
    );
  servePortForward(upgrade, query, {
    ...ports,
    podName: `${name}_${namespace}`,
    podUid: uid,
    forward: (port, stream) => options.runtime.portForward(sandbox, port, stream),
  });
}
