// Owns finding out, with nothing but a token and a pin, where a cluster is and what its authority is.
import { KubeconfigError, readClusterInfo } from "../model/kubeconfig.ts";
import { tokenText, type BootstrapToken } from "../model/bootstrap-token.ts";
import { pause, type Clock } from "../world/clock.ts";
import type { HttpClientOptions, Network } from "../world/http.ts";
import { wordsOf } from "../world/log.ts";
import { isSignedBy, publicKeyPin } from "../world/signatures.ts";
import { CannotBootstrap } from "./cannot.ts";

export interface Discovery {
  readonly clock: Clock;
  readonly network: Network;
  /** `https://192.0.2.1:6443` */
  readonly server: string;
  readonly token: BootstrapToken;
  /** `sha256:…`; none believes whatever authority is signed with the token. */
  readonly pins: readonly string[];
  /** How long a token may be unknown that was made just now. */
  readonly timeout: number;
}

export interface Discovered {
  readonly server: string;
  readonly ca: string;
}

const lookAgain = 500;
const answerMax = 10_000;

/** Throws CannotBootstrap that says what does not fit. */
export async function discover(asked: Discovery): Promise<Discovered> {
  const content = await signedInfo(asked);
  const found = clusterOf(asked, content);
  const pin = publicKeyPin(found.ca);
  if (asked.pins.length > 0 && !asked.pins.includes(pin))
    throw new CannotBootstrap(
      `cannot trust ${asked.server}: its authority's key is ${pin}, and --ca-hash gives ${asked.pins.join(", ")}; take the hash from \`everynode token create --print-join-command\` on the control plane, or ask who answers there`,
    );
  // What was told without a name is told again by one whom the authority vouches for.
  const again = await infoFrom(asked, { ca: found.ca });
  if (again.content !== content)
    throw new CannotBootstrap(
      `cannot trust ${asked.server}: what it tells of the cluster changed while it was asked; try again`,
    );
  return found;
}

/** The kubeconfig in `cluster-info`, once it is signed with our token. */
async function signedInfo(asked: Discovery): Promise<string> {
  const { clock, server, token, timeout } = asked;
  const end = clock.now() + timeout;
  for (;;) {
    const { content, signatures } = await infoFrom(asked, { insecureSkipVerify: true });
    const signature = signatures[`jws-kubeconfig-${token.id}`];
    if (signature !== undefined) {
      if (isSignedBy(signature, content, token.secret)) return content;
      throw new CannotBootstrap(
        `cannot join through ${server}: token ${token.id} is known there, and its second part is another; check --token`,
      );
    }
    if (clock.now() >= end)
      throw new CannotBootstrap(
        `cannot join through ${server}: it knows no token ${token.id}, which may be wrong or have expired; make one with \`everynode token create\` on the control plane`,
      );
    await pause(clock, lookAgain);
  }
}

interface Info {
  readonly content: string;
  readonly signatures: Readonly<Record<string, string>>;
}

const infoPath = "/api/v1/namespaces/kube-public/configmaps/cluster-info";

async function infoFrom(asked: Discovery, trust: HttpClientOptions): Promise<Info> {
  const { server } = asked;
  const { status, body } = await fetched(asked, trust);
  if (status !== 200)
    throw new CannotBootstrap(
      `cannot join through ${server}: it answers ${status} to who asks for its cluster-info; it is no API server of a cluster made by \`everynode init\` or kubeadm`,
    );
  const data = dataOf(body);
  const content = data?.["kubeconfig"];
  if (data === undefined || content === undefined)
    throw new CannotBootstrap(`cannot join through ${server}: its cluster-info holds no kubeconfig`);
  return { content, signatures: data };
}

async function fetched(
  { clock, network, server }: Discovery,
  trust: HttpClientOptions,
): Promise<{ status: number; body: string }> {
  const client = network.client(trust);
  const late = new AbortController();
  const cancel = clock.after(answerMax, () =>
    late.abort(new Error(`no answer within ${answerMax / 1000} s`)),
  );
  try {
    const response = await client.request({
      method: "GET",
      url: `${server}${infoPath}`,
      headers: { accept: "application/json" },
      signal: late.signal,
    });
    return { status: response.status, body: await response.text() };
  } catch (thrown) {
    throw new CannotBootstrap(
      `cannot reach ${server}: ${wordsOf(thrown)}; check the address and that the API server runs there`,
    );
  } finally {
    cancel();
    await client.close();
  }
}

function dataOf(body: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== "object" || value === null || !("data" in value)) return undefined;
    const { data } = value;
    if (typeof data !== "object" || data === null) return undefined;
    return Object.fromEntries(Object.entries(data).filter(([, text]) => typeof text === "string"));
  } catch {
    return undefined;
  }
}

function clusterOf({ server, token }: Discovery, content: string): Discovered {
  try {
    return readClusterInfo(
      content,
      `told by ${server} and signed with token ${tokenText({ ...token, secret: "…" })}`,
    );
  } catch (thrown) {
    if (thrown instanceof KubeconfigError) throw new CannotBootstrap(thrown.message);
    throw thrown;
  }
}
