import * as z from "zod";

import { internal } from "#convex/_generated/api.js";

import type { Deployment } from "./deployment.ts";
import { callInternal } from "./internal-call.ts";

const STEPS = ["pictures", "catalogue", "people", "reviews", "orders"] as const;

export type DemoStep = (typeof STEPS)[number];

/** What of the demo shop is not in the deployment yet, in the order in which it has to be loaded. */
export async function missingSteps(deployment: Deployment): Promise<DemoStep[]> {
  const finished = await callInternal(deployment, internal.jobs.demo.finishedSteps, {});
  const done = z.array(z.string()).parse(finished);
  return STEPS.filter((step) => !done.includes(step));
}
