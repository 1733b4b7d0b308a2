// Tests reading definitions from protobuf: bytes as upstream's own serializer wrote them, and the JSON it was given.
import { describe, expect, it } from "vitest";
import { readProtobuf } from "./protobuf-body.ts";

/** Written by apiextensions.k8s.io/v1 of Kubernetes 1.20, from the object below. */
const golden = [
  "azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEr4LCiIKEHRhYnMuZXhhbXBs",
  "ZS5jb20SABoAIgAqADIAOABCAHoAEtsKCgtleGFtcGxlLmNvbRoiCgR0YWJzEgN0YWIaAnRiIgNUYWIqB1RhYkxpc3QyA2FsbCIK",
  "TmFtZXNwYWNlZDrkCQoCdjEQARgBIqAJCp0JCgASACIFYSB0YWIqBm9iamVjdDIAOgBQAGAAegCQAQDqAfAICgRzcGVjEucICgAS",
  "ACIAKgZvYmplY3QyADoAUABgAHoAkAEAugEBbuoBMAoDYW55EikKABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQDyAQIIAagCALgC",
  "AMACAOoBegoDYXJyEnMKABIAIgAqBWFycmF5MgA6AFAAYAB6AJABAMIBTRIkCgASACIAKgZzdHJpbmcyADoAUABgAHoAkAEAqAIA",
  "uAIAwAIAEiUKABIAIgAqB2ludGVnZXIyADoAUABgAHoAkAEAqAIAuAIAwAIAqAIAuAIAwAIA6gFoCgRkZXBzEmAKABIAIgAqBm9i",
  "amVjdDIAOgBQAGAAegCQAQCCAgsKAWESBhIBYhIBY4ICKwoBZBImCiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDA",
  "AgCoAgC4AgDAAgDqAVcKBGRvY3MSTwoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAOIBHwoAEgAiACoAMgA6AFAAYAB6AXiQAQCo",
  "AgC4AgDAAgCaAgYKAWQSAXWoAgC4AgDAAgDqAXQKA2lvcxJtCgASACIAKgAyADoAUABgAHoAkAEA2gElCgASACIAKgdpbnRlZ2Vy",
  "MgA6AFAAYAB6AJABAKgCALgCAMACANoBJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAeoBkQEK",
  "BGxpc3QSiAEKABIAIgAqBWFycmF5MgA6AFAAYAB6AJABAMIBWApWCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEA6gEvCgFrEioK",
  "ABIAIgAqBnN0cmluZzIAOgBCBAoCIiJQAGAAegCQAQCoAgC4AgDAAgCoAgC4AgDAAgCoAgC4AgDAAgDKAgFr0gIDbWFw6gFWCgNt",
  "YXASTwoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAPIBKAgBEiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgG4AgDAAgCo",
  "AgC4AgDAAgDqAUEKAW4SPAoAEgAiACoHaW50ZWdlcjIAOgBCAwoBMEkAAAAAAAAlQFAAWQAAAAAAAPA/YAB6AJABAKgCALgCAMAC",
  "AOoBggEKBW5hbWVzEnkKABIAIgAqBWFycmF5MgA6AFAAYAB6AIABA5ABAMIBSgpICgASACIAKgZzdHJpbmcyADoAUABgAHoCXmGQ",
  "AQCiAQUKAyJhIqIBAwoBMaIBAKIBDgoMeyJiIjpbdHJ1ZV19qAIAuAIAwAIAqAIAuAIAwAIA0gIDc2V06gEvCgJubxIpCgASACIA",
  "KgZvYmplY3QyADoAUABgAHoAkAEA8gECCACoAgC4AgDAAgDqAS4KA3JhdxInCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEAqAIA",
  "sAIBuAIBwAIA6gE1CgR6ZXJvEi0KABIAIgAqBm51bWJlcjIAOgBQAFkAAAAAAAAAAGAAegCQAQCoAgC4AgDAAgCoAgC4AgDAAgCo",
  "AgC4AgDAAgAqGAoAEhQKBy5zcGVjLm4SCS5zdGF0dXMubjIbCgFOEgdpbnRlZ2VyGgAiACgBMgcuc3BlYy5uOABKMwoHV2ViaG9v",
  "axIoEiISA2FiYxobaHR0cHM6Ly9leGFtcGxlLmNvbS9jb252ZXJ0GgJ2MVAAGjoKIwoLRXN0YWJsaXNoZWQSBFRydWUaCAil+s2s",
  "BhAAIgFSKgFNEg8KBHRhYnMSACIDVGFiKgAaAnYxGgAiAA==",
].join("");

