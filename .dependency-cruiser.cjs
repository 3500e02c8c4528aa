/** The table "who may import what" of docs/architecture.md, enforced. */

const LADDER = [
  "lib",
  "values",
  "storage",
  "index",
  "search",
  "database",
  "modules",
  "runtime",
  "functions",
  "auth",
  "scheduler",
  "snapshots",
  "backup",
  "sync",
  "http",
];

/** A rung may import itself and the rungs before it. */
const ladderRules = LADDER.map((rung, position) => ({
  name: `embedded-ladder-${rung}`,
  severity: "error",
  comment: `embedded/${rung} may import earlier rungs only: ${LADDER.slice(0, position).join(", ")}`,
  from: { path: `^embedded/${rung}/`, pathNot: "\\.test\\.ts$|/testing/" },
  to: {
    path: "^embedded/",
    pathNot: `^embedded/(${LADDER.slice(0, position + 1).join("|")})/`,
  },
}));

/** `from` may import only what matches `allowed` (of this repository's own files). */
function only(name, from, allowed, comment) {
  return {
    name,
    severity: "error",
    comment,
    from: { path: from, pathNot: "\\.test\\.tsx?$" },
    to: {
      path: "^(app|convex|embedded|server|standins|scripts|tests)/",
      pathNot: allowed,
    },
  };
}

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      comment: "Break the cycle: move what both need to an earlier file.",
      from: { pathNot: "_generated" },
      to: { circular: true, pathNot: "_generated", viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^virtual:|_generated/dataModel|^\\./dataModel" },
    },
    {
      name: "not-to-test",
      severity: "error",
      comment: "Product code must not import tests.",
      from: { pathNot: "\\.test\\.tsx?$|^tests/" },
      to: { path: "\\.test\\.tsx?$|^tests/" },
    },
    only(
      "routes",
      "^app/routes/",
      "^app/(routes|features|components|lib|server|messages)/|^convex/(_generated|domain)/|^app/[^/]+\\.css$",
      "A route imports features, components, lib, server, the generated API and convex/domain.",
    ),
    only(
      "features",
      "^app/features/([^/]+)/",
      "^app/features/$1/|^app/(components|lib|messages)/|^convex/(_generated|domain)/",
      "A feature imports its own folder, components, lib, the generated API and convex/domain; two features meet in a route.",
    ),
    only(
      "ui",
      "^app/components/",
      "^app/(components|lib)/",
      "Building blocks know nothing of the shop.",
    ),
    only(
      "app-server",
      "^app/server/",
      "^app/(server|lib|messages)/|^convex/(_generated|domain)/",
      "app/server imports npm, app/lib and the generated API.",
    ),
    only(
      "domain",
      "^convex/domain/",
      "^convex/domain/",
      "convex/domain is pure and imports itself only.",
    ),
    {
      name: "domain-no-npm",
      severity: "error",
      comment: "convex/domain is pure: no npm, no Node.",
      from: { path: "^convex/domain/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm", "npm-dev", "core"] },
    },
    only(
      "tables",
      "^convex/tables/",
      "^convex/(tables|domain)/",
      "Tables import convex/server, convex/values and domain.",
    ),
    only(
      "model",
      "^convex/model/",
      "^convex/(model|domain|tables|_generated)/|^convex/lib/(?!functions)",
      "Use cases import model, domain, tables, lib (not the builders) and generated types.",
    ),
    only(
      "functions",
      "^convex/(shop|account|admin)/",
      "^convex/(lib|model|tables|domain|_generated)/|^convex/(shop|account|admin)/",
      "Client-callable functions import the builders, model, tables and domain.",
    ),
    only(
      "jobs",
      "^convex/jobs/",
      "^convex/(jobs|lib|model|tables|domain|providers|emails|_generated)/",
      "Jobs import what functions may, and providers and emails.",
    ),
    only(
      "providers",
      "^convex/(providers|emails)/",
      "^convex/(providers|emails|domain)/",
      "Providers and emails import npm and domain.",
    ),
    {
      name: "raw-builders",
      severity: "error",
      comment: "Use the builders of convex/lib/functions.ts: they name the access.",
      from: {
        path: "^convex/",
        pathNot: "^convex/(lib/functions|_generated/|auth|http)|\\.test\\.ts$",
      },
      to: { path: "^convex/_generated/server", dependencyTypesNot: ["type-only"] },
    },
    only("embedded", "^embedded/", "^embedded/", "The backend knows nothing of the shop."),
    ...ladderRules,
    only("standins", "^standins/", "^standins/", "Stand-ins import npm only."),
    only(
      "server",
      "^server/",
      "^(server|app/server|app/lib)/",
      "The web server imports app/server and app/lib.",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(build|\\.data|\\.cache)|tests/fixtures" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"],
    },
    skipAnalysisNotInRules: true,
  },
};
