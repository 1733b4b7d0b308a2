// Owns a URL as a source of pods: asked again and again, believed only when the whole answer is good.
import type { Millis } from "../../lib/units.ts";
import type { Pod } from "../../model/generated/types.ts";
import { pause, type Clock } from "../../world/clock.ts";
import type { Files } from "../../world/files.ts";
import type { HttpClient } from "../../world/http.ts";
import { wordsOf, type Log } from "../../world/log.ts";
import type { Complaint } from "./plan-manifests.ts";
import { readPodList } from "./plan-pod-list.ts";
import type { PodSource, SourceTold } from "./source.ts";

export interface UrlSourceOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly nodeName: string;
  readonly client: HttpClient;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly period: Millis;
  /** Where the last good answer is kept. */
  readonly memoryFile: string;
  readonly complain: (complaints: readonly Complaint[]) => void;
}

interface Kept {
  readonly url: string;
  readonly text: string;
  readonly seen: number;
}

const patience: Millis = 10_000;
const textMax = 10 * 1024 * 1024;

export function createUrlSource(options: UrlSourceOptions): PodSource {
  return {
    name: "http",
    start(told) {
      const end = new AbortController();
      askForever(options, told, end.signal).catch((thrown: unknown) => {
        if (!end.signal.aborted)
          options.log.error("the manifest URL is asked no more", { error: wordsOf(thrown) });
      });
      return () => end.abort(new Error("the source ends"));
    },
  };
}

async function askForever(options: UrlSourceOptions, told: SourceTold, signal: AbortSignal): Promise<void> {
  const { clock, files, memoryFile, url, nodeName, period, log, complain } = options;
  let kept = await recall(options);
  let given = "";
  let reported: string | undefined;
  const give = (pods: readonly Pod[], text: string) => {
    if (text !== given) told.replace(pods);
    given = text;
  };
  if (kept !== undefined) {
    const before = readPodList(kept.text, nodeName, kept.seen);
    if (before.is === "pods") give(before.pods, kept.text);
  }
  for (let first = true; !signal.aborted; first = false) {
    const answer = await ask(options, signal);
    if (signal.aborted) return;
    const seen: number = kept !== undefined && kept.text === answer.text ? kept.seen : clock.now();
    const read =
      answer.text === undefined
        ? { is: "refused" as const, complaints: [{ because: answer.because }] }
        : readPodList(answer.text, nodeName, seen);
    if (read.is === "pods" && answer.text !== undefined) {
      if (kept?.text !== answer.text) {
        kept = { url, text: answer.text, seen };
        await files
          .writeText(memoryFile, JSON.stringify(kept), 0o600)
          .catch((thrown: unknown) =>
            log.warn("cannot keep what the manifest URL answered", { error: wordsOf(thrown) }),
          );
      }
      give(read.pods, answer.text);
    }
    if (first) told.ready();
    const complaints = read.is === "pods" ? [] : read.complaints.map((one) => ({ file: url, ...one }));
    const words = JSON.stringify(complaints);
    if (words !== reported) complain(complaints);
    reported = words;
    await pause(clock, period, signal).catch(() => undefined);
  }
}

async function recall({ files, memoryFile, url, log }: UrlSourceOptions): Promise<Kept | undefined> {
  try {
    const text = await files.readText(memoryFile);
    if (text === undefined) return undefined;
    // Only `askForever` writes this file, and it is replaced whole.
    const kept = JSON.parse(text) as Kept;
    return kept.url === url ? kept : undefined;
  } catch (thrown) {
    log.warn("cannot read what was kept of the manifest URL", { error: wordsOf(thrown) });
    return undefined;
  }
}

type Asked = { readonly text: string } | { readonly text: undefined; readonly because: string };

async function ask({ client, clock, url, headers }: UrlSourceOptions, signal: AbortSignal): Promise<Asked> {
  const limit = new AbortController();
  const cancel = clock.after(patience, () => limit.abort(new Error(`no answer within ${patience / 1000} s`)));
  try {
    const answer = await client.request({
      method: "GET",
      url,
      headers: { ...headers },
      signal: AbortSignal.any([limit.signal, signal]),
    });
    if (answer.status !== 200) {
      await answer.discard();
      return {
        text: undefined,
        because: `it answers ${answer.status}: 200 and a Pod or a PodList is expected`,
      };
    }
    const text = await answer.text();
    return text.length > textMax
      ? { text: undefined, because: "its answer is larger than 10 MiB" }
      : { text };
  } catch (thrown) {
    const reason: unknown = limit.signal.aborted ? limit.signal.reason : thrown;
    return { text: undefined, because: `it can't be asked: ${wordsOf(reason)}` };
  } finally {
    cancel();
  }
}
