// Owns the trial of the API server by generated requests: whatever is sent, it answers, and what it refuses changes nothing.
import { afterAll, beforeAll, expect, it } from "vitest";
import { seededRandom } from "../../../src/world/random.ts";
import { drawRequest } from "./draw-request.ts";
import { protobufFault } from "./protobuf-fault.ts";
import { startSubject, type Received, type Sent, type Subject } from "./subject.ts";

const count = Number(process.env["EVERYNODE_FUZZ_REQUESTS"] ?? 10_000);
const seed = Number(process.env["EVERYNODE_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

let subject: Subject;
beforeAll(async () => {
  subject = await startSubject();
});
afterAll(() => subject.stop());

/** The answer; time passes only where the server waits for it to. */
async function answered(sent: Sent): Promise<Received> {
  let received: Received | undefined;
  void subject.send(sent).then((told) => (received = told));
  for (let waited = 0; received === undefined; waited += 1) {
    if (waited > 2000) throw new Error("no answer");
    // What is loaded on demand takes real time, what is waited for virtual time.
    await new Promise(setImmediate);
    if (waited > 50) await subject.clock.advanceAsync(1000);
    if (waited > 100) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return received;
}

const isStatus = (text: string, code: number): boolean => {
  const { kind, code: told } = JSON.parse(text) as { kind?: unknown; code?: unknown };
  return kind === "Status" && told === code;
};

/** The one word of a server that has not come so far yet, and may be asked again. */
const isNotYet = ({ status, text }: Received): boolean =>
  status === 504 && text.includes("Too large resource version");

function faultOf(sent: Sent, received: Received, changed: boolean): string | undefined {
  const { status, headers, text } = received;
  if (status >= 500 && !isNotYet(received)) return `it answered ${status}`;
  if (changed && status >= 400) return "it refused, and changed the store";
  if (changed && !["POST", "PUT", "PATCH", "DELETE"].includes(sent.method)) return "a read changed the store";
  if (changed && /[?&]dryRun=All(?:&|$)/.test(sent.target)) return "a dry run changed the store";
  const isJson = headers["content-type"] === "application/json" && headers["content-encoding"] === undefined;
  if (status >= 400 && isJson && sent.method !== "HEAD" && !isStatus(text, status))
    return "the refusal is no Status";
  return protobufFault(received);
}

const shown = (sent: Sent): string =>
  JSON.stringify({ ...sent, body: Buffer.from(sent.body).toString("latin1").slice(0, 2000) });

it(`answers ${count} generated requests, seed ${seed}`, { timeout: 3_600_000 }, async () => {
  console.log(`fuzz: EVERYNODE_FUZZ_SEED=${seed} EVERYNODE_FUZZ_REQUESTS=${count}`);
  const random = seededRandom(seed);
  const codes = new Map<number, number>();
  const faults = new Map<string, string>();
  for (let at = 0; at < count; at += 1) {
    const sent = drawRequest(random);
    const before = subject.store.revision();
    const received = await answered(sent).catch((thrown: unknown) => String(thrown));
    const fault =
      typeof received === "string" ? received : faultOf(sent, received, subject.store.revision() !== before);
    if (typeof received !== "string") codes.set(received.status, (codes.get(received.status) ?? 0) + 1);
    if (fault === undefined) continue;
    const words = typeof received === "string" ? fault : `${fault}: ${received.text.slice(0, 300)}`;
    if (!faults.has(words) && faults.size < 20) faults.set(words, `request ${at}: ${shown(sent)}`);
  }
  console.log(
    `answers: ${[...codes]
      .sort(([left], [right]) => left - right)
      .map(([code, times]) => `${code}: ${times}`)
      .join(", ")}`,
  );
  expect(Object.fromEntries(faults)).toEqual({});
  // A trial in which nearly all is refused tries little.
  expect((codes.get(200) ?? 0) + (codes.get(201) ?? 0)).toBeGreaterThan(count / 10);
});
