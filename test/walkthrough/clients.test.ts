// Owns the walk of other people's clients through the API, unchanged: Python's, Ruby's and JavaScript's, each with the same errand.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, run } from "./harness.ts";

/** Makes a daemon set, lists, watches until its two pods are ready, labels it, reads a log, is refused, deletes it. */
const told = ["listed walker", "ready 2", "labelled b", "log hello", "refused 404", "deleted"];

const python = `
from kubernetes import client, config, watch
config.load_kube_config()
apps, core = client.AppsV1Api(), client.CoreV1Api()
container = client.V1Container(name="main", image="host", command=["sh", "-c", "echo hello; exec sleep 1000"])
template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels={"app": "NAME"}),
    spec=client.V1PodSpec(termination_grace_period_seconds=1, containers=[container]))
apps.create_namespaced_daemon_set("default", client.V1DaemonSet(metadata=client.V1ObjectMeta(name="NAME"),
    spec=client.V1DaemonSetSpec(selector=client.V1LabelSelector(match_labels={"app": "NAME"}), template=template)))
print("listed", " ".join(one.metadata.name for one in apps.list_namespaced_daemon_set("default").items))
watching = watch.Watch()
for event in watching.stream(apps.list_namespaced_daemon_set, "default", timeout_seconds=60):
    if event["object"].status.number_ready == 2:
        print("ready", 2)
        watching.stop()
print("labelled", apps.patch_namespaced_daemon_set("NAME", "default", {"metadata": {"labels": {"a": "b"}}}).metadata.labels["a"])
pod = core.list_namespaced_pod("default", label_selector="app=NAME").items[0]
print("log", core.read_namespaced_pod_log(pod.metadata.name, "default").strip())
try:
    core.read_namespaced_pod("none", "default")
except client.exceptions.ApiException as refused:
    print("refused", refused.status)
apps.delete_namespaced_daemon_set("NAME", "default", body=client.V1DeleteOptions(propagation_policy="Background"))
print("deleted")
`;

const ruby = `
require "kubeclient"
context = Kubeclient::Config.read(ENV["KUBECONFIG"]).context
options = { ssl_options: context.ssl_options, auth_options: context.auth_options }
core = Kubeclient::Client.new(context.api_endpoint, "v1", **options)
apps = Kubeclient::Client.new(context.api_endpoint + "/apis/apps", "v1", **options)
apps.create_daemon_set(Kubeclient::Resource.new(metadata: { name: "NAME", namespace: "default" }, spec: {
  selector: { matchLabels: { app: "NAME" } }, template: { metadata: { labels: { app: "NAME" } }, spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", image: "host", command: ["sh", "-c", "echo hello; exec sleep 1000"] }] } } }))
puts "listed " + apps.get_daemon_sets(namespace: "default").map { |one| one.metadata.name }.join(" ")
watcher = apps.watch_daemon_sets(namespace: "default", name: "NAME")
watcher.each do |notice|
  next unless notice.object.status.numberReady == 2
  puts "ready 2"
  watcher.finish
end
puts "labelled " + apps.patch_daemon_set("NAME", { metadata: { labels: { a: "b" } } }, "default").metadata.labels[:a]
pod = core.get_pods(namespace: "default", label_selector: "app=NAME").first
puts "log " + core.get_pod_log(pod.metadata.name, "default").to_s.strip
begin
  core.get_pod("none", "default")
rescue Kubeclient::ResourceNotFoundError => refused
  puts "refused #{refused.error_code}"
end
apps.delete_daemon_set("NAME", "default", delete_options: Kubeclient::Resource.new(propagationPolicy: "Background"))
puts "deleted"
`;

// The client's HTTP library is written for Node 22; older ones are lent what it asks for.
const javascript = `
import zlib from "node:zlib";
import workers from "node:worker_threads";
import { syncBuiltinESMExports } from "node:module";
zlib.createZstdDecompress ??= () => { throw new Error("this Node has no zstd"); };
workers.markAsUncloneable ??= () => undefined;
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
syncBuiltinESMExports();
const k8s = await import("CLIENT");
const config = new k8s.KubeConfig();
config.loadFromFile(process.env.KUBECONFIG);
const [apps, core] = [config.makeApiClient(k8s.AppsV1Api), config.makeApiClient(k8s.CoreV1Api)];
const [namespace, name] = ["default", "NAME"];
const containers = [{ name: "main", image: "host", command: ["sh", "-c", "echo hello; exec sleep 1000"] }];
const template = { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 1, containers } };
await apps.createNamespacedDaemonSet({ namespace, body: { metadata: { name }, spec: { selector: { matchLabels: { app: name } }, template } } });
console.log("listed", ...(await apps.listNamespacedDaemonSet({ namespace })).items.map((one) => one.metadata.name));
await new Promise((resolve, reject) => {
  const watching = new k8s.Watch(config).watch("/apis/apps/v1/namespaces/default/daemonsets", {}, (_type, one) => {
    if (one.status.numberReady !== 2) return;
    resolve();
    watching.then((request) => request.abort());
  }, (error) => (error ? reject(error) : resolve()));
});
console.log("ready 2");
const body = [{ op: "add", path: "/metadata/labels", value: { a: "b" } }];
console.log("labelled", (await apps.patchNamespacedDaemonSet({ namespace, name, body })).metadata.labels.a);
const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: "app=" + name })).items;
console.log("log", (await core.readNamespacedPodLog({ namespace, name: pod.metadata.name })).trim());
await core.readNamespacedPod({ namespace, name: "none" }).catch((refused) => console.log("refused", refused.code));
await apps.deleteNamespacedDaemonSet({ namespace, name, body: { propagationPolicy: "Background" } });
console.log("deleted");
process.exit(0);
`;

interface Client {
  readonly language: string;
  readonly command: string;
  readonly file: string;
  readonly text: string;
  /** Exits with 0 where the client is installed. */
  readonly probe: readonly string[];
}

const installed = import.meta.resolve("@kubernetes/client-node");
const clients: readonly Client[] = [
  {
    language: "python",
    command: "/usr/bin/python3",
    file: "walk.py",
    text: python,
    probe: ["-c", "import kubernetes"],
  },
  { language: "ruby", command: "ruby", file: "walk.rb", text: ruby, probe: ["-e", 'require "kubeclient"'] },
  {
    language: "javascript",
    command: process.execPath,
    file: "walk.mjs",
    text: javascript.replace("CLIENT", installed),
    probe: ["-v"],
  },
];

describe("clients", () => {
  const cluster = new Cluster("");
  beforeAll(async () => {
    // Of the nodes, the control plane takes no daemon pods without a toleration.
    await cluster.start("--workers", "2");
  });
  afterAll(() => cluster.stop());

  const here = clients.filter(({ command, probe }) => run(command, probe).code === 0);
  for (const { language } of clients.filter((client) => !here.includes(client)))
    it.skip(`${language}: skipped, for its client is not installed here`, () => undefined);

  it.each(here)("$language", ({ language, command, file, text }) => {
    const name = `by-${language}`;
    const path = join(cluster.folder, file);
    writeFileSync(path, text.replaceAll("NAME", name));
    const env = { KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder };
    const ran = run(command, [path], { env });
    expect(ran.out.trim().split("\n"), `${pathToFileURL(path).href}: ${ran.err}`).toEqual(
      told.map((line) => line.replace("walker", name)),
    );
  });
});
