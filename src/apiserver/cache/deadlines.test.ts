// Owns the proof that deadlines come in time, once, unless prevented.
import { expect, it } from "vitest";
import { VirtualClock } from "../../world/virtual-clock.ts";
import { Deadlines } from "./deadlines.ts";

it("acts within the second after the instant, each once", () => {
  const clock = new VirtualClock(0);
  const deadlines = new Deadlines(clock);
  const acted: string[] = [];
  const tell = (name: string) => () => acted.push(`${name}@${clock.now()}`);
  deadlines.at(2500, tell("a"));
  deadlines.at(2900, tell("b"));
  const prevent = deadlines.at(2900, tell("c"));
  deadlines.at(500, tell("d"));
  prevent();
  clock.advance(10_000);
  expect(acted).toEqual(["d@1000", "a@3000", "b@3000"]);
});

it("leaves no timer behind", () => {
  const clock = new VirtualClock(0);
  const deadlines = new Deadlines(clock);
  const prevent = [deadlines.at(1000, () => undefined), deadlines.at(1000, () => undefined)];
  for (const one of prevent) one();
  expect(clock.nextDue()).toBeUndefined();
});
