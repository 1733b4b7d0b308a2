// Owns how several judges listen in on one cluster.
import type { ApiRequest, ApiResponse } from "../../src/model/wire.ts";
import type { Batch, LinkObserver } from "./link.ts";

/** Each judge hears what concerns it. */
export function judgesTogether(judges: readonly Partial<LinkObserver>[]): LinkObserver {
  return {
    sent: (who, request) => judges.map((judge) => judge.sent?.(who, request)),
    executed(who, request, response, atSending) {
      // `sent` above made the array, one place a judge.
      const told = atSending as readonly unknown[];
      for (const [at, judge] of judges.entries()) judge.executed?.(who, request, response, told[at]);
    },
    listed: (who: string, request: ApiRequest, response: ApiResponse) => {
      for (const judge of judges) judge.listed?.(who, request, response);
    },
    told: (who: string, request: ApiRequest, batch: Batch) => {
      for (const judge of judges) judge.told?.(who, request, batch);
    },
    emitted: (watch: object, request: ApiRequest, batch: Batch) => {
      for (const judge of judges) judge.emitted?.(watch, request, batch);
    },
  };
}
