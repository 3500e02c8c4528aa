import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const shared = { restoreMocks: true, testTimeout: 20_000 };
const onEmbeddedEngine = {
  find: /^convex-test$/,
  replacement: file("tests/facade/convex-test.ts"),
};

export default defineConfig({
  test: {
    // One fewer than there are cores by default: on two, tests that wait would wait for each other.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: "node",
          environment: "node",
          include: [
            "embedded/**/*.test.ts",
            "server/**/*.test.ts",
            "standins/**/*.test.ts",
            "scripts/**/*.test.ts",
            "app/**/*.test.ts",
            "tests/{architecture,conformance,limits,oracle,torture}/**/*.test.ts",
          ],
        },
      },
      {
        test: {
          ...shared,
          name: "convex",
          environment: "edge-runtime",
          include: ["convex/**/*.test.ts"],
          server: { deps: { inline: ["convex-test"] } },
        },
      },
      {
        // The same tests once more, with the embedded engine as their judge.
        resolve: { alias: [onEmbeddedEngine], preserveSymlinks: true },
        test: {
          ...shared,
          name: "convex-embedded",
          environment: "node",
          testTimeout: 60_000,
          include: ["convex/**/*.test.ts"],
          server: { deps: { inline: [/@convex-dev/] } },
        },
      },
      {
        // Suites that npm packages ship for `convex-test`, run against the embedded engine.
        resolve: {
          alias: [
            onEmbeddedEngine,
            {
              find: /^@fast-check\/vitest$/,
              replacement: file("tests/facade/fast-check-vitest.ts"),
            },
          ],
          preserveSymlinks: true,
        },
        test: {
          name: "suites",
          environment: "node",
          testTimeout: 60_000,
          include: ["node_modules/@convex-dev/*/src/**/*.test.ts"],
          // A React hook with its backend mocked; needs jsdom.
          exclude: ["node_modules/@convex-dev/rate-limiter/src/react/**"],
          setupFiles: ["tests/facade/known-gaps.ts"],
          server: { deps: { inline: [/@convex-dev/] } },
        },
      },
      {
        test: {
          ...shared,
          name: "dom",
          environment: "happy-dom",
          include: ["app/**/*.test.tsx"],
        },
      },
    ],
  },
});
