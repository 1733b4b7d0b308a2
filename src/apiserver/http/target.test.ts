// Owns the tables of the targets that were once a watch's, and of dry runs asked for several times.
import { expect, it } from "vitest";
import { readTarget } from "./target.ts";

const none = undefined;
it.each([
  ["/api/v1/watch/pods", "/api/v1/pods", "true", none],
  ["/api/v1/watch/namespaces/x/pods", "/api/v1/namespaces/x/pods", "true", none],
  ["/api/v1/watch/namespaces/x/pods/p", "/api/v1/namespaces/x/pods", "true", "metadata.name=p"],
  ["/api/v1/watch/nodes/n?fieldSelector=a%3Db", "/api/v1/nodes", "true", "a=b,metadata.name=n"],
  ["/apis/apps/v1/watch/daemonsets?watch=0", "/apis/apps/v1/daemonsets", "true", none],
  ["/api/v1/watch/namespaces", "/api/v1/namespaces", "true", none],
  ["/api/v1/watch/namespaces/x", "/api/v1/namespaces", "true", "metadata.name=x"],
  ["/api/v1/watch/namespaces/x/pods/p/status", "/api/v1/watch/namespaces/x/pods/p/status", none, none],
  ["/api/v1/namespaces/watch/pods", "/api/v1/namespaces/watch/pods", none, none],
  ["/api/v1/namespaces/x/pods/p?watch=1", "/api/v1/namespaces/x/pods/p", none, none],
  ["/api/v1/namespaces/x/pods?watch=1", "/api/v1/namespaces/x/pods", "1", none],
])("%s", (target, path, watch, fieldSelector) => {
  const read = readTarget(target);
  expect([read?.path, read?.query["watch"], read?.query["fieldSelector"]]).toEqual([
    path,
    watch,
    fieldSelector,
  ]);
});

it.each([
  ["dryRun=All&limit=1", "All"],
  ["dryRun=&dryRun=All", "All"],
  ["dryRun=All&dryRun=", "All"],
  ["dryRun=All&dryRun=Some", "Some"],
  ["dryRun=Some&dryRun=All", "Some"],
  ["dryRun=", ""],
])("of %s counts %j", (search, dryRun) => {
  expect(readTarget(`/api/v1/namespaces?${search}`)?.query["dryRun"]).toBe(dryRun);
});
