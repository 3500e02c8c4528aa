/** The project of `tests/fixtures/components` without what comes from npm, for tests to push. */
import type { TestSources } from "./functions/test-deployment.ts";
import { fixtureSources } from "./test-backend.ts";

/** `edits` replace texts by path: `[what is there, what comes in its place]`. */
export function componentsProject(
  edits: Readonly<Record<string, readonly (readonly [string, string])[]>> = {},
): TestSources {
  const sources = new Map(Object.entries(fixtureSources("components")));
  sources.delete("limits");
  const ownEdits = {
    "convex.config": [
      ['import rateLimiter from "@convex-dev/rate-limiter/convex.config.js";\n', ""],
      ["app.use(rateLimiter);\n", ""],
    ],
    "counter/convex.config": [["#ledger/convex.config.js", "../ledger/convex.config"]],
  } as const;
  for (const [path, replacements] of [...Object.entries(ownEdits), ...Object.entries(edits)]) {
    for (const [from, to] of replacements) {
      const text = sources.get(path) ?? "";
      if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`);
      sources.set(path, text.replace(from, to));
    }
  }
  return Object.fromEntries(sources);
}
