// Owns the container of the crash test: it writes down its own start and end, so that nobody has to be believed.
const quote = (text: string): string => `'${text}'`;

/** Writes `start`, sleeps, prints and writes `end`, exits with the code. */
export const ledgerCommand = (path: string, code: number, sleep: string): readonly string[] => [
  "sh",
  "-c",
  `echo start >>${quote(path)}; sleep ${sleep}; echo end; echo end >>${quote(path)}; exit ${code}`,
];
