// Owns the proof of what the cluster's signers sign and of whom they ask nobody.
import { describe, expect, test } from "vitest";
import { joiners } from "./bootstrap-token.ts";
import { selfApproval, signers, verdictOf, type SignerRequest } from "./signer.ts";

const ask = {
  commonName: "system:node:boat",
  organizations: ["system:nodes"],
  otherSubject: [],
  dnsNames: [] as string[],
  ipAddresses: [] as string[],
  emails: [] as string[],
  uris: [] as string[],
};
const client = (more: Partial<SignerRequest> = {}, name: Partial<typeof ask> = {}): SignerRequest => ({
  signerName: signers.kubeletClient,
  usages: ["digital signature", "client auth"],
  ask: { ...ask, ...name },
  ...more,
});
const serving = (name: Partial<typeof ask>, usages = ["digital signature", "server auth"]) =>
  client({ signerName: signers.kubeletServing, usages }, name);

describe("what is signed", () => {
  test.each<[string, SignerRequest, string]>([
    ["a kubelet's client certificate", client(), "signs"],
    ["one with key encipherment", client({ usages: ["client auth", "key encipherment"] }), "signs"],
    ["one to serve with", client({ usages: ["client auth", "server auth"] }), "refuses"],
    ["one for nothing", client({ usages: ["digital signature"] }), "refuses"],
    ["another group", client({}, { organizations: ["system:masters"] }), "refuses"],
    ["one group more", client({}, { organizations: ["system:nodes", "system:masters"] }), "refuses"],
    ["no node's name", client({}, { commonName: "jane" }), "refuses"],
    ["the prefix alone", client({}, { commonName: "system:node:" }), "refuses"],
    ["a name beside", client({}, { dnsNames: ["boat"] }), "refuses"],
    ["a kubelet's serving certificate", serving({ dnsNames: ["boat"] }), "signs"],
    ["one for an address", serving({ ipAddresses: ["7f000001"] }), "signs"],
    ["one that serves nothing", serving({}), "refuses"],
    ["one with an email", serving({ dnsNames: ["boat"], emails: ["a@b"] }), "refuses"],
    ["one that calls", serving({ dnsNames: ["boat"] }, ["client auth"]), "refuses"],
    [
      "a user's",
      client({ signerName: signers.client, usages: ["client auth"] }, { commonName: "jane" }),
      "signs",
    ],
    ["a user's to serve", client({ signerName: signers.client, usages: ["server auth"] }), "refuses"],
    ["somebody else's", client({ signerName: "example.com/x" }), "another's"],
  ])("%s: %s", (_name, request, expected) => {
    expect(verdictOf(request).is).toBe(expected);
  });
});

describe("what needs no person", () => {
  const bearer = { username: "system:bootstrap:abcdef", groups: ["system:bootstrappers", joiners] };
  const boat = { username: "system:node:boat", groups: ["system:nodes"] };
  test.each([
    ["a joining machine", bearer, client(), true],
    ["a token of no group that may", { ...bearer, groups: ["system:bootstrappers"] }, client(), false],
    ["a person in that group", { ...bearer, username: "jane" }, client(), false],
    ["a node for itself", boat, client(), true],
    ["a node for another", { ...boat, username: "system:node:ship" }, client(), false],
    ["a node's serving certificate", boat, serving({ dnsNames: ["boat"] }), false],
    ["a machine that asks too much", bearer, client({}, { organizations: ["system:masters"] }), false],
    ["an administrator", { username: "admin", groups: ["system:masters"] }, client(), false],
  ])("%s: %s", (_name, requester, request, expected) => {
    expect(selfApproval(requester, request) !== undefined).toBe(expected);
  });
});
