/** The project of `tests/fixtures/components` without what comes from npm, for tests to push. */
import type { TestSources } from "./functions/test-deployment.ts";
import { fixtureSources } from "./test-backend.ts";

type Edit = readonly [from: string | RegExp, to: string];

/** `edits` replace texts by path: `[what is there, what comes in its place]`. */
export function componentsProject(
  edits: Readonly<Record<string, readonly Edit[]>> = {},
): TestSources {
  const sources = new Map(Object.entries(fixtureSources("components")));
  for (const path of ["limits", "scores", "presence"]) sources.delete(path);
  const ownEdits: Readonly<Record<string, readonly Edit[]>> = {
    "convex.config": [
      [/import \w+ from "@convex-dev\/.*\n/g, ""],
      [/app\.use\((?:rateLimiter|aggregate|presence|migrations).*\n/g, ""],
    ],
    "counter/convex.config": [["#ledger/convex.config.js", "../ledger/convex.config"]],
  };
  for (const [path, replacements] of [...Object.entries(ownEdits), ...Object.entries(edits)]) {
    for (const [from, to] of replacements) {
      const text = sources.get(path) ?? "";
      const edited = text.replace(from, to);
      if (edited === text) throw new Error(`${path} does not contain ${String(from)}`);
      sources.set(path, edited);
    }
  }
  return Object.fromEntries(sources);
}
