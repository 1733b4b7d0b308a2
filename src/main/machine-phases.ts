// Owns the phases that `init` and `join` have in common.
import type { Layout } from "../bootstrap/layout.ts";
import type { MadeFiles } from "../bootstrap/made-files.ts";
import type { Phase } from "../bootstrap/phases.ts";
import { preflight, type Check } from "../bootstrap/preflight.ts";
import { beginKubelet, type KubeletService } from "./hold-kubelet.ts";
import { listOf } from "./machine-flags.ts";
import type { World } from "./world.ts";

interface Machine {
  readonly world: World;
  readonly options: { readonly ignorePreflightErrors?: string };
  readonly layout: Layout;
  readonly made: MadeFiles;
  readonly service: KubeletService;
  readonly say: (line: string) => void;
}

export const preflightPhase = ({ options, say }: Machine, checks: () => Check[]): Phase => ({
  name: "preflight",
  run: () => preflight(checks(), listOf(options.ignorePreflightErrors), say),
  dry: () => [],
});

export const kubeletStart = ({ world, layout, made, service, say }: Machine): Phase => ({
  name: "kubelet-start",
  async run() {
    await made.tree(layout.kubeletRoot);
    await made.expect(layout.kubeletLog);
    await made.expect(layout.kubeletPid);
    const { pid } = await beginKubelet(world, service);
    say(`[kubelet-start] the kubelet runs as process ${pid}; its log is ${layout.kubeletLog}`);
  },
  dry: () => [`start the kubelet: ${service.command.join(" ")}`],
});
