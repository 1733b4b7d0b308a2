// Owns how setting up a machine says that it cannot go on.

/** Told to the person as it stands: what cannot be done, what is, and what to do. */
export class CannotBootstrap extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CannotBootstrap";
  }
}
