// Owns watch events in protobuf, each framed once for all watchers that take them so.
import type { Emission } from "../cache/emission.ts";
import { frameOf, protobufType } from "./envelope.ts";

export const frameType = `${protobufType};stream=watch`;

const frames = new WeakMap<Emission, Uint8Array>();

export function sharedFrame(emission: Emission): Uint8Array {
  const known = frames.get(emission);
  if (known !== undefined) return known;
  const { event } = emission;
  const frame = frameOf(event);
  // Only what has a message is watched in protobuf, and every kind's events are of that kind or errors.
  if (frame === undefined) throw new Error(`cannot frame an event of ${event.object.kind ?? "no kind"}`);
  frames.set(emission, frame);
  return frame;
}
