// Owns the server a suite is run against: the one a kubeconfig names, or one of ours started for it; and how it is asked.
//
//   EVERYNODE_CONFORMANCE_KUBECONFIG=~/.kube/config npx vitest run --project conformance test/conformance/api/anywhere
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, type TestContext } from "vitest";
import { createJsonLines } from "../../../../src/client/json-lines.ts";
import { loadKubeconfig } from "../../../../src/client/load-kubeconfig.ts";
import { queryText } from "../../../../src/client/http-transport.ts";
import { startApiServer } from "../../../../src/main/start-api-server.ts";
import { realWorld } from "../../../../src/main/world.ts";
import type { ClusterAccess } from "../../../../src/model/kubeconfig.ts";
import type { HttpClient } from "../../../../src/world/http.ts";
import { realNetwork } from "../../../../src/world/real-network.ts";

/** Answers are looked into field by field, and a field that is not there fails the test that looks. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

export interface Answer {
  readonly code: number;
  readonly json: Loose;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly warnings: readonly string[];
}

export interface More {
  /** Of the body; JSON unless given. */
  readonly type?: string;
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Event {
  readonly type: string;
  readonly object: Loose;
}

export const types = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
  jsonPatch: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io";

interface Reached {
  readonly access: ClusterAccess;
  close(): Promise<void>;
}

