// Owns what a container says at its end: its termination message, or the end of its log where that is asked for.
import type { Container } from "../../model/generated/types.ts";
import type { Bytes } from "../../lib/units.ts";
import type { ContainerStatus, Mount } from "../../runtime/runtime.ts";
import type { Files } from "../../world/files.ts";
import { CriReader, lastLinesStart } from "../server/cri-log.ts";
import { annotationOf, labelOf } from "./container-config.ts";

/** As upstream: of the file, and of the log where it stands in for it. */
const messageMax: Bytes = 4096;
const logMax: Bytes = 2048;
const logLinesMax = 80;
// Enough for 80 lines of which 2 KiB are shown, however long each is.
const logRead: Bytes = 64 * 1024;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
/** The last bytes; a character cut in two goes. */
const endOf = (bytes: Uint8Array, most: Bytes): string =>
  textOf(bytes.subarray(Math.max(0, bytes.length - most))).replace(/^\uFFFD+/, "");

export class LastWords {
  private readonly files: Files;
  private readonly rootDir: string;
  /** By container: a message doesn't change once its container has ended. */
  private readonly known = new Map<string, string>();

  constructor(files: Files, rootDir: string) {
    this.files = files;
    this.rootDir = rootDir;
  }

  private fileOf(uid: string, container: string, attempt: number): string {
    return `${this.rootDir}/pods/${uid}/containers/${container}/${attempt}`;
  }

  /** The file into which the container writes its message, where it wants one. */
  async mountFor(uid: string, container: Container, attempt: number): Promise<readonly Mount[]> {
    const path = container.terminationMessagePath ?? "";
    if (path === "") return [];
    const file = this.fileOf(uid, container.name, attempt);
    await this.files.makeFolder(file.slice(0, file.lastIndexOf("/")));
    await this.files.append(file, "");
    // Whoever the container runs as may write.
    await this.files.setAccess(file, { mode: 0o666 });
    return [{ hostPath: file, containerPath: path, readonly: false, optional: true }];
  }

  /** The status with the message in it, where the container has ended and left one. */
  async of(status: ContainerStatus): Promise<ContainerStatus> {
    if (status.state !== "exited") return status;
    let words = this.known.get(status.id);
    if (words === undefined) {
      words = await this.read(status);
      this.known.set(status.id, words);
    }
    if (words === "") return status;
    const own = status.message ?? "";
    return { ...status, message: own === "" ? words : `${own}: ${words}` };
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  private async read(status: ContainerStatus): Promise<string> {
    const said =
      (status.annotations[annotationOf.messagePath] ?? "") === "" ? "" : await this.message(status);
    if (said !== "") return said;
    const wantsLog = status.annotations[annotationOf.messagePolicy] === "FallbackToLogsOnError";
    return wantsLog && status.exitCode !== 0 ? this.logEnd(status) : "";
  }

  private async message(status: ContainerStatus): Promise<string> {
    const path = this.fileOf(status.labels[labelOf.podUid] ?? "", status.name, status.attempt);
    const size = (await this.files.facts(path))?.size ?? 0;
    if (size === 0) return "";
    const bytes = await this.files.readBytes(path, Math.max(0, size - messageMax), messageMax);
    return endOf(bytes ?? new Uint8Array(), messageMax);
  }

  private async logEnd({ logPath }: ContainerStatus): Promise<string> {
    const size = (await this.files.facts(logPath))?.size ?? 0;
    const bytes =
      (await this.files.readBytes(logPath, Math.max(0, size - logRead), logRead)) ?? new Uint8Array();
    const start = lastLinesStart(bytes, logLinesMax) ?? 0;
    const reader = new CriReader({ timestamps: false, since: undefined, limitBytes: undefined });
    return endOf(reader.take(bytes.subarray(start)), logMax);
  }
}
