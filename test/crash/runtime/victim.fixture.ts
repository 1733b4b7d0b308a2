// Owns the process that starts containers without pause until it is killed; it says what it was promised.
import { plainContainer, plainSandbox } from "../../../src/runtime/plain-configs.fixture.ts";
import { createProcessRuntime } from "../../../src/runtime/process/process-runtime.ts";
import { silentLog } from "../../../src/world/log.ts";
import { realRandom } from "../../../src/world/random.ts";
import { realClock } from "../../../src/world/real-clock.ts";
import { realFiles } from "../../../src/world/real-files.ts";
import { realProcesses } from "../../../src/world/real-processes.ts";
import { ledgerCommand } from "./ledger.ts";

const [folder = "", ledger = "", hostPid = ""] = process.argv.slice(2);
const say = (...words: string[]) => process.stdout.write(`${words.join(" ")}\n`);

const runtime = await createProcessRuntime({
  folder,
  files: realFiles,
  processes: realProcesses,
  clock: realClock,
  log: silentLog,
  random: realRandom,
});
say("ready");

async function onePod(): Promise<void> {
  const uid = realRandom.int(2 ** 32).toString(16);
  const sandbox = await runtime.runPodSandbox({
    ...plainSandbox(uid, `${ledger}/logs/${uid}`),
    hostNetwork: true,
    hostPid: hostPid === "hostPid",
  });
  say("sandbox", sandbox);
  const code = realRandom.int(100);
  const id = await runtime.createContainer(sandbox, {
    ...plainContainer,
    name: String(code),
    command: ledgerCommand(
      `${ledger}/${uid}`,
      code,
      realRandom.int(3) === 0 ? "100" : `0.${realRandom.int(5)}`,
    ),
  });
  say("created", id);
  await runtime.startContainer(id);
  say("started", id);
  if (realRandom.int(4) !== 0) return;
  say("removing", id);
  await runtime.removePodSandbox(sandbox);
  say("removed", id);
}

async function withoutEnd(): Promise<never> {
  for (;;) await onePod();
}

await Promise.all([withoutEnd(), withoutEnd(), withoutEnd()]);
