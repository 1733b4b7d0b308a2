// Owns the tests of events handed to listeners: each in order, from when it listens until it is told to end.
import { expect, test } from "vitest";
import { EventHub } from "./event-hub.ts";

async function listened(events: AsyncIterable<number>, most: number): Promise<number[]> {
  const heard: number[] = [];
  for await (const event of events) if (heard.push(event) === most) break;
  return heard;
}

test("hears what is published from the call on, in order, waiting or not", async () => {
  const hub = new EventHub<number>();
  const { signal } = new AbortController();
  hub.publish(0);
  const early = hub.stream(signal);
  hub.publish(1);
  const late = hub.stream(signal);
  const hearing = [listened(early, 3), listened(late, 2)];
  hub.publish(2);
  hub.publish(3);
  expect(await Promise.all(hearing)).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
});

test.each([
  ["while it waits", 0],
  ["with events not yet heard", 2],
])("ends when its signal aborts, %s", async (_when, published) => {
  const hub = new EventHub<number>();
  const life = new AbortController();
  const events = hub.stream(life.signal);
  const hearing = published === 0 ? listened(events, 10) : undefined;
  for (let event = 0; event < published; event++) hub.publish(event);
  life.abort();
  hub.publish(9);
  expect(await (hearing ?? listened(events, 10))).toEqual([]);
});

test("a signal that has aborted already hears nothing", async () => {
  const hub = new EventHub<number>();
  const events = hub.stream(AbortSignal.abort());
  hub.publish(1);
  expect(await listened(events, 1)).toEqual([]);
});
