// Owns what every store must do, whatever is beneath: each implementation runs this suite, a real etcd included.
import { afterEach, beforeEach, describe } from "vitest";
import { commitConformance } from "./commit-conformance.ts";
import { leaseConformance } from "./lease-conformance.ts";
import { storeProperties } from "./store-properties.ts";
import type { Subject } from "./subject.ts";
import { watchConformance } from "./watch-conformance.ts";

/** `histories` says how many random ones are tried. */
export function storeConformance(name: string, open: () => Promise<Subject>, histories = 100): void {
  describe(`${name} store`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.dispose());
    const current = (): Subject => subject;

    commitConformance(current);
    watchConformance(current);
    leaseConformance(current);
  });
  describe(`${name} store, any history`, () => storeProperties(open, histories));
}
