// Owns drawing a new token.
import type { BootstrapToken } from "../model/bootstrap-token.ts";
import type { Random } from "../world/random.ts";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

const drawn = (random: Random, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(random.int(alphabet.length))).join("");

export const drawToken = (random: Random): BootstrapToken => ({
  id: drawn(random, 6),
  secret: drawn(random, 16),
});
