// Owns one attachment to a running container: its output from now on, its input, the size of its terminal.
import type { Millis } from "../../lib/units.ts";
import { type ProcessStreams, RuntimeRefusal } from "../runtime.ts";
import type { Attachments } from "./attachments.ts";
import { type ContainerPlace, followSizes, Sizes } from "./exec.ts";
import { closePipe, inputPipe } from "./input-lines.ts";

interface Attached {
  readonly place: ContainerPlace;
  readonly attachments: Attachments;
  /** The terminal's name, where the container has one. */
  readonly terminal: string | undefined;
}

// File events tell sooner; this is for those that get lost.
const lookEvery: Millis = 500;

/** Resolves when the container has ended and its last output is handed on, or when nobody is there any more. */
export async function attachTo(
  { place, attachments, terminal }: Attached,
  streams: ProcessStreams,
): Promise<void> {
  const { clock, config, processes, abilities } = place;
  let settle: (because: "ended" | "lags" | "gone") => void = () => undefined;
  const over = new Promise<"ended" | "lags" | "gone">((resolve) => (settle = resolve));
  const detach = await attachments.add({ stdout: streams.stdout, stderr: streams.stderr }, settle);
  const gone = (): void => settle("gone");
  streams.signal.addEventListener("abort", gone, { once: true });
  if (streams.signal.aborted) gone();
  const { stty } = abilities.tools;
  if (terminal !== undefined && stty !== undefined)
    followSizes(processes, new Sizes(streams.onSize), { stty, path: terminal });
  const endInput = feedInput(place, streams);
  let cancel: () => void = () => undefined;
  const look = (): void => {
    attachments.dirty();
    cancel = clock.after(lookEvery, look);
  };
  look();
  const because = await over;
  cancel();
  detach();
  endInput();
  streams.signal.removeEventListener("abort", gone);
  if (because === "lags")
    throw new RuntimeRefusal(
      "AttachError",
      `cannot stay attached to container ${config.name}: it prints more than is taken; read its log instead`,
    );
}

/** Joins the input; what it gives lets go of it. With `stdinOnce` the container's input ends with this one. */
function feedInput({ config, processes, home }: ContainerPlace, { stdin }: ProcessStreams): () => void {
  if (stdin === undefined) return () => undefined;
  const pipe = config.stdin ? processes.feed(`${home}/${inputPipe}`) : undefined;
  if (pipe === undefined) {
    stdin.resume();
    return () => undefined;
  }
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    stdin.unpipe(pipe);
    stdin.resume();
    pipe.end();
    if (config.stdinOnce === true) processes.feed(`${home}/${closePipe}`)?.end("\n");
  };
  stdin.pipe(pipe, { end: false });
  stdin.once("end", end);
  stdin.once("close", end);
  pipe.once("close", end);
  return end;
}
