// Owns the list of the kinds the API serves.
import { certificateSigningRequest } from "./certificate-signing-request/certificate-signing-request.ts";
import { customResourceDefinition } from "./custom-resource-definition/custom-resource-definition.ts";
import { namespace } from "./namespace.ts";
import { node } from "./node.ts";
import { pod } from "./pod.ts";
import { event } from "./event.ts";
import { configMap } from "./config-map.ts";
import { secret } from "./secret.ts";
import { serviceAccount } from "./service-account.ts";
import { lease } from "./lease.ts";
import { daemonSet } from "./daemon-set.ts";
import { controllerRevision } from "./controller-revision.ts";
import { priorityClass } from "./priority-class.ts";
import type { KubeObject } from "../meta.ts";
import type { Descriptor } from "./descriptor.ts";

/** Descriptors differ in their object type; a list of them is used through the type they share. */
const served = <T extends KubeObject>(descriptor: Descriptor<T>): Descriptor =>
  // Objects reach a descriptor only by its own group, version and kind, so the narrower functions see what they expect.
  descriptor as unknown as Descriptor;

export const kinds: readonly Descriptor[] = [
  served(namespace),
  served(node),
  served(pod),
  served(event),
  served(configMap),
  served(secret),
  served(serviceAccount),
  served(lease),
  served(daemonSet),
  served(controllerRevision),
  served(priorityClass),
  served(certificateSigningRequest),
  served(customResourceDefinition),
];
