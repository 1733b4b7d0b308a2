// Owns the shell lines that give a container a standard input which outlives us: a pipe that one process holds open until told otherwise.

/** Pipes in the container's folder. */
export const inputPipe = "stdin";
/** A line written to it ends the input. */
export const closePipe = "stdin-close";

export const makeInput = (mkfifo: string): string =>
  `${mkfifo} -m 600 ${inputPipe} ${closePipe} || { echo "refused setup stdin" >&9; exit 128; }`;

/** Opening a pipe both ways does not wait for the other side. The one who waits on the other pipe holds the input open. */
export const openInput: readonly string[] = [
  `exec 5<>${closePipe} 7<>${inputPipe} 6>${inputPipe} || { echo "refused setup stdin" >&9; exit 128; }`,
  "(exec </dev/null >/dev/null 2>&1 7<&- 9>&-; read -r __en_line <&5) &",
  `exec <${inputPipe} 5<&- 6>&- 7<&-`,
];
