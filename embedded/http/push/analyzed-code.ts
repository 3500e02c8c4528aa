import type { AnalyzedPush } from "../../modules/module-store.ts";
import type { CronSpec } from "../../scheduler/cron-store.ts";
import type { PushRequest } from "./push-request.ts";

/** What evaluating pushed modules found out. */
export interface AnalyzedCode {
  readonly modules: readonly AnalyzedPush[];
  /** `schema.export()`, `null` without a schema. */
  readonly schemaJson: string | null;
  /** JSON text of `auth.config`'s providers. */
  readonly providersJson: string;
  readonly cronSpecs: ReadonlyMap<string, CronSpec>;
  /** `definition.export()` of `convex.config`, `null` without one. */
  readonly definition: unknown;
}

/** @throws ServiceError naming the module and what is wrong with it. */
export type AnalyzeCode = (
  request: PushRequest,
  variables: ReadonlyMap<string, string>,
) => Promise<AnalyzedCode>;
