// Owns bytes that upstream's own programs made, for tests: facts, against which ours are held.

/** Bodies that kubectl 1.33 sent. */
export const bodies: readonly { readonly path: string; readonly bytes: string }[] = [
  {
    path: "/apis/apps/v1/namespaces/default/deployments",
    bytes:
      "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EroBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEogBCAMSDAoKCgNhcHASA3dlYhpuChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEk4SMAoFbmdpbngSB25naW54OjEqADIKCgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==",
  },
  {
    path: "/api/v1/namespaces/default/configmaps",
    bytes: "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiMKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESATESBgoBYhIBMhoAIgA=",
  },
  {
    path: "/api/v1/namespaces/default/secrets",
    bytes: "azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWsSAXYaABoAIgA=",
  },
  {
    path: "/apis/batch/v1/namespaces/default/jobs",
    bytes:
      "azhzAAoPCghiYXRjaC92MRIDSm9iEpIBChEKAWoSABoAIgAqADIAOABCABJzMnEKEAoAEgAaACIAKgAyADgAQgASXRI6CgFqEgFpGgJzaBoCLWMaBHRydWUaEC0tdmFsaWRhdGU9ZmFsc2UqAEIAagByAIABAIgBAJABAKIBABoFTmV2ZXIyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBABoIIAAoADAAOgAaACIA",
  },
  {
    path: "/apis/batch/v1/namespaces/default/cronjobs",
    bytes:
      "azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKpAQoSCgJjahIAGgAiACoAMgA4AEIAEpABCgMqLzUaACqGAQoSCgJjahIAGgAiACoAMgA4AEIAEnAybgoQCgASABoAIgAqADIAOABCABJaEjMKAmNqEgFpGgRkYXRlGhAtLXZhbGlkYXRlPWZhbHNlKgBCAGoAcgCAAQCIAQCQAQCiAQAaCU9uRmFpbHVyZTIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAGgAaACIA",
  },
  {
    path: "/api/v1/namespaces/default/serviceaccounts",
    bytes: "azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSFAoSCgJzYRIAGgAiACoAMgA4AEIAGgAiAA==",
  },
  {
    path: "/api/v1/namespaces/default/resourcequotas",
    bytes:
      "azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRI4ChEKAXESABoAIgAqADIAOABCABIhCg4KA2NwdRIHCgUxNTAwbQoPCgZtZW1vcnkSBQoDMkdpGgAaACIA",
  },
  {
    path: "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    bytes:
      "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSOAoRCgFiEgAaACIAKgAyADgAQgASFwoJCAEQABoDNTAlEgoKCAoDYXBwEgF4GgoIABgAIAAoADAAGgAiAA==",
  },
  {
    path: "/apis/scheduling.k8s.io/v1/priorityclasses",
    bytes:
      "azhzAAolChRzY2hlZHVsaW5nLms4cy5pby92MRINUHJpb3JpdHlDbGFzcxIkChQKBGhpZ2gSABoAIgAqADIAOABCABDoBxgAIgAqBU5ldmVyGgAiAA==",
  },
  {
    path: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    bytes:
      "azhzAAoyChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEhJDbHVzdGVyUm9sZUJpbmRpbmcSbAoTCgNjcmISABoAIgAqADIAOABCABInCgVHcm91cBIZcmJhYy5hdXRob3JpemF0aW9uLms4cy5pbxoBZyIAGiwKGXJiYWMuYXV0aG9yaXphdGlvbi5rOHMuaW8SC0NsdXN0ZXJSb2xlGgJjchoAIgA=",
  },
  {
    path: "/api/v1/namespaces/default/services",
    bytes:
      "azhzAAoNCgJ2MRIHU2VydmljZRJsCh8KA3N2YxIAGgAiACoAMgA4AEIAWgoKA2FwcBIDc3ZjEkUKHgoHODAtaHR0cBIDVENQGFAiCggBEAAaBGh0dHAoABIKCgNhcHASA3N2YxoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA==",
  },
  {
    path: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    bytes:
      "azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJXChEKAWkSABoAIgAqADIAOABCABI+Eg4KB2Zvby5jb20SA3NlYxosCgdmb28uY29tEiEKHwodCgQvYmFyEg0iCwoDc3ZjEgQKABBQGgZQcmVmaXgaAgoAGgAiAA==",
  },
  {
    path: "/api/v1/namespaces",
    bytes: "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhkKEQoBbhIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
  },
];

/** Metadata with every field that has its own way of being written. */
const everyField = {
  name: "ü-💥",
  namespace: "default",
  uid: "0-1",
  resourceVersion: "42",
  generation: 3,
  creationTimestamp: "2026-01-02T03:04:05Z",
  deletionTimestamp: "1969-07-20T20:17:40Z",
  deletionGracePeriodSeconds: 1099511627776,
  labels: { a: "", "m/x": "y", z: "1" },
  annotations: {
    k: "long xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
  },
  ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "u", controller: true }],
  finalizers: ["a/b", ""],
};

