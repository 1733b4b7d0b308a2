// Owns how long tests wait for a condition where they don't say: machines are shared, and a second is nothing there.
import { vi } from "vitest";

const limit = 30_000;
const { waitFor } = vi;

vi.waitFor = (condition, options) =>
  waitFor(condition, typeof options === "number" ? options : { timeout: limit, ...options });
