// Owns who may ask the node's server: a client certificate or a token says who asks, the API server says who may.
import type { Millis } from "../../lib/units.ts";
import type { Transport } from "../../model/wire.ts";
import type { Clock } from "../../world/clock.ts";
import type { Exchange } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";
import { nodeAttributes } from "./plan-access.ts";

export interface AccessSettings {
  /** Who shows nothing is `system:anonymous`, for the authorization to decide. */
  readonly anonymous: boolean;
  /** Bearer tokens are reviewed by the API server. */
  readonly tokens: boolean;
  readonly tokenTtl: Millis;
  readonly authorization: "AlwaysAllow" | "Webhook";
  readonly allowedTtl: Millis;
  readonly deniedTtl: Millis;
}

/** As upstream's in a KubeletConfiguration. */
export const accessDefault: AccessSettings = {
  anonymous: false,
  tokens: true,
  tokenTtl: 120_000,
  authorization: "Webhook",
  allowedTtl: 300_000,
  deniedTtl: 30_000,
};

export type Verdict = "allow" | { readonly status: 401 | 403 | 500; readonly message: string };

type Asked = Pick<Exchange, "method" | "target" | "headers" | "peer">;

export interface AccessOptions extends AccessSettings {
  readonly nodeName: string;
  readonly clock: Clock;
  /** Absent where the node stands alone: then there is nobody to ask. */
  readonly transport: Transport | undefined;
}

interface User {
  readonly name: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
}

const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const rememberedMax = 1024;

/** Answers kept for a time. */
class Remembered<T> {
  private readonly clock: Clock;
  private readonly kept = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get(key: string): T | undefined {
    const found = this.kept.get(key);
    return found !== undefined && found.until > this.clock.now() ? found.value : undefined;
  }

  set(key: string, value: T, ttl: Millis): void {
    const [oldest] = this.kept.size >= rememberedMax ? this.kept.keys() : [];
    if (oldest !== undefined) this.kept.delete(oldest);
    this.kept.delete(key);
    this.kept.set(key, { value, until: this.clock.now() + ttl });
  }
}

/** The API server, and those who may do everything: they need not be asked about. */
const isTrusted = ({ name, groups }: User): boolean =>
  name.startsWith("kube-apiserver") || groups.includes("system:masters");

const bearerOf = ({ headers }: Asked): string | undefined => {
  const value = headers["authorization"];
  return typeof value === "string" ? /^Bearer (\S+)$/i.exec(value)?.[1] : undefined;
};

/** Fields of what an API server answered, each unknown. */
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

export class Access {
  private readonly options: AccessOptions;
  private readonly users: Remembered<User | "unknown">;
  private readonly verdicts: Remembered<Verdict>;

  constructor(options: AccessOptions) {
    this.options = options;
    this.users = new Remembered(options.clock);
    this.verdicts = new Remembered(options.clock);
  }

  async verdict(asked: Asked): Promise<Verdict> {
    try {
      const user = await this.userOf(asked);
      if (user === undefined)
        return {
          status: 401,
          message: "cannot answer: the request carries no client certificate; ask through the API server",
        };
      return user === "unknown"
        ? { status: 401, message: "cannot answer: the token is not known to the API server; get a new one" }
        : await this.mayAsk(user, asked);
    } catch (thrown) {
      return {
        status: 500,
        message: `cannot answer: the API server does not tell who may ask: ${wordsOf(thrown)}`,
      };
    }
  }

  private async userOf(asked: Asked): Promise<User | "unknown" | undefined> {
    const { peer } = asked;
    if (peer !== undefined)
      return { name: peer.commonName, groups: [...peer.organizations, "system:authenticated"] };
    const token = bearerOf(asked);
    if (token !== undefined && this.options.tokens && this.options.transport !== undefined)
      return this.reviewed(token);
    return this.options.anonymous ? anonymous : undefined;
  }

  private async reviewed(token: string): Promise<User | "unknown"> {
    const known = this.users.get(token);
    if (known !== undefined) return known;
    const status = await this.review("authentication.k8s.io", "TokenReview", { token });
    const user = fieldsOf(status["user"]);
    const found: User | "unknown" =
      status["authenticated"] === true
        ? {
            name: String(user["username"]),
            uid: typeof user["uid"] === "string" ? user["uid"] : undefined,
            groups: Array.isArray(user["groups"]) ? user["groups"].map(String) : [],
          }
        : "unknown";
    this.users.set(token, found, this.options.tokenTtl);
    return found;
  }

  private async mayAsk(user: User, { method, target }: Asked): Promise<Verdict> {
    const { authorization, transport, nodeName } = this.options;
    if (isTrusted(user) || authorization === "AlwaysAllow") return "allow";
    const attributes = nodeAttributes(method, target.replace(/\?.*$/s, ""));
    const denied: Verdict = {
      status: 403,
      message: `Forbidden (user=${user.name}, verb=${attributes.verb}, resource=nodes, subresource=${attributes.subresource}); ask through the API server`,
    };
    if (transport === undefined) return denied;
    const key = JSON.stringify([user, attributes]);
    const known = this.verdicts.get(key);
    if (known !== undefined) return known;
    const { allowed } = await this.review("authorization.k8s.io", "SubjectAccessReview", {
      user: user.name,
      uid: user.uid,
      groups: user.groups,
      resourceAttributes: { ...attributes, name: nodeName, version: "v1" },
    });
    const verdict = allowed === true ? "allow" : denied;
    this.verdicts.set(key, verdict, allowed === true ? this.options.allowedTtl : this.options.deniedTtl);
    return verdict;
  }

  private async review(
    group: string,
    kind: string,
    spec: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { transport } = this.options;
    if (transport === undefined) return {};
    const answer = await transport.request({
      method: "POST",
      path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
      body: { apiVersion: `${group}/v1`, kind, spec, metadata: {} },
    });
    if (answer.status >= 400) {
      const { message } = fieldsOf(answer.body);
      throw new Error(typeof message === "string" ? message : `it answers with ${answer.status}`);
    }
    return fieldsOf(fieldsOf(answer.body)["status"]);
  }
}
