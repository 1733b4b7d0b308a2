// Owns `everynode token`: the tokens by which machines join, made, listed and taken away.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isSigned, joinCommand } from "../bootstrap/cluster-objects.ts";
import { drawToken } from "../bootstrap/draw-token.ts";
import { createToken, deleteToken, listTokens, tokenRows } from "../bootstrap/tokens.ts";
import { aligned } from "../cli/aligned.ts";
import { RefusedError, type Client } from "../client/client.ts";
import { createClient } from "../client/kube-client.ts";
import { parseBootstrapToken, tokenText, usualTerms, type BootstrapToken } from "../model/bootstrap-token.ts";
import type { ClusterAccess } from "../model/kubeconfig.ts";
import { pause } from "../world/clock.ts";
import { wordsOf, type LogLevel } from "../world/log.ts";
import { publicKeyPin } from "../world/signatures.ts";
import { told } from "./bootstrap-refusal.ts";
import { reachCluster, usualKubeconfig } from "./cluster-access.ts";
import { lengthOf } from "./machine-flags.ts";
import { Refusal } from "./refusal.ts";
import { realWorld, type World } from "./world.ts";

export interface TokenCommand {
  readonly kubeconfig?: string;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

export interface TokenCreateCommand extends TokenCommand {
  readonly ttl: string;
  readonly description?: string;
  readonly printJoinCommand?: boolean;
}

interface Reached {
  readonly world: World;
  readonly client: Client;
  readonly access: ClusterAccess;
}

/** On a control plane its administrator's kubeconfig serves where no other is named. */
async function withCluster(
  options: TokenCommand,
  doing: string,
  work: (reached: Reached) => Promise<void>,
): Promise<void> {
  const world = realWorld(options.logLevel);
  const own = join(resolve(options.dataDir), "admin.conf");
  const kubeconfig = options.kubeconfig ?? (existsSync(own) ? own : usualKubeconfig());
  const { transport, access } = await reachCluster(world, kubeconfig, "everynode");
  try {
    await told(work({ world, client: createClient(transport), access }));
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown;
    if (thrown instanceof RefusedError) throw new Refusal(`cannot ${doing}: ${thrown.message}`);
    throw new Refusal(`cannot ${doing}: ${wordsOf(thrown)}`);
  } finally {
    await transport.close();
  }
}

export async function runTokenCreate(given: string | undefined, options: TokenCreateCommand): Promise<void> {
  const chosen = given === undefined ? undefined : parseBootstrapToken(given);
  if (given !== undefined && chosen === undefined)
    throw new Refusal(
      `cannot create the token ${JSON.stringify(given)}: it is not of the form abcdef.0123456789abcdef`,
      2,
    );
  const ttl = lengthOf("--ttl", options.ttl);
  await withCluster(options, "create a token", async ({ world, client, access }) => {
    const token = chosen ?? drawToken(world.random);
    const expires = ttl === 0 ? undefined : world.clock.now() + ttl;
    await createToken(client, token, { ...usualTerms, expires, description: options.description });
    await signed(world, client, token, ttl);
    if (options.printJoinCommand !== true) return console.log(tokenText(token));
    if (access.ca === undefined)
      throw new Refusal(
        "cannot print the join command: the kubeconfig holds no certificate-authority to take the hash of; use the control plane's admin.conf",
      );
    console.log(joinCommand(access.server, tokenText(token), publicKeyPin(access.ca)));
  });
}

const signedMax = 10_000;
const lookAgain = 200;

/** A machine can join once the controllers have signed `cluster-info`, where there is one. */
async function signed({ clock }: World, client: Client, token: BootstrapToken, ttl: number): Promise<void> {
  const end = clock.now() + (ttl === 0 ? signedMax : Math.min(ttl, signedMax));
  while (clock.now() < end) {
    if ((await isSigned(client, token)) !== "not yet") return;
    await pause(clock, lookAgain);
  }
  console.error(
    `everynode: token ${token.id} is made, and cluster-info is not signed with it; machines can join once the controller manager has done so`,
  );
}

export const runTokenList = (options: TokenCommand): Promise<void> =>
  withCluster(options, "list tokens", async ({ world, client }) => {
    console.log(aligned(tokenRows(await listTokens(client), world.clock.now())));
  });

export const runTokenDelete = (ids: readonly string[], options: TokenCommand): Promise<void> =>
  withCluster(options, "delete tokens", async ({ client }) => {
    for (const id of ids)
      console.log(`bootstrap token ${JSON.stringify(await deleteToken(client, id))} deleted`);
  });