const definition: Record<string, unknown> = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "tabs.example.com",
  },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: {
      plural: "tabs",
      singular: "tab",
      kind: "Tab",
      listKind: "TabList",
      shortNames: ["tb"],
      categories: ["all"],
    },
    conversion: {
      strategy: "Webhook",
      webhook: {
        clientConfig: {
          url: "https://example.com/convert",
          caBundle: "YWJj",
        },
        conversionReviewVersions: ["v1"],
      },
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.n",
            statusReplicasPath: ".status.n",
          },
        },
        additionalPrinterColumns: [
          {
            name: "N",
            type: "integer",
            jsonPath: ".spec.n",
            priority: 1,
          },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: "a tab",
            properties: {
              spec: {
                type: "object",
                required: ["n"],
                properties: {
                  n: {
                    type: "integer",
                    minimum: 1,
                    maximum: 10.5,
                    default: 0,
                  },
                  zero: {
                    type: "number",
                    minimum: 0,
                  },
                  names: {
                    type: "array",
                    maxItems: 3,
                    items: {
                      type: "string",
                      pattern: "^a",
                      enum: [
                        "a",
                        1,
                        null,
                        {
                          b: [true],
                        },
                      ],
                    },
                    "x-kubernetes-list-type": "set",
                  },
                  map: {
                    type: "object",
                    additionalProperties: {
                      type: "string",
                      nullable: true,
                    },
                  },
                  any: {
                    type: "object",
                    additionalProperties: true,
                  },
                  no: {
                    type: "object",
                    additionalProperties: false,
                  },
                  ios: {
                    "x-kubernetes-int-or-string": true,
                    anyOf: [
                      {
                        type: "integer",
                      },
                      {
                        type: "string",
                      },
                    ],
                  },
                  raw: {
                    type: "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                    "x-kubernetes-embedded-resource": true,
                  },
                  list: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    items: {
                      type: "object",
                      properties: {
                        k: {
                          type: "string",
                          default: "",
                        },
                      },
                    },
                  },
                  deps: {
                    type: "object",
                    dependencies: {
                      a: ["b", "c"],
                      d: {
                        type: "string",
                      },
                    },
                  },
                  arr: {
                    type: "array",
                    items: [
                      {
                        type: "string",
                      },
                      {
                        type: "integer",
                      },
                    ],
                  },
                  docs: {
                    type: "string",
                    externalDocs: {
                      description: "d",
                      url: "u",
                    },
                    not: {
                      pattern: "x",
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
  status: {
    storedVersions: ["v1"],
    conditions: [
      {
        type: "Established",
        status: "True",
        lastTransitionTime: "2024-01-02T03:04:05Z",
        reason: "R",
        message: "M",
      },
    ],
    acceptedNames: {
      plural: "tabs",
      kind: "Tab",
    },
  },
};

describe("readProtobuf of a CustomResourceDefinition", () => {
  it("reads what upstream writes as the JSON it wrote it from", () => {
    const read = readProtobuf(Buffer.from(golden, "base64"));
    expect(read).toEqual({ is: "read", value: definition, unknown: [] });
  });

  it("answers, wherever it is cut off", () => {
    const bytes = Buffer.from(golden, "base64");
    for (let length = 5; length < bytes.length; length += 97)
      expect(["malformed", "read"]).toContain(readProtobuf(bytes.subarray(0, length)).is);
  });
});
