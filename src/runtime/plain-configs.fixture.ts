// Owns a sandbox and a container that ask for nothing in particular, from which tests of runtimes make theirs.
import type { ContainerConfig, SandboxConfig } from "./runtime.ts";

/** Its name, and its folder for logs, are the test's own. */
export const plainSandbox = (uid: string, logFolder: string): SandboxConfig => ({
  pod: { name: uid, namespace: "default", uid, attempt: 0 },
  hostname: uid,
  logFolder,
  labels: {},
  annotations: {},
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  portMappings: [],
});

export const plainContainer: ContainerConfig = {
  name: "main",
  attempt: 0,
  image: "test",
  command: [],
  args: [],
  env: [],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: "main/0.log",
  resources: {},
  security: {
    privileged: false,
    addCapabilities: [],
    dropCapabilities: [],
    readonlyRootFilesystem: false,
    noNewPrivileges: false,
    mustNotBeRoot: false,
    confinement: [],
  },
  stdin: false,
  tty: false,
};