async function reach(): Promise<Reached> {
  const world = realWorld("error");
  const given = process.env["EVERYNODE_CONFORMANCE_KUBECONFIG"];
  if (given !== undefined)
    return { access: await loadKubeconfig(world.files, given), close: () => Promise.resolve() };
  const dataDir = mkdtempSync(join(tmpdir(), "everynode-conformance-"));
  const server = await startApiServer(world, { dataDir, host: "127.0.0.1", port: 0 });
  return {
    access: await server.adminAccess(),
    async close() {
      await server.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const textOf = (body: unknown): string | Uint8Array =>
  typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);

/** One namespace on the server, for one file of tests. */
export class Site {
  readonly namespace = `conformance-${Math.random().toString(36).slice(2, 10)}`;
  /** The server's minor version: 33 of 1.33. */
  minor = 0;
  private readonly access: ClusterAccess;
  private readonly client: HttpClient;
  private readonly ended: () => Promise<void>;

  constructor({ access, close }: Reached) {
    this.access = access;
    const { server: _server, token: _token, namespace: _namespace, ...tls } = access;
    this.client = realNetwork.client(tls);
    this.ended = close;
  }

  /** `cm/x` in the site's namespace, or a whole path. */
  path(what: string): string {
    if (what.startsWith("/")) return what;
    const [resource = "", ...rest] = what.split("/");
    const group = {
      daemonsets: "/apis/apps/v1",
      controllerrevisions: "/apis/apps/v1",
      leases: "/apis/coordination.k8s.io/v1",
    }[resource];
    return [`${group ?? "/api/v1"}/namespaces/${this.namespace}`, resource, ...rest].join("/");
  }

  async learnVersion(): Promise<void> {
    const { gitVersion } = await this.must("GET", "/version");
    this.minor = Number(/^v1\.(\d+)/.exec(gitVersion)?.[1]);
  }

  /** Skips the test, and says why, on a server from before there was what it asks for. */
  since(minor: number, what: string, { skip }: TestContext): void {
    if (this.minor < minor) skip(`${what} came with 1.${minor}, the server is 1.${this.minor}`);
  }

  private send(method: string, what: string, body: unknown, more: More & { signal?: AbortSignal }) {
    const { token, server } = this.access;
    const { type = types.json, accept = "application/json", query, headers, signal } = more;
    return this.client.request({
      method,
      url: server.replace(/\/+$/, "") + this.path(what) + queryText(query),
      headers: {
        accept,
        "user-agent": "conformance/1",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: textOf(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async ask(method: string, what: string, body?: unknown, more: More = {}): Promise<Answer> {
    const response = await this.send(method, what, body, more);
    const text = await response.text();
    const warning = response.headers["warning"] ?? [];
    return {
      code: response.status,
      text,
      get json() {
        return JSON.parse(text);
      },
      headers: response.headers,
      warnings: (typeof warning === "string" ? [warning] : warning).map((one) =>
        one.replace(/^299 \S+ /, ""),
      ),
    };
  }

  /** As `ask`, for what has to succeed. */
  async must(method: string, what: string, body?: unknown, more?: More): Promise<Loose> {
    const { code, text, json } = await this.ask(method, what, body, more);
    if (code >= 300) throw new Error(`${method} ${what} gave ${code}: ${text}`);
    return json;
  }

  /** The answer's bytes as they come, of what may never end, until `isEnough`. */
  async bytes(
    method: string,
    what: string,
    isEnough: (bytes: Buffer) => boolean = () => false,
    more: More & { readonly body?: unknown } = {},
  ): Promise<{ readonly code: number; readonly type: string; readonly bytes: Buffer }> {
    const stopping = new AbortController();
    const response = await this.send(method, what, more.body, { ...more, signal: stopping.signal });
    let bytes = Buffer.alloc(0);
    for await (const chunk of response.chunks) {
      bytes = Buffer.concat([bytes, chunk]);
      if (isEnough(bytes)) break;
    }
    stopping.abort();
    return { code: response.status, type: String(response.headers["content-type"]), bytes };
  }

  /** Events until there are so many, or the server ends the watch. */
  async watch(
    what: string,
    query: Readonly<Record<string, string>>,
    count: number,
    more: More = {},
  ): Promise<Event[]> {
    const stopping = new AbortController();
    const all = { timeoutSeconds: "20", ...query, watch: "true" };
    const response = await this.send("GET", what, undefined, {
      ...more,
      query: all,
      signal: stopping.signal,
    });
    if (response.status !== 200)
      throw new Error(`watch of ${what} gave ${response.status}: ${await response.text()}`);
    const lines = createJsonLines();
    const events: Event[] = [];
    for await (const chunk of response.chunks) {
      for (const line of lines.take(chunk)) events.push(line as Event);
      if (events.length >= count) break;
    }
    stopping.abort();
    return events.slice(0, count);
  }

  async close(): Promise<void> {
    await this.ask("DELETE", `/api/v1/namespaces/${this.namespace}`);
    await this.client.close();
    await this.ended();
  }
}

/** A site for the file's tests; its namespace is made before them and removed after. */
export function useSite(): () => Site {
  let site: Site | undefined;
  beforeAll(async () => {
    site = new Site(await reach());
    await site.learnVersion();
    await site.must("POST", "/api/v1/namespaces", { metadata: { name: site.namespace } });
    await accountIn(site);
  });
  afterAll(() => site?.close());
  return () => {
    if (site === undefined) throw new Error("the site is not there yet");
    return site;
  };
}

/** Pods need the namespace's account, which a controller makes where there is one. */
async function accountIn(site: Site): Promise<void> {
  const made = await site.ask("POST", "serviceaccounts", { metadata: { name: "default" } });
  if (made.code !== 201 && made.code !== 409) throw new Error(`cannot make a service account: ${made.text}`);
}

export const configMap = (
  name: string,
  data: Readonly<Record<string, string>> = {},
  metadata: object = {},
) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

/** A pod that no scheduler places. */
export const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...metadata },
  spec: {
    nodeSelector: { "conformance.example.com/none": "such" },
    containers: [{ name: "main", image: "agent:1" }],
    ...spec,
  },
});

/** A daemon set that no node is chosen by. */
export const daemonSet = (name: string, spec: object = {}, container: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        nodeSelector: { "conformance.example.com/none": "such" },
        containers: [{ name: "main", image: "agent:1", ...container }],
      },
    },
    ...spec,
  },
});

export const namesIn = (list: Loose): string[] =>
  list.items.map((item: { metadata: { name: string } }) => item.metadata.name);
