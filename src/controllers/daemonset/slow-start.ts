// Owns doing many things at once without storming a server that refuses them: one first, then one more with each success.

/** `again` asks for another plan; `stop` that nothing more of this kind be started. */
export type Done = "done" | "again" | "stop";

/** Works through the items in order, at most `most` at a time; after a `stop` no more are begun. Tells what it came to. */
export async function slowStart<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<Done>,
): Promise<Done> {
  let next = 0;
  let allowed = 1;
  let outcome: Done = "done";
  const running = new Set<Promise<void>>();
  const begin = (item: T): void => {
    const one: Promise<void> = work(item)
      .then((done) => {
        if (done === "done") allowed = Math.min(allowed + 1, most);
        else if (outcome !== "stop") outcome = done;
      })
      .finally(() => running.delete(one));
    running.add(one);
  };
  // What is under way is waited for even when one of them throws.
  try {
    while (next < items.length && stillGoing(outcome)) {
      const item = items[next];
      if (running.size >= allowed || item === undefined) await Promise.race(running);
      else {
        next += 1;
        begin(item);
      }
    }
  } finally {
    await Promise.allSettled(running);
  }
  return outcome;
}

const stillGoing = (outcome: Done): boolean => outcome !== "stop";
