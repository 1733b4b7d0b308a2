// Owns where a machine that was set up keeps everything.
import { join } from "node:path";

export interface Layout {
  readonly dataDir: string;
  /** Keys and certificates: `NAME.crt`, `NAME.key`. */
  readonly pki: string;
  readonly manifests: string;
  readonly adminConf: string;
  readonly controllerManagerConf: string;
  readonly schedulerConf: string;
  readonly kubeletConf: string;
  /** The kubelet's root folder. */
  readonly kubeletRoot: string;
  readonly kubeletConfiguration: string;
  readonly kubeletLog: string;
  /** The process that `init` or `join` started, where they did. */
  readonly kubeletPid: string;
  /** The API server's data folder, with its store. */
  readonly apiServerData: string;
  readonly etcdData: string;
  /** An authority of etcd's own. */
  readonly etcdPki: string;
  /** What was made here, for `reset`. */
  readonly record: string;
}

export const layoutOf = (dataDir: string, manifests = join(dataDir, "manifests")): Layout => ({
  dataDir,
  pki: join(dataDir, "pki"),
  manifests,
  adminConf: join(dataDir, "admin.conf"),
  controllerManagerConf: join(dataDir, "controller-manager.conf"),
  schedulerConf: join(dataDir, "scheduler.conf"),
  kubeletConf: join(dataDir, "kubelet.conf"),
  kubeletRoot: join(dataDir, "kubelet"),
  kubeletConfiguration: join(dataDir, "kubelet-config.yaml"),
  kubeletLog: join(dataDir, "kubelet.log"),
  kubeletPid: join(dataDir, "kubelet.pid"),
  apiServerData: join(dataDir, "apiserver"),
  etcdData: join(dataDir, "etcd"),
  etcdPki: join(dataDir, "pki/etcd"),
  record: join(dataDir, "made.json"),
});
