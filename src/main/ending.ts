// Owns how a running command is told to end.
import { setMaxListeners } from "node:events";

/** An abort controller that every part of a command may listen to, however many there are. */
export function sharedAbort(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Aborts on the first SIGINT, SIGTERM or SIGHUP (the terminal went away); the second ends the process at once. */
export function endingSignal(): AbortSignal {
  const ending = sharedAbort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(130);
      ending.abort(new Error(`ended by ${signal}`));
    });
  return ending.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
