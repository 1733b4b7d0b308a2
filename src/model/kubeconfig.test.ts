// Owns the tests of kubeconfig files.
import { describe, expect, test } from "vitest";
import { parseKubeconfig, writeKubeconfig, type ClusterAccess } from "./kubeconfig.ts";

const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const base64 = (text: string) => Buffer.from(text).toString("base64");

const file = (cluster: string, user = "token: secret") => `
apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster: {${cluster}}
users:
- name: u
  user: {${user}}
contexts:
- name: here
  context: {cluster: c, user: u, namespace: shop}
- name: there
  context: {cluster: d, user: u}
`;
const server = "server: 'https://127.0.0.1:6443'";

describe("reading", () => {
  test("the current context, with paths and values", () => {
    const text = file(
      `${server}, certificate-authority: pki/ca.crt, tls-server-name: kubernetes`,
      `client-certificate-data: ${base64(pem("CERTIFICATE"))}, client-certificate: ignored, client-key: /k.pem`,
    );
    expect(parseKubeconfig(text, "K")).toEqual({
      server: "https://127.0.0.1:6443",
      ca: { path: "pki/ca.crt" },
      serverName: "kubernetes",
      cert: { text: pem("CERTIFICATE") },
      key: { path: "/k.pem" },
      namespace: "shop",
    });
  });

  test("JSON too", () => {
    const json = JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: "http://localhost:1" } }],
    });
    expect(parseKubeconfig(json, "K")).toEqual({ server: "http://localhost:1" });
  });

  const faults: [string, string, string | undefined, string][] = [
    ["no YAML", "a: [", undefined, "cannot use kubeconfig K: line "],
    ["no map", "- a", undefined, "cannot use kubeconfig K: it must be a map"],
    ["empty", "", undefined, "current-context: it is not set; name a context"],
    [
      "unknown context",
      file(server),
      "away",
      'contexts: there is no context named "away"; there is here, there',
    ],
    ["unknown cluster", file(server), "there", 'clusters: there is no cluster named "d"; there is c'],
    ["no server", file(""), undefined, "clusters[0].cluster.server: it is missing"],
    [
      "no URL",
      file("server: here"),
      undefined,
      'clusters[0].cluster.server: it must be an http or https URL, not "here"',
    ],
    ["no string", file("server: 7"), undefined, "clusters[0].cluster.server: it must be a string, not 7"],
    [
      "no base64",
      file(`${server}, certificate-authority-data: '%%%'`),
      undefined,
      "clusters[0].cluster.certificate-authority-data: it is not base64",
    ],
    [
      "base64 of something else",
      file(`${server}, certificate-authority-data: ${base64("hello")}`),
      undefined,
      "clusters[0].cluster.certificate-authority-data: it is not the base64 of a PEM text",
    ],
    [
      "a certificate without key",
      file(server, "client-certificate: c"),
      undefined,
      "users[0].user.client-key: it is missing",
    ],
    [
      "a key without certificate",
      file(server, "client-key: c"),
      undefined,
      "users[0].user.client-certificate: it is missing",
    ],
    ["a plugin", file(server, "exec: {command: aws}"), undefined, "users[0].user.exec: it is not supported"],
    [
      "a word for a flag",
      file(`${server}, insecure-skip-tls-verify: 'maybe'`),
      undefined,
      "insecure-skip-tls-verify: it must be true or false",
    ],
  ];
  test.each(faults)("%s", (_, text, context, message) => {
    expect(() => parseKubeconfig(text, "K", context)).toThrow(message);
  });
});

test("what is written is read again", () => {
  const access: ClusterAccess = {
    server: "https://127.0.0.1:6443",
    ca: pem("CERTIFICATE"),
    cert: pem("CERTIFICATE"),
    key: pem("PRIVATE KEY"),
    token: "0123",
    serverName: "kubernetes",
    insecureSkipVerify: true,
    namespace: "shop",
  };
  const read = parseKubeconfig(writeKubeconfig(access, "everynode", "admin"), "K");
  const text = (value: string | undefined) => ({ text: value });
  expect(read).toEqual({
    ...access,
    ca: text(access.ca),
    cert: text(access.cert),
    key: text(access.key),
    token: text(access.token),
  });
});
