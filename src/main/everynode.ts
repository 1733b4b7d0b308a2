// Owns the entry point: which command is meant, and how its failure is told.
import { Command, CommanderError, Option } from "commander";
import { version } from "../model/version.ts";
import { wordsOf } from "../world/log.ts";
import { tuneEngine } from "./engine.ts";
import { Refusal, wholeNumber } from "./refusal.ts";

const port = wholeNumber("--port", 0, 65_535);

function withLogLevel(command: Command): Command {
  return command.addOption(
    new Option("--log-level <level>", "least level of log lines on standard error")
      .choices(["debug", "info", "warn", "error"])
      .default("warn"),
  );
}

function withEtcd(command: Command): Command {
  return command
    .option("--etcd-servers <urls>", "keep objects in etcd: http(s)://HOST:PORT of each member, with commas")
    .option("--etcd-cafile <file>", "authority of etcd's certificates")
    .option("--etcd-certfile <file>", "certificate to call etcd with")
    .option("--etcd-keyfile <file>", "its key");
}

function addUp(program: Command): void {
  withEtcd(withLogLevel(program.command("up")))
    .description("run a whole cluster in this terminal: one control-plane node and its workers")
    .option("--workers <count>", "how many worker nodes", wholeNumber("--workers", 0, 1000), 3)
    .option("--data-dir <folder>", "where everything is kept; a second `up` on it resumes", ".everynode")
    .option("--port <port>", "port of the API server on 127.0.0.1; 0 picks a free one", port, 6443)
    .option("--kubeconfig <file>", "where to write the kubeconfig (default: kubeconfig in the data folder)")
    .option(
      "--hollow-nodes <count>",
      "how many nodes to add whose containers are only imagined, to try things at scale",
      wholeNumber("--hollow-nodes", 0, 100_000),
      0,
    )
    .option("--demo", "apply examples/heartbeat.yaml and show each node's pod live")
    .action(async (options) => (await import("./up.ts")).runUp(options));
}

function addKubelet(program: Command): void {
  withLogLevel(program.command("kubelet"))
    .description(
      "run one node: the pods an API server binds to it, those of a manifest folder or URL, or all of them; without a kubeconfig it stands alone",
    )
    .option("--kubeconfig <file>", "the cluster to join, and as whom")
    .option("--config <file>", "a KubeletConfiguration (kubelet.config.k8s.io/v1beta1); flags win over it")
    .option("--pod-manifest-path <folder>", "folder of static pods' manifests, watched")
    .option("--manifest-url <url>", "URL of static pods' manifests")
    .option("--manifest-url-header <name:value...>", "headers to send with --manifest-url")
    .option("--file-check-frequency <time>", "how often the folder is read where no change is reported (20s)")
    .option("--http-check-frequency <time>", "how often the URL is asked (20s)")
    .option("--max-pods <count>", "how many pods the node takes (110)", wholeNumber("--max-pods", 1, 10_000))
    .option("--node-name <name>", "name of the node (default: the host's name in lower case)")
    .option("--node-labels <labels>", "labels to register with: key=value,key=value")
    .option("--register-with-taints <taints>", "taints to register with: key=value:Effect,…")
    .option("--root-dir <folder>", "where the node keeps its pods", ".everynode-kubelet")
    .option("--node-ip <address>", "address the node is reached at", "127.0.0.1")
    .option("--address <address>", "address the kubelet's own server listens on (the node's IP)")
    .option("--port <port>", "port of the kubelet's own server; 0 picks a free one (0)", port)
    .option("--container-runtime-endpoint <endpoint>", "what runs containers: process (process)")
    .action(async (options) => (await import("./kubelet.ts")).runKubelet(options));
}

