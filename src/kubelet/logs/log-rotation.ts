// Owns the rotation of running containers' logs: looks at their sizes from time to time and carries the plan out.
import { basename, dirname } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Bytes, Millis } from "../../lib/units.ts";
import type { ContainerStatus, Runtime } from "../../runtime/runtime.ts";
import { pause, type Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import { rotationStamp } from "./log-names.ts";
import { planRotation, type RotationAction, type RotationLimits } from "./plan-rotation.ts";

export interface RotationOptions extends RotationLimits {
  readonly period: Millis;
}

/** Upstream's. */
export const logRotationDefault: RotationOptions = { sizeMax: 10 * 1024 * 1024, filesMax: 5, period: 10_000 };

interface RotationWorld {
  readonly runtime: Runtime;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

const pieceSize: Bytes = 1024 * 1024;
const compressed = promisify(gzip);

/** Piece by piece: one gzip member after another is a gzip file, and a log may be longer than what memory is for. */
async function compress(files: Files, path: string): Promise<void> {
  const beside = `${path}.gz.tmp`;
  await files.remove(beside);
  for (let at = 0; ; at += pieceSize) {
    const piece = await files.readBytes(path, at, pieceSize);
    if (piece === undefined || piece.length === 0) break;
    await files.append(beside, await compressed(piece));
  }
  await files.rename(beside, `${path}.gz`);
  await files.remove(path);
}

async function perform(world: RotationWorld, status: ContainerStatus, action: RotationAction): Promise<void> {
  const { files, runtime } = world;
  const folder = dirname(status.logPath);
  switch (action.do) {
    case "remove":
      return files.remove(`${folder}/${action.name}`);
    case "compress":
      return compress(files, `${folder}/${action.name}`);
    case "rotate": {
      const away = `${folder}/${action.to}`;
      // Within one second of the last one; the next look will do.
      if ((await files.facts(away)) !== undefined) return;
      await files.rename(status.logPath, away);
      try {
        await runtime.reopenContainerLog(status.id);
      } catch (thrown) {
        // Whatever writes to it goes on under the name that readers look for.
        if ((await files.facts(status.logPath)) === undefined) await files.rename(away, status.logPath);
        throw thrown;
      }
    }
  }
}

async function rotateOne(
  world: RotationWorld,
  status: ContainerStatus,
  limits: RotationLimits,
): Promise<void> {
  const { files, clock } = world;
  const size = (await files.facts(status.logPath))?.size ?? 0;
  if (size <= limits.sizeMax) return;
  const base = basename(status.logPath);
  const names = ((await files.list(dirname(status.logPath))) ?? []).filter((name) =>
    name.startsWith(`${base}.`),
  );
  const plan = planRotation({ base, size, names, stamp: rotationStamp(clock.now()) }, limits);
  for (const action of plan) await perform(world, status, action);
}

/** One look at every running container's log. */
export async function rotateLogs(world: RotationWorld, limits: RotationLimits): Promise<void> {
  for (const status of await world.runtime.listContainers()) {
    if (status.state !== "running") continue;
    await rotateOne(world, status, limits).catch((thrown: unknown) =>
      world.log.warn("cannot rotate a container's log, will try again", {
        log: status.logPath,
        error: wordsOf(thrown),
      }),
    );
  }
}

/** Until the signal aborts. */
export async function rotateForever(
  world: RotationWorld,
  options: RotationOptions,
  signal: AbortSignal,
): Promise<void> {
  if (options.sizeMax < 0) return;
  while (!signal.aborted) {
    await pause(world.clock, options.period, signal).catch(() => undefined);
    if (signal.aborted) return;
    await rotateLogs(world, options).catch((thrown: unknown) =>
      world.log.warn("cannot look at containers' logs, will try again", { error: wordsOf(thrown) }),
    );
  }
}
