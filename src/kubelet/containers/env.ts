// Owns a container's environment: envFrom, values, references and their expansion, in upstream's order.
import type { Container, EnvVar, Pod } from "../../model/generated/types.ts";
import { RuntimeRefusal } from "../../runtime/runtime.ts";
import { expand } from "./expand.ts";
import { fieldText, resourceText, type Whereabouts } from "./fields.ts";
import { missing, type References } from "./references.ts";

const refuse = (message: string): never => {
  throw new RuntimeRefusal("CreateContainerConfigError", message);
};

export const decodeBase64 = (text: string): Uint8Array => Buffer.from(text, "base64");
const textOf = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

interface Sources {
  readonly pod: Pod;
  readonly container: Container;
  readonly references: References;
  readonly where: Whereabouts;
}

/** Each object is read once a container, however many variables refer to it. */
function remembered(references: References): References {
  const seen = new Map<string, Promise<never>>();
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    // A key stands for one kind of object only, so what was stored under it is a promise of that kind.
    const promise = (seen.get(key) as Promise<T> | undefined) ?? read();
    seen.set(key, promise as Promise<never>);
    return promise;
  };
  return {
    token: (pod, asked) => references.token(pod, asked),
    configMap: (namespace, name) =>
      once(`c/${namespace}/${name}`, () => references.configMap(namespace, name)),
    secret: (namespace, name) => once(`s/${namespace}/${name}`, () => references.secret(namespace, name)),
  };
}

async function wholeObjects({ pod, container, references }: Sources): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const namespace = pod.metadata.namespace ?? "";
  const add = (prefix: string | undefined, entries: Iterable<readonly [string, string]>) => {
    for (const [key, value] of entries) values.set(`${prefix ?? ""}${key}`, value);
  };
  for (const { prefix, configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef !== undefined) {
      const found = await references.configMap(namespace, configMapRef.name ?? "");
      if (found !== "absent") add(prefix, Object.entries(found.data ?? {}));
      else if (configMapRef.optional !== true) refuse(missing("configmap", configMapRef.name ?? ""));
    }
    if (secretRef !== undefined) {
      const found = await references.secret(namespace, secretRef.name ?? "");
      if (found !== "absent")
        add(
          prefix,
          Object.entries(found.data ?? {}).map(([key, value]) => [key, textOf(value)] as const),
        );
      else if (secretRef.optional !== true) refuse(missing("secret", secretRef.name ?? ""));
    }
  }
  return values;
}

async function referred(variable: EnvVar, sources: Sources): Promise<string | undefined> {
  const { pod, container, references, where } = sources;
  const namespace = pod.metadata.namespace ?? "";
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined)
    return (
      fieldText(pod, fieldRef.fieldPath, where) ?? refuse(`unsupported fieldPath: ${fieldRef.fieldPath}`)
    );
  if (resourceFieldRef !== undefined)
    return (
      resourceText(pod, container, resourceFieldRef, where) ??
      refuse(`unsupported container resource: ${resourceFieldRef.resource}`)
    );
  if (configMapKeyRef !== undefined) {
    const { name = "", key, optional } = configMapKeyRef;
    const found = await references.configMap(namespace, name);
    const value = found === "absent" ? undefined : found.data?.[key];
    if (value !== undefined || optional === true) return value;
    return refuse(
      found === "absent"
        ? missing("configmap", name)
        : `couldn't find key ${key} in ConfigMap ${namespace}/${name}`,
    );
  }
  if (secretKeyRef !== undefined) {
    const { name = "", key, optional } = secretKeyRef;
    const found = await references.secret(namespace, name);
    const value = found === "absent" ? undefined : found.data?.[key];
    if (value !== undefined) return textOf(value);
    if (optional === true) return undefined;
    return refuse(
      found === "absent"
        ? missing("secret", name)
        : `couldn't find key ${key} in Secret ${namespace}/${name}`,
    );
  }
  return refuse(`cannot set variable ${variable.name}: its valueFrom names no source this kubelet knows`);
}

const none: ReadonlyMap<string, string> = new Map();

/** Throws RuntimeRefusal with reason CreateContainerConfigError where a reference leads nowhere. */
export async function resolveEnv(sources: Sources): Promise<ReadonlyMap<string, string>> {
  const { env = [], envFrom = [] } = sources.container;
  if (env.length === 0 && envFrom.length === 0) return none;
  const known: Sources = { ...sources, references: remembered(sources.references) };
  const values = await wholeObjects(known);
  for (const variable of env) {
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? "", (name) => values.get(name))
        : await referred(variable, known);
    if (value !== undefined) values.set(variable.name, value);
  }
  return values;
}
