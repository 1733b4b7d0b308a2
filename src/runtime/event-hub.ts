// Owns handing events to any number of listeners, each at its own pace.

/** Every stream sees what is published from the call of `stream` on, in order, until its signal aborts. */
export class EventHub<Event> {
  private readonly streams = new Set<Stream<Event>>();

  publish(event: Event): void {
    for (const stream of this.streams) stream.take(event);
  }

  stream(signal: AbortSignal): AsyncIterable<Event> {
    const end = (): void => stream.end();
    const stream = new Stream<Event>(() => {
      this.streams.delete(stream);
      signal.removeEventListener("abort", end);
    });
    if (signal.aborted) stream.end();
    else {
      this.streams.add(stream);
      signal.addEventListener("abort", end);
    }
    return stream;
  }
}

type Result<Event> = IteratorResult<Event, undefined>;

/** Written out, since a generator's way costs three times as much for each event. */
class Stream<Event> implements AsyncIterableIterator<Event, undefined> {
  private readonly waiting: Event[] = [];
  private readonly asking: ((result: Result<Event>) => void)[] = [];
  private readonly whenEnded: () => void;
  private ended = false;

  constructor(whenEnded: () => void) {
    this.whenEnded = whenEnded;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  take(event: Event): void {
    const ask = this.asking.shift();
    if (ask === undefined) this.waiting.push(event);
    else ask({ done: false, value: event });
  }

  end(): void {
    this.ended = true;
    this.waiting.length = 0;
    for (const ask of this.asking.splice(0)) ask({ done: true, value: undefined });
    this.whenEnded();
  }

  next(): Promise<Result<Event>> {
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    if (this.waiting.length === 0) return new Promise((resolve) => this.asking.push(resolve));
    // Something waits, so there is a first.
    return Promise.resolve({ done: false, value: this.waiting.shift() as Event });
  }

  return(): Promise<Result<Event>> {
    this.end();
    return this.next();
  }
}
