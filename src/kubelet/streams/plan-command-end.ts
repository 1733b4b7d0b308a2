// Owns how the end of a remote command is told on its error channel: a Status since v4, words before.

export type CommandEnd =
  { readonly is: "ended"; readonly exitCode: number } | { readonly is: "failed"; readonly message: string };

/** Nothing for a success before v4. */
export function endText(end: CommandEnd, asStatus: boolean): string {
  if (!asStatus) {
    if (end.is === "failed") return `error executing command in container: ${end.message}`;
    return end.exitCode === 0
      ? ""
      : `error executing command in container: command terminated with exit code ${end.exitCode}`;
  }
  return JSON.stringify(statusOf(end));
}

function statusOf(end: CommandEnd): unknown {
  if (end.is === "failed")
    return {
      metadata: {},
      status: "Failure",
      message: end.message,
      reason: "InternalError",
      details: { causes: [{ message: end.message }] },
      code: 500,
    };
  if (end.exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${end.exitCode}`,
    reason: "NonZeroExitCode",
    // kubectl ends with this number.
    details: { causes: [{ reason: "ExitCode", message: String(end.exitCode) }] },
  };
}
