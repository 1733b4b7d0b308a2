// Owns what a pod takes up on a node: resources and host ports.
import { Lately } from "../../lib/lately.ts";
import type { Container, PodSpec } from "../generated/types.ts";
import { millisOf, unitsOf } from "../quantity.ts";

export interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly hostIP: string;
}

/** Amounts by resource: thousandths for cpu, whole units (bytes, counts) for the rest. */
export type Amounts = ReadonlyMap<string, number>;

export interface Demand {
  readonly amounts: Amounts;
  readonly ports: readonly HostPort[];
}

const anyAddress = "0.0.0.0";

// The same few texts come back with every pod; the bound keeps a stream of odd ones from growing it for ever.
const read = new Map<string, number>();
const readMax = 4096;

/** The amount that a quantity of a resource stands for. */
export function amountOf(resource: string, text: string | number): number {
  const key = `${resource === "cpu" ? "m" : "u"}${text}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  if (read.size >= readMax) read.clear();
  const amount = resource === "cpu" ? millisOf(text) : unitsOf(text);
  read.set(key, amount);
  return amount;
}

export function amountsOf(quantities: Readonly<Record<string, string>> | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const resource in quantities) {
    const text = quantities[resource];
    if (text !== undefined) amounts.set(resource, amountOf(resource, text));
  }
  return amounts;
}

function add(into: Map<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) into.set(resource, (into.get(resource) ?? 0) + amount);
}

function raise(into: Map<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) into.set(resource, Math.max(into.get(resource) ?? 0, amount));
}

/**
 * What the scheduler reckons with: the containers' sum with the restartable init containers', or the largest moment of
 * initialization where that is more, then pod-level requests in place of both, then overhead (KEP-753, KEP-2837).
 */
function amountsOfPod(spec: PodSpec): Amounts {
  const total = new Map<string, number>();
  for (const { resources } of spec.containers) add(total, amountsOf(resources?.requests));
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const own = amountsOf(resources?.requests);
    if (restartPolicy === "Always") {
      add(total, own);
      add(sidecars, own);
      raise(starting, sidecars);
    } else {
      add(own, sidecars);
      raise(starting, own);
    }
  }
  raise(total, starting);
  for (const [resource, amount] of amountsOf(spec.resources?.requests)) total.set(resource, amount);
  add(total, amountsOf(spec.overhead));
  return total;
}

function portsOfContainer(container: Container, hostNetwork: boolean): HostPort[] {
  const ports: HostPort[] = [];
  for (const { hostPort, containerPort, protocol = "TCP", hostIP = "" } of container.ports ?? []) {
    const port = hostPort !== undefined && hostPort > 0 ? hostPort : hostNetwork ? containerPort : 0;
    if (port > 0) ports.push({ port, protocol, hostIP: hostIP === "" ? anyAddress : hostIP });
  }
  return ports;
}

function portsOfPod(spec: PodSpec): HostPort[] {
  const hostNetwork = spec.hostNetwork === true;
  const ports = spec.containers.flatMap((container) => portsOfContainer(container, hostNetwork));
  for (const container of spec.initContainers ?? [])
    if (container.restartPolicy === "Always") ports.push(...portsOfContainer(container, hostNetwork));
  return ports;
}

const nothing: Demand = { amounts: new Map(), ports: [] };
const demands = new Lately<PodSpec, Demand>();

/** What a pod takes up. Remembered per spec for a while: objects of the API are never changed in place. */
export function demandOf(spec: PodSpec | undefined): Demand {
  if (spec === undefined) return nothing;
  const known = demands.get(spec);
  if (known !== undefined) return known;
  const demand = { amounts: amountsOfPod(spec), ports: portsOfPod(spec) };
  demands.set(spec, demand);
  return demand;
}

/** Two host ports get in each other's way when number and protocol are one and the addresses overlap. */
export const portsClash = (left: HostPort, right: HostPort): boolean =>
  left.port === right.port &&
  left.protocol === right.protocol &&
  (left.hostIP === right.hostIP || left.hostIP === anyAddress || right.hostIP === anyAddress);