/** What upstream's serializer of Kubernetes 1.20 made of objects; it says of all that has metadata that it has no clusterName. */
export const objects: readonly { readonly name: string; readonly json: object; readonly bytes: string }[] = [
  {
    name: "ConfigMap",
    json: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: everyField,
      immutable: true,
      data: { a: "1", b: "2" },
      binaryData: { w: "", x: "AP8=" },
    },
    bytes:
      "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEuADCrsDCgfDvC3wn5KlEgAaB2RlZmF1bHQiACoDMC0xMgI0MjgDQggIpevcygYQAEoNCOSrnvn//////wEQAFCAgICAgCBaBQoBYRIAWggKA20veBIBeVoGCgF6EgExYrcCCgFrErECbG9uZyB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHhqHAoJRGFlbW9uU2V0GgFkIgF1KgdhcHBzL3YxMAFyA2EvYnIAegASBgoBYRIBMRIGCgFiEgEyGgUKAXcSABoHCgF4EgIA/yABGgAiAA==",
  },
  {
    name: "Lease",
    json: {
      kind: "Lease",
      apiVersion: "coordination.k8s.io/v1",
      metadata: everyField,
      spec: { holderIdentity: "me", leaseDurationSeconds: -7, renewTime: "2026-01-02T03:04:05.678901Z" },
    },
    bytes:
      "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRLdAwq7AwoHw7wt8J+SpRIAGgdkZWZhdWx0IgAqAzAtMTICNDI4A0IICKXr3MoGEABKDQjkq575//////8BEABQgICAgIAgWgUKAWESAFoICgNtL3gSAXlaBgoBehIBMWK3AgoBaxKxAmxvbmcgeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4ahwKCURhZW1vblNldBoBZCIBdSoHYXBwcy92MTABcgNhL2JyAHoAEh0KAm1lEPn//////////wEiDAil69zKBhCI6tzDAhoAIgA=",
  },
  {
    name: "Event",
    json: {
      kind: "Event",
      apiVersion: "v1",
      metadata: { name: "e", creationTimestamp: null },
      involvedObject: { kind: "Pod" },
      source: {},
      firstTimestamp: "2026-01-02T03:04:05Z",
      lastTimestamp: null,
      count: 300,
      eventTime: "2026-01-02T03:04:05.678901Z",
      series: { count: 2, lastObservedTime: "2026-01-02T03:04:05.678901Z" },
      reportingComponent: "",
      reportingInstance: "",
    },
    bytes:
      "azhzAAoLCgJ2MRIFRXZlbnQSaQoTCgFlEgAaACIAKgAyADgAQgB6ABIRCgNQb2QSABoAIgAqADIAOgAaACIAKgQKABIAMggIpevcygYQADoAQKwCSgBSDAil69zKBhCI6tzDAloQCAISDAil69zKBhCI6tzDAmIAcgB6ABoAIgA=",
  },
  {
    name: "Status",
    json: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "gone",
      reason: "Expired",
      details: { kind: "pods", causes: [{ reason: "a", message: "b", field: "c" }], retryAfterSeconds: 1 },
      code: 410,
    },
    bytes:
      "azhzAAoMCgJ2MRIGU3RhdHVzEj4KBgoAEgAaABIHRmFpbHVyZRoEZ29uZSIHRXhwaXJlZCoZCgASABoEcG9kcyIJCgFhEgFiGgFjKAEyADCaAxoAIgA=",
  },
  {
    name: "SecretList",
    json: {
      kind: "SecretList",
      apiVersion: "v1",
      metadata: { resourceVersion: "9", continue: "abc", remainingItemCount: 5 },
      items: [
        { metadata: { name: "one", creationTimestamp: null }, data: { k: "dg==" }, type: "Opaque" },
        { metadata: { name: "two", creationTimestamp: null } },
      ],
    },
    bytes:
      "azhzAAoQCgJ2MRIKU2VjcmV0TGlzdBJSCgwKABIBORoDYWJjIAUSJwoVCgNvbmUSABoAIgAqADIAOABCAHoAEgYKAWsSAXYaBk9wYXF1ZRIZChUKA3R3bxIAGgAiACoAMgA4AEIAegAaABoAIgA=",
  },
  {
    name: "ResourceQuota",
    json: {
      kind: "ResourceQuota",
      apiVersion: "v1",
      metadata: { creationTimestamp: null },
      spec: { hard: { cpu: "1500m", memory: "2Gi" }, scopes: ["Terminating"] },
      status: {},
    },
    bytes:
      "azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRJGChIKABIAGgAiACoAMgA4AEIAegASLgoOCgNjcHUSBwoFMTUwMG0KDwoGbWVtb3J5EgUKAzJHaRILVGVybWluYXRpbmcaABoAIgA=",
  },
  {
    name: "TokenReview",
    json: {
      kind: "TokenReview",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { creationTimestamp: null },
      spec: { token: "t" },
      status: {
        authenticated: true,
        user: { username: "u", groups: ["g"], extra: { a: [], b: ["1", "2"] } },
      },
    },
    bytes:
      "azhzAAonChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESC1Rva2VuUmV2aWV3Ej0KEgoAEgAaACIAKgAyADgAQgB6ABIDCgF0GiIIARIcCgF1EgAaAWciBQoBYRIAIgsKAWISBgoBMQoBMhoAGgAiAA==",
  },
  {
    name: "ControllerRevision",
    json: {
      kind: "ControllerRevision",
      apiVersion: "apps/v1",
      metadata: { name: "r", creationTimestamp: null },
      data: { spec: { a: [1, 2] } },
      revision: -1,
    },
    bytes:
      "azhzAAodCgdhcHBzL3YxEhJDb250cm9sbGVyUmV2aXNpb24SOAoTCgFyEgAaACIAKgAyADgAQgB6ABIWChR7InNwZWMiOnsiYSI6WzEsMl19fRj///////////8BGgAiAA==",
  },
  {
    name: "DaemonSet",
    json: {
      kind: "DaemonSet",
      apiVersion: "apps/v1",
      metadata: { name: "d", creationTimestamp: null },
      spec: {
        selector: { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] },
        template: {
          metadata: { creationTimestamp: null },
          spec: {
            containers: [
              {
                name: "c",
                image: "i",
                resources: {},
                livenessProbe: { httpGet: { path: "/", port: 10 }, periodSeconds: 5 },
              },
            ],
            nodeSelector: { os: "linux" },
            hostNetwork: true,
          },
        },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%" } },
      },
      status: {
        currentNumberScheduled: 0,
        numberMisscheduled: 0,
        desiredNumberScheduled: 5000,
        numberReady: 0,
        collisionCount: -7,
      },
    },
    bytes:
      "azhzAAoUCgdhcHBzL3YxEglEYWVtb25TZXQS4AEKEwoBZBIAGgAiACoAMgA4AEIAegASqgEKDBIKCgFhEgJJbhoBYhJ6ChIKABIAGgAiACoAMgA4AEIAegASZBI5CgFjEgFpKgBCAFIdChESDwoBLxIGCAAQChoAGgAiABAAGAAgBSgAMABqAHIAgAEAiAEAkAEAogEAGgAyADoLCgJvcxIFbGludXhCAEoAUgBYAWAAaACCAQCKAQCaAQDCAQAaHAoNUm9sbGluZ1VwZGF0ZRILCgkIARAAGgMyNSUgABocCAAQABiIJyAAKAAwADgAQABI+f//////////ARoAIgA=",
  },
  {
    name: "APIResourceList",
    json: {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "v1",
      resources: [
        {
          name: "pods",
          singularName: "",
          namespaced: true,
          kind: "Pod",
          verbs: ["get", "list"],
          shortNames: ["po"],
        },
      ],
    },
    bytes:
      "azhzAAoVCgJ2MRIPQVBJUmVzb3VyY2VMaXN0EiwKAnYxEiYKBHBvZHMQARoDUG9kIgsKA2dldAoEbGlzdCoCcG8yAEIASgBSABoAIgA=",
  },
  {
    name: "APIGroupList",
    json: {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: [
        {
          name: "apps",
          versions: [{ groupVersion: "apps/v1", version: "v1" }],
          preferredVersion: { groupVersion: "apps/v1", version: "v1" },
        },
      ],
    },
    bytes: "azhzAAoSCgJ2MRIMQVBJR3JvdXBMaXN0EiYKJAoEYXBwcxINCgdhcHBzL3YxEgJ2MRoNCgdhcHBzL3YxEgJ2MRoAIgA=",
  },
  {
    name: "PartialObjectMetadataList",
    json: {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "9" },
      items: [{ metadata: { name: "x", creationTimestamp: null } }],
    },
    bytes:
      "azhzAAorCg5tZXRhLms4cy5pby92MRIZUGFydGlhbE9iamVjdE1ldGFkYXRhTGlzdBIgCgcKABIBORoAEhUKEwoBeBIAGgAiACoAMgA4AEIAegAaACIA",
  },
  {
    name: "WatchEvent",
    json: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "gone",
      reason: "Expired",
      details: { kind: "pods", causes: [{ reason: "a", message: "b", field: "c" }], retryAfterSeconds: 1 },
      code: 410,
    },
    bytes:
      "AAAAYQoFRVJST1ISWApWazhzAAoMCgJ2MRIGU3RhdHVzEj4KBgoAEgAaABIHRmFpbHVyZRoEZ29uZSIHRXhwaXJlZCoZCgASABoEcG9kcyIJCgFhEgFiGgFjKAEyADCaAxoAIgA=",
  },
  {
    name: "CustomResourceDefinition",
    json: {
      kind: "CustomResourceDefinition",
      apiVersion: "apiextensions.k8s.io/v1",
      metadata: { creationTimestamp: null },
      spec: {
        group: "example.com",
        names: {
          plural: "widgets",
          singular: "widget",
          shortNames: ["w"],
          kind: "Widget",
          listKind: "WidgetList",
        },
        scope: "Namespaced",
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                required: ["spec"],
                properties: {
                  spec: {
                    type: "object",
                    properties: {
                      a: { type: "integer", default: 5, maximum: -0.25, minimum: 1.5, enum: [5, "x", null] },
                      any: {
                        anyOf: [{ type: "integer" }, { type: "string" }],
                        not: { type: "boolean" },
                        "x-kubernetes-int-or-string": true,
                      },
                      closed: { type: "object", additionalProperties: false },
                      free: {
                        type: "object",
                        additionalProperties: true,
                        "x-kubernetes-preserve-unknown-fields": true,
                      },
                      keyed: {
                        type: "array",
                        items: { type: "object" },
                        "x-kubernetes-list-map-keys": ["a", "b"],
                        "x-kubernetes-list-type": "map",
                      },
                      list: { type: "array", items: { type: "string", maxLength: 10 } },
                      map: { type: "object", additionalProperties: { type: "string" } },
                    },
                  },
                  status: { description: "ü", type: "object", nullable: true },
                },
              },
            },
            subresources: {
              status: {},
              scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
            },
            additionalPrinterColumns: [{ name: "A", type: "integer", jsonPath: ".spec.a" }],
          },
        ],
      },
      status: { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: null },
    },
    bytes:
      "azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEsoHChIKABIAGgAiACoAMgA4AEIAegASpwcKC2V4YW1wbGUuY29tGigKB3dpZGdldHMSBndpZGdldBoBdyIGV2lkZ2V0KgpXaWRnZXRMaXN0IgpOYW1lc3BhY2VkOt8GCgJ2MRABGAEijQYKigYKABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQC6AQRzcGVj6gGoBQoEc3BlYxKfBQoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAOoBUgoBYRJNCgASACIAKgdpbnRlZ2VyMgA6AEIDCgE1SQAAAAAAANC/UABZAAAAAAAA+D9gAHoAkAEAogEDCgE1ogEFCgMieCKiAQCoAgC4AgDAAgDqAZ0BCgNhbnkSlQEKABIAIgAqADIAOgBQAGAAegCQAQDaASUKABIAIgAqB2ludGVnZXIyADoAUABgAHoAkAEAqAIAuAIAwAIA2gEkCgASACIAKgZzdHJpbmcyADoAUABgAHoAkAEAqAIAuAIAwAIA4gElCgASACIAKgdib29sZWFuMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAeoBMwoGY2xvc2VkEikKABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQDyAQIIAKgCALgCAMACAOoBNAoEZnJlZRIsCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEA8gECCAGoAgCwAgG4AgDAAgDqAWMKBWtleWVkEloKABIAIgAqBWFycmF5MgA6AFAAYAB6AJABAMIBJgokCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEAqAIAuAIAwAIAqAIAuAIAwAIAygIBYcoCAWLSAgNtYXDqAVYKBGxpc3QSTgoAEgAiACoFYXJyYXkyADoAUABgAHoAkAEAwgEoCiYKABIAIgAqBnN0cmluZzIAOgBQAGAAaAp6AJABAKgCALgCAMACAKgCALgCAMACAOoBVgoDbWFwEk8KABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQDyASgIARIkCgASACIAKgZzdHJpbmcyADoAUABgAHoAkAEAqAIAuAIAwAIAqAIAuAIAwAIAqAIAuAIAwAIA6gEwCgZzdGF0dXMSJgoAEgAiAsO8KgZvYmplY3QyADoAUABgAHoAkAEAqAIBuAIAwAIAqAIAuAIAwAIAKiYKABIiCg4uc3BlYy5yZXBsaWNhcxIQLnN0YXR1cy5yZXBsaWNhczIbCgFBEgdpbnRlZ2VyGgAiACgAMgcuc3BlYy5hOABQABoKEggKABIAIgAqABoAIgA=",
  },
];