function addNodeTools(program: Command): void {
  const root = "the kubelet's root folder, or the data folder of up (.everynode-kubelet, then .everynode)";
  program
    .command("ps")
    .description("list the containers on this node from its own files, with no API server")
    .option("--root-dir <folder>", root)
    .option("-a, --all", "those that have ended too")
    .option("-q, --quiet", "only their IDs")
    .option("--no-trunc", "whole IDs and commands")
    .action(async (options) => (await import("./ps.ts")).runPs(options));
  program
    .command("logs <pod>")
    .description("show a container's log from this node's own files, with no API server")
    .option("--root-dir <folder>", root)
    .option("-c, --container <name>", "which container, where the pod has several")
    .option("-n, --namespace <namespace>", "of the pod (default)")
    .option("-f, --follow", "go on while the container runs")
    .option("-p, --previous", "of the container that ran before")
    .option("--timestamps", "with the time of every line")
    .option("--tail <lines>", "only the last lines", wholeNumber("--tail", 0, 1_000_000_000))
    .option("--since <time>", "only what is younger, such as 10m")
    .action(async (pod, options) => (await import("./logs.ts")).runLogs(pod, options));
  program
    .command("lint <paths...>")
    .description("check manifests and manifest folders with no server; exit status 1 on findings")
    .addOption(
      new Option(
        "--as <what>",
        "a folder is checked as static pods, a file as manifests of any kind",
      ).choices(["static-pods", "manifests"]),
    )
    .option("--node-name <name>", "node that static pods are checked for (the host's name)")
    .action(async (paths, options) => (await import("./lint.ts")).runLint(paths, options));
}

function addHollowNodes(program: Command): void {
  withLogLevel(program.command("hollow-nodes"))
    .description("run many nodes whose containers are only imagined, against any Kubernetes API server")
    .requiredOption("--kubeconfig <file>", "the cluster to join, and as whom")
    .requiredOption("--count <count>", "how many nodes", wholeNumber("--count", 1, 100_000))
    .option("--name-prefix <prefix>", "what their names begin with; a number follows", "hollow-")
    .option("--node-ip <address>", "address they are reached at", "127.0.0.1")
    .option("--port <port>", "port they share; 0 picks a free one", port, 0)
    .option("--no-events", "write no events about their pods")
    .action(async (options) => (await import("./hollow-nodes.ts")).runHollowNodes(options));
}

const truth =
  (flag: string) =>
  (text: string): boolean => {
    if (text !== "true" && text !== "false")
      throw new Refusal(`cannot use ${flag} ${JSON.stringify(text)}: it is not true or false`, 2);
    return text === "true";
  };

/** Where a component without an API tells that it is alive. */
const withHealth = (command: Command): Command =>
  withLogLevel(command)
    .option("--bind-address <address>", "address to serve /healthz on", "127.0.0.1")
    .option(
      "--secure-port <port>",
      "port to serve /healthz on; 0 serves nothing",
      wholeNumber("--secure-port", 0, 65_535),
      0,
    );

function addApiServer(program: Command): void {
  withEtcd(withLogLevel(program.command("apiserver")))
    .description("run the API server and its store")
    .option("--data-dir <folder>", "where everything is kept", ".everynode")
    .option("--bind-address <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on; 0 picks a free one", port, 6443)
    .option("--secure-port <port>", "as --port, by upstream's name", wholeNumber("--secure-port", 0, 65_535))
    .option(
      "--kubeconfig <file>",
      "where to write an administrator's kubeconfig (default: kubeconfig in the data folder)",
    )
    .option(
      "--cert-dir <folder>",
      "certificates and keys of its own, shared by several API servers of one cluster (pki in the data folder)",
    )
    .option(
      "--max-requests-inflight <count>",
      "reads worked on at once; the sum of both limits is shared between levels of priority",
      wholeNumber("--max-requests-inflight", 1, 1_000_000),
      400,
    )
    .option(
      "--max-mutating-requests-inflight <count>",
      "writes worked on at once",
      wholeNumber("--max-mutating-requests-inflight", 1, 1_000_000),
      200,
    )
    .option("--client-ca-file <file>", "authority of clients' certificates; given, so must the next four be")
    .option("--tls-cert-file <file>", "certificate to serve with")
    .option("--tls-private-key-file <file>", "its key")
    .option("--kubelet-client-certificate <file>", "certificate to ask kubelets with")
    .option("--kubelet-client-key <file>", "its key")
    .addOption(
      new Option(
        "--enable-bootstrap-token-auth <true|false>",
        "believe the tokens by which machines join, where the five above are given",
      )
        .choices(["true", "false"])
        .default("false"),
    )
    .action(async (options) => (await import("./apiserver.ts")).runApiServer(options));
}

