// Owns /healthz, /livez and /readyz.
import type { EncodedAnswer } from "../answer.ts";
import { textAnswer } from "./send.ts";
import type { Target } from "./target.ts";

export interface HealthCheck {
  readonly name: string;
  /** Whether it counts for /livez too: a server that is not alive is restarted, one that is not ready only waits. */
  readonly alive: boolean;
  /** Undefined where all is well, else why not. */
  readonly check: () => string | undefined | Promise<string | undefined>;
}

const roots = ["healthz", "livez", "readyz"] as const;

const ping: HealthCheck = { name: "ping", alive: true, check: () => undefined };

/** Undefined where the path is none of these. */
export async function health(
  target: Target,
  checks: readonly HealthCheck[],
): Promise<EncodedAnswer | undefined> {
  const [, root, name, ...rest] = target.path.split("/");
  const asked = roots.find((one) => one === root);
  if (asked === undefined || rest.length > 0) return undefined;
  const exclude = new URLSearchParams(target.search).getAll("exclude");
  const served = [ping, ...checks].filter((one) => one.alive || asked !== "livez");
  const chosen = served.filter((one) =>
    name === undefined ? !exclude.includes(one.name) : one.name === name,
  );
  if (name !== undefined && chosen.length === 0) return undefined;
  const results = await Promise.all(
    chosen.map(async (one) => ({ name: one.name, fault: await faultOf(one) })),
  );
  const failed = results.some((result) => result.fault !== undefined);
  if (!failed && !("verbose" in target.query)) return textAnswer(200, "ok");
  const lines = results.map(({ name, fault }) =>
    fault === undefined ? `[+]${name} ok` : `[-]${name} failed: ${fault}`,
  );
  return textAnswer(
    failed ? 500 : 200,
    `${lines.join("\n")}\n${asked} check ${failed ? "failed" : "passed"}\n`,
  );
}

async function faultOf(one: HealthCheck): Promise<string | undefined> {
  try {
    return await one.check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
