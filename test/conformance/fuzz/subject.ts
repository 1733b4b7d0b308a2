// Owns the server that is fuzzed: the whole way of a request from edge to store, in one process on virtual time.
import { createFairness } from "../../../src/apiserver/fairness/fairness.ts";
import { createAuthenticate } from "../../../src/apiserver/authentication/authenticate.ts";
import { usualIssuer } from "../../../src/apiserver/authentication/service-account-token.ts";
import { authorize } from "../../../src/apiserver/authorization/authorize.ts";
import { createEdge } from "../../../src/apiserver/http/edge.ts";
import { fakeKubelets } from "../../../src/apiserver/http/fakes.fixture.ts";
import { createMetrics } from "../../../src/apiserver/http/metrics.ts";
import { createPipeline } from "../../../src/apiserver/pipeline.ts";
import { createSystemObjects } from "../../../src/apiserver/registry/system-objects.ts";
import { kinds } from "../../../src/model/kinds/kinds.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Exchange } from "../../../src/world/http.ts";
import { silentLog } from "../../../src/world/log.ts";
import { seededRandom } from "../../../src/world/random.ts";
import { makeSigningKey, openSigningKey } from "../../../src/world/signing.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";

export interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Of a stream, what came first. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

export interface Subject {
  readonly store: Store;
  readonly clock: VirtualClock;
  send(sent: Sent): Promise<Received>;
  stop(): Promise<void>;
}

const peer = { commonName: "admin", organizations: ["system:masters"] };

/** The exchange, whose answer is told once it is whole, or its stream has begun. The client then goes. */
function exchangeOf(sent: Sent, told: (received: Received) => void): Exchange {
  const leaving = new AbortController();
  const tell = (status: number, headers: Received["headers"], body: string | Uint8Array): void => {
    const bytes = Buffer.from(body);
    told({ status, headers, bytes, text: bytes.toString() });
  };
  return {
    method: sent.method,
    target: sent.target,
    headers: sent.headers,
    // Some come with a token, and then without a certificate.
    ...("authorization" in sent.headers ? {} : { peer }),
    remoteAddress: "127.0.0.1",
    signal: leaving.signal,
    body: () => Promise.resolve(sent.body),
    respond: tell,
    stream(status, headers) {
      let first: string | Uint8Array = "";
      // What is ready at once is looked at; a watch of nothing says nothing.
      setImmediate(() => {
        tell(status, headers, first);
        leaving.abort();
      });
      return {
        write: (chunk) => (first ||= chunk) !== "",
        drained: async () => undefined,
        pending: 0,
        end: () => undefined,
      };
    },
  };
}

export async function startSubject(): Promise<Subject> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const random = seededRandom(1);
  const store = createMemoryStore({ clock });
  const key = openSigningKey(makeSigningKey());
  if (key === undefined) throw new Error("no key");
  const tokens = { key, issuer: usualIssuer };
  const pipeline = await createPipeline({ store, kinds, clock, random, log: silentLog, authorize, tokens });
  await createSystemObjects(pipeline.registry);
  const edge = createEdge({
    fairness: createFairness({ clock, seats: 600 }),
    pipeline,
    kinds: () => pipeline.registry.feed.served,
    authenticate: createAuthenticate([], pipeline.verifyToken),
    authorize,
    clock,
    random,
    log: silentLog,
    metrics: createMetrics(),
    version: "v1.33.0",
    kubelets: fakeKubelets(() => ({ bytes: ["a line\n"] })),
    kubeletStreams: () => Promise.reject(new Error("no kubelet is there")),
  });
  return {
    store,
    clock,
    send: (sent) =>
      new Promise((resolve) => {
        edge.handle(exchangeOf(sent, resolve));
      }),
    async stop() {
      await pipeline.stop();
      await store.close();
    },
  };
}