function addControllers(program: Command): void {
  withHealth(program.command("controller-manager"))
    .description("run the controllers against any Kubernetes API server")
    .requiredOption("--kubeconfig <file>", "the cluster to work on, and as whom")
    .option(
      "--leader-elect [true|false]",
      "work only while holding the Lease kube-system/kube-controller-manager",
      truth("--leader-elect"),
      false,
    )
    .option("--cluster-signing-cert-file <file>", "authority that signs approved certificate requests")
    .option("--cluster-signing-key-file <file>", "its key")
    .action(async (options) => (await import("./controller-manager.ts")).runControllerManager(options));
  withHealth(program.command("scheduler"))
    .description("run the scheduler against any Kubernetes API server")
    .requiredOption("--kubeconfig <file>", "the cluster to work on, and as whom")
    .option(
      "--leader-elect [true|false]",
      "work only while holding the Lease kube-system/kube-scheduler",
      truth("--leader-elect"),
      false,
    )
    .action(async (options) => (await import("./scheduler.ts")).runScheduler(options));
}

function addInit(program: Command): void {
  const ofPort = (flag: string) => wholeNumber(flag, 1, 65_535);
  withLogLevel(program.command("init"))
    .description("make this machine a cluster of its own, the control plane as static pods of its kubelet")
    .option("--data-dir <folder>", "where everything is kept", "/var/lib/everynode")
    .option("--advertise-address <address>", "address other machines reach this one at", "127.0.0.1")
    .option("--node-name <name>", "name of the node (default: the host's name in lower case)")
    .option("--apiserver-bind-port <port>", "of the API server", ofPort("--apiserver-bind-port"), 6443)
    .option("--controller-manager-port <port>", "of its health", ofPort("--controller-manager-port"), 10_257)
    .option("--scheduler-port <port>", "of its health", ofPort("--scheduler-port"), 10_259)
    .option("--kubelet-port <port>", "of the kubelet's server", ofPort("--kubelet-port"), 10_250)
    .option("--pod-manifest-path <folder>", "folder of static pods (manifests in the data folder)")
    .option("--token <token>", "by which machines join: abcdef.0123456789abcdef (a new one)")
    .option("--token-ttl <time>", "how long it serves; 0 for ever", "24h")
    .option("--timeout <time>", "how long to wait for the control plane", "4m")
    .option("--skip-phases <names>", "phases to leave out, with commas between them")
    .option("--ignore-preflight-errors <names>", "checks to pass over, with commas between them, or all")
    .option("--dry-run", "tell what would be done, and do nothing")
    .option("--foreground", "stay, start the kubelet again when it ends, and end it with this command")
    .option("--print-unit", "print a systemd unit that runs the kubelet, and do nothing else")
    .option("--etcd", "keep objects in etcd, the one on the PATH, as a static pod")
    .option(
      "--etcd-port <port>",
      "of etcd; the next is for its peers, and the one after for its health",
      wholeNumber("--etcd-port", 1, 65_533),
      2379,
    )
    .action(async (options) => (await import("./init.ts")).runInit(options));
}

