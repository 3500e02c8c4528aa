import { defineConfig } from "vitest/config";

const shared = { restoreMocks: true, testTimeout: 20_000 };

export default defineConfig({
  test: {
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
            "tests/{architecture,oracle,torture,conformance}/**/*.test.ts",
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
