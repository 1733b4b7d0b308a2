// Owns putting an object into the API as it should be, whether it is there or not, and asking until an answer comes.
import type { Answer, Client } from "../client/client.ts";
import { RefusedError } from "../client/client.ts";
import type { Descriptor } from "../model/kinds/descriptor.ts";
import type { Draft, KubeObject } from "../model/meta.ts";
import { pause, type Clock } from "../world/clock.ts";
import { wordsOf } from "../world/log.ts";
import { CannotBootstrap } from "./cannot.ts";

/** Creates it, or brings what is there to hold what the draft holds. */
export async function ensure<T extends KubeObject>(
  client: Client,
  kind: Descriptor<T>,
  draft: Draft<T>,
): Promise<T> {
  const { name = "", namespace } = draft.metadata;
  const made = await client.of(kind).create(draft);
  if (made.is === "ok") return made.object;
  if (made.is !== "exists") throw new RefusedError(made.status);
  const patched = await client.of(kind).patch({ name, namespace }, "merge", draft);
  if (patched.is !== "ok") throw new RefusedError(patched.status);
  return patched.object;
}

const attemptsMax = 20;

/** Reads, changes and writes; again where somebody else wrote meanwhile. An object left as it is is not written. */
export async function change<T extends KubeObject>(
  client: Client,
  kind: Descriptor<T>,
  name: string,
  changed: (object: T) => T | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await client.of(kind).get({ name });
    if (found.is !== "ok") throw new RefusedError(found.status);
    const next = changed(found.object);
    if (next === undefined) return;
    const written = await client.of(kind).update(next);
    if (written.is === "ok") return;
    if (written.is !== "conflict" || attempt === attemptsMax) throw new RefusedError(written.status);
  }
}

const lookAgain = 200;

export interface Until {
  readonly clock: Clock;
  readonly timeout: number;
  /** What was waited for. */
  readonly what: string;
  /** What to do where it does not come. */
  readonly orElse: () => Promise<string> | string;
}

/** Asks until the answer is something; a connection that fails is tried again. */
export async function until<T>(wait: Until, ask: () => Promise<T | undefined>): Promise<T> {
  const end = wait.clock.now() + wait.timeout;
  let last = "";
  for (;;) {
    try {
      const found = await ask();
      if (found !== undefined) return found;
      last = "";
    } catch (thrown) {
      if (thrown instanceof CannotBootstrap) throw thrown;
      last = `; last: ${wordsOf(thrown)}`;
    }
    if (wait.clock.now() > end)
      throw new CannotBootstrap(
        `cannot go on: ${wait.what} not within ${wait.timeout / 1000} s${last}; ${await wait.orElse()}`,
      );
    await pause(wait.clock, lookAgain);
  }
}

export const found = <T>(answer: Answer<T>): T | undefined =>
  answer.is === "ok" ? answer.object : undefined;
