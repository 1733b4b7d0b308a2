// Owns the rules of probes and lifecycle hooks.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import { checkName, checkNonNegative, checkRequired, listOf } from "../../field-checks.ts";
import type { Container, HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from "../../generated/types.ts";
import { headerNameFaults, portFaults, portNameFaults } from "../../names.ts";

type Handler = Pick<Probe, "grpc"> & LifecycleHandler;

function portOrNameFaults(field: string, port: number | string | undefined): FieldError[] {
  const value = port ?? 0;
  const faults = typeof value === "number" ? portFaults(value) : portNameFaults(value);
  return faults.map((fault) => invalid(field, value, fault));
}

function httpFaults(field: string, action: HTTPGetAction): FieldError[] {
  return [
    ...checkRequired(`${field}.path`, action.path),
    ...portOrNameFaults(`${field}.port`, action.port),
    ...(action.scheme === "HTTP" || action.scheme === "HTTPS"
      ? []
      : [notSupported(`${field}.scheme`, action.scheme ?? "", ["HTTP", "HTTPS"])]),
    ...listOf(action.httpHeaders).flatMap((header) =>
      checkName(`${field}.httpHeaders`, header.name, headerNameFaults),
    ),
  ];
}

function actionFaults(field: string, handler: Handler, graceSeconds: number | undefined): FieldError[][] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const named: [string, FieldError[]][] = [];
  if (exec !== undefined)
    named.push(["exec", listOf(exec.command).length === 0 ? [required(`${field}.exec.command`)] : []]);
  if (httpGet !== undefined) named.push(["httpGet", httpFaults(`${field}.httpGet`, httpGet)]);
  if (tcpSocket !== undefined)
    named.push(["tcpSocket", portOrNameFaults(`${field}.tcpSocket.port`, tcpSocket.port)]);
  if (grpc !== undefined) named.push(["grpc", portOrNameFaults(`${field}.grpc.port`, grpc.port)]);
  if (sleep !== undefined)
    named.push([
      "sleep",
      graceSeconds !== undefined && (sleep.seconds < 0 || sleep.seconds > graceSeconds)
        ? [
            invalid(
              `${field}.sleep`,
              sleep.seconds,
              `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
            ),
          ]
        : [],
    ]);
  // The first handler is checked; any further one is one too many.
  return named.map(([name, faults], index) =>
    index === 0 ? faults : [forbidden(`${field}.${name}`, "may not specify more than 1 handler type")],
  );
}

function handlerFaults(field: string, handler: Handler, graceSeconds: number | undefined): FieldError[] {
  const found = actionFaults(field, handler, graceSeconds);
  return found.length === 0 ? [required(field, "must specify a handler type")] : found.flat();
}

export function validateLifecycle(
  field: string,
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
): FieldError[] {
  return (["postStart", "preStop"] as const).flatMap((name) => {
    const handler = lifecycle?.[name];
    return handler === undefined ? [] : handlerFaults(`${field}.${name}`, handler, graceSeconds);
  });
}

const counters = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function probeFaults(field: string, probe: Probe, graceSeconds: number | undefined): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...handlerFaults(field, probe, graceSeconds),
    ...counters.flatMap((name) => checkNonNegative(`${field}.${name}`, probe[name])),
    ...(grace !== undefined && grace <= 0
      ? [invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0")]
      : []),
  ];
}

export function validateProbes(
  at: string,
  container: Container,
  graceSeconds: number | undefined,
): FieldError[] {
  return (["livenessProbe", "readinessProbe", "startupProbe"] as const).flatMap((name) => {
    const probe = container[name];
    if (probe === undefined) return [];
    const field = `${at}.${name}`;
    const found = probeFaults(field, probe, graceSeconds);
    if (name !== "readinessProbe") {
      if (probe.successThreshold !== 1)
        found.push(invalid(`${field}.successThreshold`, probe.successThreshold ?? 0, "must be 1"));
    } else if (probe.terminationGracePeriodSeconds !== undefined)
      found.push(
        invalid(
          `${field}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          "must not be set for readinessProbes",
        ),
      );
    return found;
  });
}
