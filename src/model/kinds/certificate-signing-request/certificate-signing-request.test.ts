// Owns the proof of the CertificateSigningRequest's rules.
import { describe, expect, test } from "vitest";
import { nodeRequest } from "../../certificate-request.fixture.ts";
import type { CertificateSigningRequest } from "../../generated/types.ts";
import { received, shown, stored } from "../kinds.fixture.ts";
import { certificateSigningRequest as kind } from "./certificate-signing-request.ts";

const spec = {
  request: nodeRequest,
  signerName: "kubernetes.io/kube-apiserver-client",
  usages: ["client auth"],
};
const body = (more: object = {}, status?: object) => ({
  metadata: { name: "x" },
  spec: { ...spec, ...more },
  ...(status === undefined ? {} : { status }),
});
const condition = (type: string, more: object = {}) => ({ type, status: "True", ...more });
const withStatus = (...conditions: object[]): CertificateSigningRequest => ({
  ...stored(kind, body()),
  status: received(kind, body({}, { conditions })).status,
});

describe("what may be asked", () => {
  test.each<[string, object, string[]]>([
    ["a good one", body(), []],
    ["ten minutes", body({ expirationSeconds: 600 }), []],
    [
      "less",
      body({ expirationSeconds: 599 }),
      [
        "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
      ],
    ],
    ["no request", body({ request: "" }), ["spec.request: Required value"]],
    ["no usages", body({ usages: [] }), ["spec.usages: Required value: usages must be non-empty"]],
    ["a usage twice", body({ usages: ["any", "any"] }), ['spec.usages[1]: Duplicate value: "any"']],
    [
      "the signer of old",
      body({ signerName: "kubernetes.io/legacy-unknown" }),
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    ["a signer of many parts", body({ signerName: "example.com/a.b/c" }), []],
    [
      "a condition that is false",
      body({}, { conditions: [condition("Approved", { status: "False" })] }),
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      "both decisions",
      body({}, { conditions: [condition("Approved"), condition("Denied")] }),
      ['status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'],
    ],
    [
      "one decision twice",
      body({}, { conditions: [condition("Approved"), condition("Approved")] }),
      ['status.conditions[1].type: Duplicate value: "Approved"'],
    ],
  ])("%s", (_name, given, faults) => {
    expect(shown(kind.validate(received(kind, given)))).toEqual(faults);
  });

  test("what is no request, a usage there is not, a signer without a domain", () => {
    const faults = shown(
      kind.validate(received(kind, body({ request: "aGk=", usages: ["tea"], signerName: "me" }))),
    ).map((fault) => fault.split(":", 2).join(":"));
    expect(faults).toEqual([
      "spec.request: Invalid value",
      "spec.usages[0]: Unsupported value",
      "spec.signerName: Invalid value",
    ]);
  });
});

describe("who writes what", () => {
  test("the asker is whom the server knows, whatever the body says", () => {
    const draft = received(
      kind,
      body({ username: "root", groups: ["system:masters"], uid: "0", extra: { a: ["b"] } }),
    );
    kind.stampCaller?.(draft, { name: "jane", groups: ["crew"] });
    expect(draft.spec).toEqual({ ...spec, username: "jane", groups: ["crew"] });
  });

  test("a body without its spec is left to be refused", () => {
    const { spec: _spec, ...bare } = received(kind, body({}));
    // What comes from outside may lack what the type requires.
    const draft = bare as ReturnType<typeof received<CertificateSigningRequest>>;
    kind.stampCaller?.(draft, { name: "jane", groups: [] });
    expect(draft).not.toHaveProperty("spec");
  });

  test("a new one is undecided", () => {
    expect(
      stored(kind, body({}, { conditions: [condition("Approved")], certificate: "aGk=" })).status,
    ).toEqual({});
  });

  test("its wishes do not change", () => {
    const old = stored(kind, body());
    const draft = received(kind, body({ signerName: "example.com/other" }));
    kind.prepareUpdate?.(draft, old);
    expect(draft.spec).toEqual(old.spec);
  });

  test("a signer decides nothing", () => {
    const draft = received(
      kind,
      body({}, { conditions: [condition("Approved"), condition("Failed")], certificate: "aGk=" }),
    );
    kind.prepareStatus?.(draft, stored(kind, body()));
    expect(draft.status).toEqual({ conditions: [condition("Failed")], certificate: "aGk=" });
    const approved = withStatus(condition("Approved"));
    const emptied = received(kind, body({}, { conditions: [] }));
    kind.prepareStatus?.(emptied, approved);
    expect(emptied.status).toEqual({ conditions: [condition("Approved")] });
  });

  test("who decides does not sign", () => {
    const draft = received(kind, body({}, { conditions: [condition("Approved")], certificate: "aGk=" }));
    kind.prepareApproval?.(draft, stored(kind, body()));
    expect(draft.status).toEqual({ conditions: [condition("Approved")] });
  });

  test.each<[string, CertificateSigningRequest, CertificateSigningRequest, string[]]>([
    [
      "a decision stays",
      withStatus(condition("Denied")),
      withStatus(),
      ['status.conditions: Forbidden: updates may not remove a condition of type "Denied"'],
    ],
    [
      "a certificate stays",
      { ...withStatus(), status: { certificate: "aGk=" } },
      { ...withStatus(), status: { certificate: "eW8=" } },
      ["status.certificate: Forbidden: updates may not set or modify an issued certificate"],
    ],
    ["one may come", withStatus(condition("Approved")), { ...withStatus(condition("Approved")) }, []],
  ])("%s", (_name, old, next, faults) => {
    expect(shown(kind.validateUpdate(next, old))).toEqual(faults);
  });
});

test.each<[string, CertificateSigningRequest, string]>([
  ["undecided", withStatus(), "Pending"],
  ["approved", withStatus(condition("Approved")), "Approved"],
  ["denied", withStatus(condition("Denied")), "Denied"],
  ["failed", withStatus(condition("Approved"), condition("Failed")), "Approved,Failed"],
  [
    "signed",
    {
      ...withStatus(),
      status: { conditions: [condition("Approved")], certificate: "aGk=" },
    },
    "Approved,Issued",
  ],
])("kubectl shows %s as %s", (_name, request, expected) => {
  const row = kind.row(request, Date.UTC(2026, 0, 1, 0, 1));
  expect(row).toEqual(["x", "60s", "kubernetes.io/kube-apiserver-client", "", "<none>", expected]);
});
