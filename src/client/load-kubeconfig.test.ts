// Owns the tests of reading a kubeconfig with the files beside it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { realFiles } from "../world/real-files.ts";
import { loadKubeconfig } from "./load-kubeconfig.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

const text = `
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://h:1", certificate-authority: ca.crt}}]
users: [{name: u, user: {tokenFile: token}}]
`;

test("paths start at the file's own folder", async () => {
  await writeFile(join(folder, "config"), text);
  await writeFile(join(folder, "ca.crt"), "PEM\n");
  await writeFile(join(folder, "token"), "secret\n");
  expect(await loadKubeconfig(realFiles, join(folder, "config"))).toEqual({
    server: "https://h:1",
    ca: "PEM\n",
    token: "secret",
  });
});

test("a missing file is named, with the field that names it", async () => {
  const path = join(folder, "config");
  await expect(loadKubeconfig(realFiles, path)).rejects.toThrow(
    `cannot use kubeconfig ${path}: there is no such file`,
  );
  await writeFile(path, text);
  await expect(loadKubeconfig(realFiles, path)).rejects.toThrow(
    `cannot use kubeconfig ${path}: certificate-authority: there is no file ${join(folder, "ca.crt")}`,
  );
});
