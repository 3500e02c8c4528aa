/** What the last runs of `npm run suites` found, one entry for each project. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { z } from "zod";

export const RESULTS_FILE = fileURLToPath(new URL("outside-results.json", import.meta.url));

const RESULTS = z.array(
  z.object({
    project: z.string(),
    repository: z.string(),
    commit: z.string(),
    tests: z.number(),
    passed: z.number(),
    /** `file > test`, those that did not pass. */
    failed: z.array(z.string()),
  }),
);

export type SuiteResult = z.infer<typeof RESULTS>[number];

export function parseResults(): SuiteResult[] {
  return RESULTS.parse(JSON.parse(readFileSync(RESULTS_FILE, "utf8")));
}
