// Owns which store the API server stands on: its own in the data folder, or etcd where the flags name one.
import { openEmbeddedStore } from "../store/embedded/embedded-store.ts";
import type { Store } from "../store/store.ts";
import { wordsOf } from "../world/log.ts";
import { readPem } from "./read-pem.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

/** As upstream's API server names them. */
export interface EtcdFlags {
  readonly etcdServers?: string;
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
}

/** Throws a Refusal that says what is wrong with the folder, the flags or the members. */
export function openStore(world: World, folder: string, etcd: EtcdFlags = {}): Promise<Store> {
  return etcd.etcdServers === undefined ? openOwn(world, folder) : openEtcd(world, etcd.etcdServers, etcd);
}

async function openOwn(world: World, folder: string): Promise<Store> {
  try {
    const opened = await openEmbeddedStore({
      folder,
      clock: world.clock,
      log: world.log.with({ room: "store" }),
    });
    if (opened.is === "open") return opened.store;
    throw new Refusal(opened.message);
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown;
    throw new Refusal(`cannot open the store in ${folder}: ${wordsOf(thrown)}`);
  }
}

async function openEtcd(world: World, servers: string, flags: EtcdFlags): Promise<Store> {
  const { clock, files, log, random } = world;
  const endpoints = endpointsOf(servers);
  const { etcdCafile, etcdCertfile, etcdKeyfile } = flags;
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined))
    throw new Refusal("cannot call etcd: --etcd-certfile and --etcd-keyfile go together; give both", 2);
  const read = async (flag: string, path: string | undefined) =>
    path === undefined ? undefined : readPem(files, flag, path);
  const [ca, cert, key] = [
    await read("--etcd-cafile", etcdCafile),
    await read("--etcd-certfile", etcdCertfile),
    await read("--etcd-keyfile", etcdKeyfile),
  ];
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
  // Loaded only where it is used: gRPC takes a tenth of a second.
  const { openEtcdStore } = await import("../store/etcd/etcd-store.ts");
  try {
    return await openEtcdStore({ endpoints, tls, clock, random, log: log.with({ room: "store" }) });
  } catch (thrown) {
    throw new Refusal(
      `cannot open the store on etcd at ${servers}: ${wordsOf(thrown)}; start etcd, or check --etcd-servers and its certificates`,
    );
  }
}

function endpointsOf(servers: string): readonly string[] {
  const endpoints = servers.split(",").map((server) => server.trim().replace(/\/$/, ""));
  for (const endpoint of endpoints)
    if (!/^https?:\/\/[^\s/]+:\d+$/.test(endpoint))
      throw new Refusal(
        `cannot use --etcd-servers: ${JSON.stringify(endpoint)} is no http://HOST:PORT or https://HOST:PORT`,
        2,
      );
  return endpoints;
}
