// Owns how what goes wrong while a machine is set up becomes what a command tells.
import { CannotBootstrap } from "../bootstrap/cannot.ts";
import { Refusal } from "./refusal.ts";

export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof CannotBootstrap) throw new Refusal(thrown.message);
    throw thrown;
  }
}
