// Owns the memory store's run of the conformance suite.
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { VirtualClock } from "../../../src/world/virtual-clock.ts";
import { storeConformance } from "./store-conformance.ts";

storeConformance("memory", async () => {
  const clock = new VirtualClock();
  const store = createMemoryStore({ clock });
  return {
    store,
    pass: (time) => clock.advanceAsync(time),
    dispose: () => store.close(),
  };
});
