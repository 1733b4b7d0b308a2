// Owns handing events to any number of listeners, each at its own pace.

/** Every stream sees what is published from the call of `stream` on, in order, until its signal aborts. */
export class EventHub<Event> {
  private readonly listeners = new Set<(event: Event) => void>();

  publish(event: Event): void {
    for (const listen of this.listeners) listen(event);
  }

  stream(signal: AbortSignal): AsyncIterable<Event> {
    const waiting: Event[] = [];
    let wake: (() => void) | undefined;
    const listen = (event: Event) => {
      waiting.push(event);
      wake?.();
    };
    if (!signal.aborted) this.listeners.add(listen);
    signal.addEventListener(
      "abort",
      () => {
        this.listeners.delete(listen);
        wake?.();
      },
      { once: true },
    );
    return (async function* () {
      while (!signal.aborted) {
        for (const event of waiting.splice(0)) {
          yield event;
          if (signal.aborted) return;
        }
        if (waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    })();
  }
}
