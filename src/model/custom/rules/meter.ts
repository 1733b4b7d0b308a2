// Owns what an evaluation may cost: every step is paid for, and so is every character and element that a step looks at.

/** One for each rule; evaluation is never entered twice at once. */
export class Meter {
  private left = 0;
  private isSpent = false;

  start(budget: number): void {
    this.left = budget;
    this.isSpent = false;
  }

  /** Rules swallow errors on one side of `||`: whoever asks for the outcome asks here first. */
  get isExceeded(): boolean {
    return this.isSpent;
  }

  get remaining(): number {
    return Math.max(0, this.left);
  }

  /** @throws CostExceeded, and again at each further step. */
  spend(cost: number): void {
    this.left -= cost;
    if (this.left >= 0 && !this.isSpent) return;
    this.isSpent = true;
    throw costExceeded;
  }
}

class CostExceeded extends Error {}
// One for all: it is thrown often while a costly evaluation unwinds, and where is of no interest.
const costExceeded = new CostExceeded("actual cost limit exceeded");

// As upstream: a tenth of a step for each character that is looked at.
const characterCost = 0.1;

const textCost = (text: string): number => text.length * characterCost;

/** What it costs to look at a value to its leaves. */
export function spendOnWhole(meter: Meter, value: unknown): void {
  if (typeof value === "string") meter.spend(textCost(value));
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Uint8Array) meter.spend(value.length * characterCost);
  else if (value instanceof Map) {
    meter.spend(value.size);
    for (const part of value.values()) spendOnWhole(meter, part);
  } else if (Array.isArray(value) || value instanceof Set) {
    meter.spend(Array.isArray(value) ? value.length : value.size);
    for (const part of value) spendOnWhole(meter, part);
  } else if (isPlain(value)) for (const part of Object.values(value)) spendOnWhole(meter, part);
}

const isPlain = (value: object): boolean => value.constructor === Object;

export const spendOnText = (meter: Meter, text: string, times = 1): void =>
  meter.spend(textCost(text) * Math.max(1, times));
