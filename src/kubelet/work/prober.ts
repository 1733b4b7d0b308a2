// Owns the asking: probes and lifecycle hooks by command, HTTP, TCP and gRPC.
import type { Millis } from "../../lib/units.ts";
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from "../../model/generated/types.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { pause, type Clock } from "../../world/clock.ts";
import type { Dial } from "../../world/dial.ts";
import type { GrpcHealth } from "../../world/grpc-health.ts";
import type { HttpClient, Network } from "../../world/http.ts";
import { wordsOf } from "../../world/log.ts";

export interface Asked {
  readonly success: boolean;
  readonly message: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  /** Where the container's ports are reached. */
  readonly ip: string;
}

export interface ProberOptions {
  readonly runtime: Runtime;
  readonly network: Network;
  readonly dial: Dial;
  readonly grpcHealth: GrpcHealth;
  readonly clock: Clock;
}

const ok: Asked = { success: true, message: "" };
const failed = (message: string): Asked => ({ success: false, message });

function portOf(container: Container, port: number | string): number | undefined {
  if (typeof port === "number") return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}

const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

export class Prober {
  private readonly options: ProberOptions;
  private http: HttpClient | undefined;

  constructor(options: ProberOptions) {
    this.options = options;
  }

  async probe(spec: Probe, target: ProbeTarget): Promise<Asked> {
    const timeout: Millis = (spec.timeoutSeconds ?? 1) * 1000;
    if (spec.exec !== undefined) return this.command(spec.exec.command ?? [], target, timeout);
    if (spec.httpGet !== undefined) return this.get(spec.httpGet, target, timeout);
    if (spec.tcpSocket !== undefined) {
      const port = portOf(target.container, spec.tcpSocket.port);
      if (port === undefined) return failed(`the container has no port named ${spec.tcpSocket.port}`);
      const host =
        spec.tcpSocket.host === undefined || spec.tcpSocket.host === "" ? target.ip : spec.tcpSocket.host;
      const answer = await this.options.dial(host, port, timeout);
      return answer === "open" ? ok : failed(answer.error);
    }
    if (spec.grpc !== undefined) {
      const { port, service } = spec.grpc;
      const answer = await this.options.grpcHealth({ host: target.ip, port }, service ?? "", timeout);
      return answer === "serving" ? ok : failed(answer.error);
    }
    return failed("the probe names no way to ask");
  }

  /** Runs a hook; resolves with what went wrong, or nothing. */
  async hook(
    handler: LifecycleHandler,
    target: ProbeTarget,
    timeout: Millis | undefined,
  ): Promise<string | undefined> {
    const limit = timeout ?? 24 * 3_600_000;
    if (handler.sleep !== undefined) {
      await pause(this.options.clock, Math.min(limit, handler.sleep.seconds * 1000));
      return undefined;
    }
    const asked =
      handler.exec !== undefined
        ? await this.command(handler.exec.command ?? [], target, limit)
        : handler.httpGet !== undefined
          ? await this.get(handler.httpGet, target, limit)
          : failed("the hook names no way to act");
    return asked.success ? undefined : asked.message;
  }

  async close(): Promise<void> {
    await this.http?.close();
  }

  private async command(command: readonly string[], target: ProbeTarget, timeout: Millis): Promise<Asked> {
    const result = await this.options.runtime.execSync(target.containerId, command, timeout);
    if (result === "timeout")
      return failed(`command timed out: "${command.join(" ")}" timed out after ${timeout / 1000}s`);
    if (result.exitCode === 0) return ok;
    const output = `${result.stdout}${result.stderr}`.trim();
    return failed(output === "" ? `command "${command.join(" ")}" exited with ${result.exitCode}` : output);
  }

  private async get(action: HTTPGetAction, target: ProbeTarget, timeout: Millis): Promise<Asked> {
    const port = portOf(target.container, action.port);
    if (port === undefined) return failed(`the container has no port named ${action.port}`);
    const scheme = (action.scheme ?? "HTTP").toLowerCase();
    const host = action.host === undefined || action.host === "" ? target.ip : action.host;
    const path = action.path ?? "/";
    const url = `${scheme}://${urlHost(host)}:${port}${path.startsWith("/") ? path : `/${path}`}`;
    const headers: Record<string, string> = { "user-agent": "kube-probe/1.36", accept: "*/*" };
    for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
    const cut = new AbortController();
    const cancel = this.options.clock.after(timeout, () => cut.abort());
    try {
      // Upstream's probes don't verify certificates either: the pod's are its own affair.
      this.http ??= this.options.network.client({ insecureSkipVerify: true });
      const response = await this.http.request({ method: "GET", url, headers, signal: cut.signal });
      await response.discard();
      return response.status >= 200 && response.status < 400
        ? ok
        : failed(`HTTP probe failed with statuscode: ${response.status}`);
    } catch (thrown) {
      return failed(
        cut.signal.aborted
          ? `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
          : `Get "${url}": ${wordsOf(thrown)}`,
      );
    } finally {
      cancel();
    }
  }
}
