// Owns the table of wishes and what each kind of machine makes of them.
import { describe, expect, test } from "vitest";
import { plainContainer, plainSandbox } from "../plain-configs.fixture.ts";
import type { ContainerSecurity } from "../runtime.ts";
import type { Abilities } from "./abilities.ts";
import { isolationOf, refuseUnknowable } from "./isolation.ts";

const names = [
  "unshare",
  "nsenter",
  "setpriv",
  "mount",
  "umount",
  "pivot_root",
  "mkdir",
  "cp",
  "env",
  "hostname",
];
const tools = Object.fromEntries(names.map((name) => [name, `/bin/${name}`]));
const asRoot: Abilities = { root: true, uid: 0, tools, namespaces: "as-root", privileges: true, missing: [] };
const asUser: Abilities = { ...asRoot, root: false, uid: 1000, namespaces: "as-user", privileges: false };
const bare: Abilities = { ...asUser, namespaces: "none" };
const bareRoot: Abilities = { ...bare, root: true, uid: 0 };

const config = { ...plainContainer, image: "agent", command: ["agent"] };
const { security } = config;
const pod = plainSandbox("p", "/logs");
const accounts = { groupOf: () => Promise.resolve(77) };
const of = (abilities: Abilities, wishes: Partial<ContainerSecurity> = {}, sandbox = pod) =>
  isolationOf(sandbox, { ...config, security: { ...security, ...wishes } }, abilities, accounts);

describe("rights", () => {
  const usual =
    "chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";
  test.each([
    {
      name: "root by default",
      abilities: asRoot,
      wishes: {},
      expected: [`--bounding-set=-all,+${usual}`, "--inh-caps=-all"],
    },
    { name: "privileged", abilities: asRoot, wishes: { privileged: true }, expected: undefined },
    {
      name: "all dropped but one",
      abilities: asRoot,
      wishes: { dropCapabilities: ["ALL"], addCapabilities: ["CAP_SYS_TIME"] },
      expected: ["--bounding-set=-all,+sys_time", "--inh-caps=-all"],
    },
    {
      name: "all added",
      abilities: asRoot,
      wishes: { addCapabilities: ["ALL"] },
      expected: ["--bounding-set=-all,+all", "--inh-caps=-all"],
    },
    {
      name: "a user has its own group",
      abilities: asRoot,
      wishes: { runAsUser: 5, privileged: true },
      expected: ["--reuid=5", "--regid=77", "--clear-groups"],
    },
    {
      name: "an ordinary user",
      abilities: asUser,
      wishes: {},
      expected: ["--ambient-caps=-all", "--inh-caps=-all"],
    },
    { name: "a bare machine", abilities: bare, wishes: {}, expected: undefined },
    { name: "its own user is no change", abilities: bare, wishes: { runAsUser: 1000 }, expected: undefined },
    {
      name: "no new privileges",
      abilities: bare,
      wishes: { noNewPrivileges: true },
      expected: ["--no-new-privs"],
    },
  ])("$name", async ({ abilities, wishes, expected }) => {
    const { privileges } = await of(abilities, wishes);
    expect(privileges).toEqual(expected === undefined ? [] : ["/bin/setpriv", ...expected, "--"]);
  });

  test.each([
    { abilities: asUser, wishes: { runAsUser: 5 }, field: "runAsUser 5" },
    { abilities: asUser, wishes: { runAsGroup: 5 }, field: "runAsGroup 5" },
    { abilities: asUser, wishes: { supplementalGroups: [5] }, field: "supplementalGroups" },
    { abilities: asUser, wishes: { privileged: true }, field: "privileged" },
    { abilities: asUser, wishes: { addCapabilities: ["KILL"] }, field: "capabilities.add" },
    { abilities: bareRoot, wishes: { dropCapabilities: ["KILL"] }, field: "capabilities.drop" },
    { abilities: bare, wishes: { readonlyRootFilesystem: true }, field: "readOnlyRootFilesystem" },
  ])("refused where not permitted: $field", async ({ abilities, wishes, field }) => {
    await expect(of(abilities, wishes)).rejects.toMatchObject({
      reason: "CreateContainerError",
      message: expect.stringContaining(`cannot create container main: securityContext.${field}`),
    });
  });
});

describe("a container that must not be root", () => {
  test.each([
    { name: "refused as root", abilities: asRoot, wishes: {}, ok: false },
    { name: "refused as user 0", abilities: asRoot, wishes: { runAsUser: 0 }, ok: false },
    { name: "another user will do", abilities: asRoot, wishes: { runAsUser: 5 }, ok: true },
    { name: "as will that of an ordinary runtime", abilities: asUser, wishes: {}, ok: true },
  ])("$name", async ({ abilities, wishes, ok }) => {
    const made = of(abilities, { ...wishes, mustNotBeRoot: true });
    if (ok) await expect(made).resolves.toBeDefined();
    else
      await expect(made).rejects.toMatchObject({
        reason: "CreateContainerConfigError",
        message: expect.stringContaining("container has runAsNonRoot and image will run as root"),
      });
  });
});

describe("namespaces", () => {
  test.each([
    { name: "root", abilities: asRoot, sandbox: pod, ownPids: true, user: false, hostname: "p" },
    { name: "an ordinary user", abilities: asUser, sandbox: pod, ownPids: true, user: true, hostname: "p" },
    {
      name: "the host's processes",
      abilities: asRoot,
      sandbox: { ...pod, hostPid: true },
      ownPids: false,
      user: false,
      hostname: "p",
    },
    {
      name: "the host's network has the host's name",
      abilities: asRoot,
      sandbox: { ...pod, hostNetwork: true },
      ownPids: true,
      user: false,
      hostname: undefined,
    },
  ])("$name", async ({ abilities, sandbox, ownPids, user, hostname }) => {
    const { namespaces } = await of(abilities, {}, sandbox);
    expect(namespaces?.unshare.includes("--pid")).toBe(ownPids);
    expect(namespaces?.unshare.includes("--user")).toBe(user);
    expect(namespaces?.hostname).toBe(hostname);
  });
  test("none on a bare machine", async () => expect((await of(bare)).namespaces).toBeUndefined());
});

test.each([
  { changes: { workingDir: "relative" }, words: 'workingDir "relative"' },
  {
    changes: { mounts: [{ hostPath: "/a", containerPath: "/b/../c", readonly: false }] },
    words: 'mountPath "/b/../c"',
  },
  { changes: { mounts: [{ hostPath: "/a", containerPath: "/", readonly: false }] }, words: 'mountPath "/"' },
  {
    changes: { security: { ...security, confinement: ["seccompProfile RuntimeDefault"] } },
    words: "securityContext.seccompProfile RuntimeDefault",
  },
  {
    changes: { security: { ...security, confinement: ["appArmorProfile Localhost mine"] } },
    words: "securityContext.appArmorProfile Localhost mine",
  },
])("no machine honours $words", ({ changes, words }) => {
  expect(() => refuseUnknowable({ ...config, ...changes })).toThrow(words);
});
