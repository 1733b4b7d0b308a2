// Owns how a command says that it cannot do what it was asked.

/** Printed as one line, without a stack; the process ends with the status: 1 failed, 2 wrong usage. */
export class Refusal extends Error {
  readonly exitStatus: 1 | 2;

  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message);
    this.name = "Refusal";
    this.exitStatus = exitStatus;
  }
}

/** The whole number a flag gives. */
export function wholeNumber(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new Refusal(
        `cannot use ${flag} ${JSON.stringify(text)}: it is not a whole number from ${least} to ${most}`,
        2,
      );
    return value;
  };
}
