// Owns the counting of requests that components in the server's own process make: /metrics tells of them as of all others.
import { labelsOf } from "../apiserver/http/edge.ts";
import type { Metrics } from "../apiserver/http/metrics.ts";
import { readTarget } from "../apiserver/http/target.ts";
import type { Transport } from "../model/wire.ts";
import type { Clock } from "../world/clock.ts";

export function countedTransport(transport: Transport, metrics: Metrics, clock: Clock): Transport {
  return {
    async request(request) {
      const begun = clock.now();
      const answer = await transport.request(request);
      const target = readTarget(request.path);
      if (target !== undefined)
        metrics.request(labelsOf(request.method, target), answer.status, clock.now() - begun);
      return answer;
    },
    watch: (request, signal) => transport.watch(request, signal),
  };
}