function addJoin(program: Command): void {
  withLogLevel(program.command("join"))
    .description("make this machine a node of a cluster")
    .option("--server <url>", "of the cluster's API server, such as https://192.0.2.1:6443")
    .option("--token <token>", "that the cluster gave out: abcdef.0123456789abcdef")
    .option("--ca-hash <pin...>", "of the cluster's authority: sha256:…")
    .option("--discovery-token-ca-cert-hash <pin...>", "as --ca-hash, by kubeadm's name")
    .option("--discovery-token-unsafe-skip-ca-verification", "join without --ca-hash")
    .option("--data-dir <folder>", "where everything is kept", "/var/lib/everynode")
    .option("--node-name <name>", "name of the node (default: the host's name in lower case)")
    .option("--node-ip <address>", "address the node is reached at", "127.0.0.1")
    .option(
      "--kubelet-port <port>",
      "of the kubelet's server",
      wholeNumber("--kubelet-port", 1, 65_535),
      10_250,
    )
    .option("--pod-manifest-path <folder>", "folder of static pods (manifests in the data folder)")
    .option("--timeout <time>", "how long to wait for the certificate, and for the node", "4m")
    .option("--skip-phases <names>", "phases to leave out, with commas between them")
    .option("--ignore-preflight-errors <names>", "checks to pass over, with commas between them, or all")
    .option("--dry-run", "tell what would be done, and do nothing")
    .option("--foreground", "stay, start the kubelet again when it ends, and end it with this command")
    .option("--print-unit", "print a systemd unit that runs the kubelet, and do nothing else")
    .action(async (options) => (await import("./join.ts")).runJoin(options));
}

const withCluster = (command: Command): Command =>
  withLogLevel(command)
    .option("--kubeconfig <file>", "the cluster (default: admin.conf in the data folder, else as kubectl)")
    .option("--data-dir <folder>", "of this machine's control plane", "/var/lib/everynode");

function addToken(program: Command): void {
  const token = program.command("token").description("the tokens by which machines join");
  withCluster(token.command("create"))
    .description("make a token")
    .argument("[token]", "abcdef.0123456789abcdef (a new one)")
    .option("--ttl <time>", "how long it serves; 0 for ever", "24h")
    .option("--description <text>", "for people")
    .option("--print-join-command", "print the whole command by which a machine joins")
    .action(async (given, options) => (await import("./token.ts")).runTokenCreate(given, options));
  withCluster(token.command("list"))
    .description("list the tokens there are")
    .action(async (options) => (await import("./token.ts")).runTokenList(options));
  withCluster(token.command("delete"))
    .description("take tokens away")
    .argument("<tokens...>", "their IDs, or whole tokens")
    .action(async (ids, options) => (await import("./token.ts")).runTokenDelete(ids, options));
}

function addReset(program: Command): void {
  withLogLevel(program.command("reset"))
    .description("undo what init or join made on this machine: its kubelet, its pods, its files")
    .option("--data-dir <folder>", "where everything is kept", "/var/lib/everynode")
    .option("-f, --force", "ask nothing")
    .action(async (options) => (await import("./reset.ts")).runReset(options));
}

function addWhy(program: Command): void {
  withLogLevel(program.command("why"))
    .description("tell for each node whether a DaemonSet's pod is there, should be there, and why not")
    .argument("<daemonset>", "ds/NAME")
    .option("-n, --namespace <namespace>", "its namespace (default: the kubeconfig's)")
    .option("--node <name>", "only this node")
    .option("--kubeconfig <file>", "the cluster to ask (default: $KUBECONFIG, else ~/.kube/config)")
    .addOption(new Option("-o, --output <format>", "for programs").choices(["json"]))
    .action(async (target: string, options) => (await import("./why.ts")).runWhy(target, options));
}

/** The exit status: 0 done, 1 failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const program = new Command("everynode")
    .description("One of your pods on every node: a Kubernetes-compatible orchestrator for DaemonSets")
    .version(version)
    .exitOverride();
  addUp(program);
  addKubelet(program);
  addNodeTools(program);
  addHollowNodes(program);
  addApiServer(program);
  addControllers(program);
  addInit(program);
  addJoin(program);
  addReset(program);
  addToken(program);
  addWhy(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    if (thrown instanceof Refusal) {
      console.error(`everynode: ${thrown.message}`);
      return thrown.exitStatus;
    }
    console.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : wordsOf(thrown));
    return 1;
  }
}

tuneEngine();
// Who reads what we print may go first (a closed terminal, a pipe to head); the work goes on to its orderly end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
process.exitCode = await main(process.argv.slice(2));
// What a command has left running in the background must not keep its end from being one.
if (process.exitCode !== undefined) process.exit();
