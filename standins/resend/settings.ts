import * as z from "zod";

/** What goes wrong with the next calls; changed while the stand-in runs. */
export const vSettings = z.object({
  /** Time that every send takes before it has an effect, in milliseconds. */
  latencyMs: z.number().int().min(0).max(120_000),
  /** How many of the next sends fail. */
  failures: z.number().int().min(0).max(1_000),
  /** `timeout` accepts the mail and never answers. */
  failure: z.enum(["rate_limit_exceeded", "internal_server_error", "timeout"]),
  webhookDelayMs: z.number().int().min(0).max(600_000),
  /** First wait after a failed delivery of a webhook; it doubles each time. */
  webhookRetryMs: z.number().int().min(1).max(600_000),
});

export type Settings = z.infer<typeof vSettings>;

export const vSettingsChange = vSettings.partial().strict();

export const DEFAULT_SETTINGS: Settings = {
  latencyMs: 0,
  failures: 0,
  failure: "internal_server_error",
  webhookDelayMs: 0,
  webhookRetryMs: 1_000,
};
