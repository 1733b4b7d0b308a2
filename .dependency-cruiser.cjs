// The allowed directions between rooms, as ARCHITECTURE.md draws them. test/tidy checks the same with a planted violation.
const below = {
  lib: [],
  model: ["lib"],
  world: ["lib", "model"],
  store: ["lib", "model", "world"],
  client: ["lib", "model", "world"],
  runtime: ["lib", "model", "world"],
  apiserver: ["lib", "model", "world", "store"],
  controllers: ["lib", "model", "world", "client"],
  scheduler: ["lib", "model", "world", "client"],
  kubelet: ["lib", "model", "world", "client", "runtime"],
  proxy: ["lib", "model", "world", "client"],
  cli: ["lib", "model", "world", "client"],
  dashboard: ["lib", "model", "world", "client"],
};

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-orphan-import", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...Object.entries(below).map(([room, rooms]) => ({
      name: `${room}-imports-only-below`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: `^src/(${[room, ...rooms].join("|")})/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "src/model/generated/" },
  },
};
