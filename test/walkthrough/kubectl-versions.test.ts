// Owns the walk of every kubectl on this machine through one table of commands: what one version can, each can that has the command.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, kubectls, run, withKubectl } from "./harness.ts";

withKubectl();

const minorOf = (path: string): number =>
  Number(/"minor":\s*"(\d+)/.exec(run(path, ["version", "--client", "-o", "json"]).out)?.[1] ?? 0);
/** One of each version. */
const versions = [...new Map(kubectls().map((path) => [minorOf(path), path]))].map(([minor, path]) => ({
  minor,
  path,
}));

const agent = (more = ""): string => `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
${more}
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: main, image: host, command: [sleep, "1000"] }]
`;

// A Deployment whose kind was changed and nothing else.
const recast = agent("  replicas: 1\n  progressDeadlineSeconds: 600\n  strategy: { type: RollingUpdate }");

interface Row {
  /** As typed; FOLDER is where the manifests are. */
  readonly type: string;
  /** What is printed, on either stream. */
  readonly shows: RegExp;
  readonly fails?: true;
  /** The first version that has the command. */
  readonly since?: number;
}

const rows: readonly Row[] = [
  { type: "create configmap c --from-literal=a=b", shows: /configmap\/c created/ },
  { type: "create secret generic s --from-literal=a=b", shows: /secret\/s created/ },
  { type: "create serviceaccount robot", shows: /serviceaccount\/robot created/ },
  { type: "create token robot", shows: /^ey[\w-]+\.[\w-]+\.[\w-]+$/m, since: 24 },
  {
    type: "create token robot --duration=1m",
    shows: /may not specify a duration less than 10 minutes/,
    fails: true,
    since: 24,
  },
  { type: "auth can-i delete pods", shows: /^yes$/m },
  { type: "auth can-i --list", shows: /\*\.\*/ },
  { type: "auth whoami", shows: /kubernetes-admin/, since: 27 },
  { type: "create configmap c --from-literal=a=b", shows: /AlreadyExists|already exists/, fails: true },
  { type: 'patch configmap c -p \'{"data":{"b":"c"}}\'', shows: /patched/ },
  { type: "get configmap c -o jsonpath='{.data}'", shows: /"b":"c"/ },
  {
    type: "apply -f FOLDER/recast.yaml",
    shows: /unknown field "(?:spec\.)?progressDeadlineSeconds"[^]*replicas[^]*strategy/,
    fails: true,
  },
  { type: "apply -f FOLDER/recast.yaml --validate=false", shows: /daemonset\.apps\/agent created/ },
  { type: "apply -f FOLDER/agent.yaml", shows: /daemonset\.apps\/agent (?:unchanged|configured)/ },
  { type: "rollout status ds/agent --timeout=60s", shows: /successfully rolled out/ },
  { type: "get ds,pods", shows: /daemonset\.apps\/agent\s+1\s+1\s+1[^]*pod\/agent-/ },
  { type: "diff -f FOLDER/changed.yaml", shows: /minReadySeconds: 1/, fails: true },
  { type: "apply --server-side --force-conflicts -f FOLDER/changed.yaml", shows: /serverside-applied/ },
  { type: "explain ds.spec.updateStrategy", shows: /rollingUpdate/ },
  { type: "describe ds agent", shows: /Desired Number of Nodes Scheduled: 1/ },
  { type: "get --raw /api/v1/watch/namespaces/NS/configmaps?timeoutSeconds=1", shows: /"type":"ADDED"/ },
  { type: "get nodes --chunk-size=1 -o name", shows: /node\/control-plane\nnode\/worker-1/ },
  { type: "api-resources", shows: /daemonsets\s+ds/ },
  { type: "events", shows: /SuccessfulCreate/, since: 26 },
  { type: "delete ds/agent cm/c --wait=false", shows: /"agent" deleted[^]*"c" deleted/ },
];

describe.skipIf(versions.length === 0)("one table of commands", () => {
  const cluster = new Cluster(versions.at(-1)?.path ?? "");
  beforeAll(async () => {
    await cluster.start("--workers", "1");
    for (const [name, text] of [
      ["agent", agent()],
      ["changed", agent("  minReadySeconds: 1")],
      ["recast", recast],
    ] as const)
      writeFileSync(join(cluster.folder, `${name}.yaml`), text);
  });
  afterAll(() => cluster.stop());

  it.each(versions)("1.$minor ($path)", ({ path, minor }) => {
    cluster.kubectlPath = path;
    const namespace = `by-${minor}-${versions.findIndex((one) => one.path === path)}`;
    cluster.ok(`create namespace ${namespace}`);
    const wrong = rows
      .filter(({ since = 0 }) => minor >= since)
      .flatMap(({ type, shows, fails }) => {
        const typed = type.replaceAll("FOLDER", cluster.folder).replace("NS", namespace);
        const { code, out, err } = cluster.kubectl(`-n ${namespace} ${typed}`);
        const isRight = (code !== 0) === (fails === true) && shows.test(out + err);
        return isRight ? [] : [`${type}: exit ${code}: ${out}${err}`];
      });
    expect(wrong).toEqual([]);
    cluster.ok(`delete namespace ${namespace} --wait=false`);
  });
});
