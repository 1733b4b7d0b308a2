// Owns the way to etcd's members: one is asked at a time, and the next when it is lost.
import {
  ChannelCredentials,
  Client,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";
import type { MethodDefinition, ServiceDefinition } from "@grpc/proto-loader";
import type { Instant, Millis } from "../../lib/units.ts";
import { pause, type Clock } from "../../world/clock.ts";
import { StoreUnavailableError } from "../store.ts";
import { faultOf, isServiceError } from "./etcd-fault.ts";
import {
  loadProtocol,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchRequest,
  type WatchResponse,
} from "./protocol.ts";

export interface EtcdAccess {
  /** `https://HOST:PORT` or `http://HOST:PORT`, one for each member. */
  readonly endpoints: readonly string[];
  /** PEM. Without an authority those of the system are believed. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

interface UnaryCalls {
  readonly "KV.Range": (request: RangeRequest) => RangeResponse;
  readonly "KV.Txn": (request: TxnRequest) => TxnResponse;
  readonly "KV.Compact": (request: { readonly revision: number }) => unknown;
  readonly "Lease.LeaseGrant": (request: { readonly TTL: number; readonly ID: number }) => {
    readonly ID: number;
    readonly error: string;
  };
  readonly "Lease.LeaseRevoke": (request: { readonly ID: number }) => unknown;
}
interface StreamCalls {
  readonly "Watch.Watch": (request: WatchRequest) => WatchResponse;
  readonly "Lease.LeaseKeepAlive": (request: { readonly ID: number }) => { readonly TTL: number };
}
type Asked<Calls, Name extends keyof Calls> = Calls[Name] extends (request: infer Q) => unknown
  ? Q & object
  : never;
type Told<Calls, Name extends keyof Calls> = Calls[Name] extends (request: never) => infer A ? A : never;
export type Stream<Name extends keyof StreamCalls> = ClientDuplexStream<
  Asked<StreamCalls, Name>,
  Told<StreamCalls, Name>
>;

interface Member {
  readonly endpoint: string;
  readonly client: Client;
}

// A read that got no answer in this time is asked of the next member; a write's outcome is then unknown.
const answerWithin: Millis = 5000;
const connectWithin: Millis = 2000;
// As long as an election takes, and no longer than people wait for a word.
const patience: Millis = 6000;
const pauseMax: Millis = 1000;

export class EtcdConnection {
  private readonly clock: Clock;
  private readonly members: readonly Member[];
  private readonly methods = new Map<string, MethodDefinition<object, object>>();
  private current = 0;
  private readonly closed = new AbortController();

  constructor(access: EtcdAccess, clock: Clock) {
    this.clock = clock;
    this.members = access.endpoints.map((endpoint) => ({ endpoint, client: clientOf(endpoint, access.tls) }));
    for (const [name, definition] of Object.entries(loadProtocol()))
      if (isService(definition))
        for (const [method, made] of Object.entries(definition))
          this.methods.set(`${name.replace("etcdserverpb.", "")}.${method}`, made);
  }

  /** Of what may be done twice: asked of one member after the other until one answers or patience ends. */
  repeat<Name extends keyof UnaryCalls>(
    name: Name,
    request: Asked<UnaryCalls, Name>,
  ): Promise<Told<UnaryCalls, Name>> {
    return this.persist((member) => this.send(member, name, request), ["elsewhere", "unknown"]);
  }

  /** Of what may be done once only: repeated only where it certainly was not carried out. */
  once<Name extends keyof UnaryCalls>(
    name: Name,
    request: Asked<UnaryCalls, Name>,
  ): Promise<Told<UnaryCalls, Name>> {
    return this.persist((member) => this.send(member, name, request), ["elsewhere"]);
  }

  /** To the member of the moment, which ends the stream when it loses its leader. */
  stream<Name extends keyof StreamCalls>(name: Name): Stream<Name> {
    const { path, requestSerialize, responseDeserialize } = this.method(name);
    const metadata = new Metadata();
    metadata.set("hasleader", "true");
    const { client } = this.member();
    // The table of messages is what gives the names their types.
    return client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    ) as unknown as Stream<Name>;
  }

  /** Who follows the member that failed is asked from now on, after a moment. */
  async turn(failures: number, failed = this.member()): Promise<void> {
    // Of many calls that one member failed, the first turns to the next.
    if (failed === this.member()) this.current = (this.current + 1) % this.members.length;
    // A whole round without an answer is followed by a pause.
    const rounds = Math.floor(failures / this.members.length);
    if (rounds > 0)
      await pause(this.clock, Math.min(pauseMax, 50 * 2 ** rounds), this.closed.signal).catch(
        () => undefined,
      );
  }

  get isClosed(): boolean {
    return this.closed.signal.aborted;
  }

  close(): void {
    this.closed.abort();
    for (const { client } of this.members) client.close();
  }

  private async persist<T>(attempt: (member: Member) => Promise<T>, repeated: readonly string[]): Promise<T> {
    const until = this.clock.now() + patience;
    for (let failures = 1; ; failures++) {
      const member = this.member();
      try {
        await this.connected(member, until);
        return await attempt(member);
      } catch (thrown) {
        if (!isServiceError(thrown)) throw thrown;
        const { is } = faultOf(thrown);
        if (is !== "elsewhere" && is !== "unknown") throw thrown;
        const isOver = this.isClosed || this.clock.now() >= until;
        if (isOver || !repeated.includes(is)) {
          void this.turn(0, member);
          throw unavailable(member, thrown, is);
        }
      }
      await this.turn(failures, member);
    }
  }

  private connected({ client }: Member, until: Instant): Promise<void> {
    const deadline = Math.min(until, this.clock.now() + connectWithin);
    return new Promise((resolve, reject) => {
      client.waitForReady(deadline, (failure) => {
        if (failure === undefined) return resolve();
        const details = `No connection established: ${failure.message}`;
        reject(Object.assign(new Error(details), { code: 14, details, metadata: new Metadata() }));
      });
    });
  }

  private send<Name extends keyof UnaryCalls>(
    { client }: Member,
    name: Name,
    request: Asked<UnaryCalls, Name>,
  ): Promise<Told<UnaryCalls, Name>> {
    const { path, requestSerialize, responseDeserialize } = this.method(name);
    const deadline = this.clock.now() + answerWithin;
    return new Promise((resolve, reject) => {
      const done = (failure: ServiceError | null, answer?: object): void =>
        failure === null && answer !== undefined
          ? // What the method's own message type decodes to.
            resolve(answer as Told<UnaryCalls, Name>)
          : reject(failure ?? new Error(`etcd gave no answer to ${name}`));
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, done);
    });
  }

  private member(): Member {
    const member = this.members[this.current];
    if (member === undefined) throw new Error("etcd has no endpoints");
    return member;
  }

  private method(name: string): MethodDefinition<object, object> {
    const found = this.methods.get(name);
    if (found === undefined) throw new Error(`etcd's protocol has no method ${name}`);
    return found;
  }
}

const isService = (definition: object): definition is ServiceDefinition => !("format" in definition);

function unavailable({ endpoint }: Member, { details }: ServiceError, is: "elsewhere" | "unknown"): Error {
  return is === "elsewhere"
    ? new StoreUnavailableError("not-done", `cannot reach the store: etcd at ${endpoint}: ${details}`)
    : new StoreUnavailableError(
        "unknown",
        `cannot tell whether the store did it: etcd at ${endpoint}: ${details}; look before trying again`,
      );
}

function clientOf(endpoint: string, tls: EtcdAccess["tls"]): Client {
  const isSecure = endpoint.startsWith("https://");
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  const credentials = isSecure
    ? ChannelCredentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert))
    : ChannelCredentials.createInsecure();
  return new Client(endpoint.replace(/^https?:\/\//, "").replace(/\/$/, ""), credentials, {
    "grpc.enable_http_proxy": 0,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    // etcd cuts clients that ask more often than every five seconds.
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 3000,
  });
}
