import * as z from "zod";

/** What goes wrong, and how fast; changed while the stand-in runs, never kept across restarts. */
export const vSettings = z.object({
  /** Time that every API call takes before it has an effect, in milliseconds. */
  latencyMs: z.number().int().min(0).max(120_000),
  webhookDelayMs: z.number().int().min(0).max(600_000),
  /** Events are recorded but not sent; they can be sent by hand. */
  webhookDrop: z.boolean(),
  /** How many times more than once each delivery is sent. */
  webhookDuplicates: z.number().int().min(0).max(5),
  /** First wait after a failed delivery; it doubles each time. PayPal's own is minutes. */
  webhookRetryMs: z.number().int().min(1).max(600_000),
  webhookMaxAttempts: z.number().int().min(1).max(25),
  tokenLifetimeSeconds: z.number().int().min(1).max(32_400),
  /**
   * What the next capture does to its caller: `timeout` captures and never answers, `drop` captures
   * and breaks the connection, `error` and `unavailable` answer 500 and 503 without capturing.
   */
  nextCapture: z.enum(["timeout", "drop", "error", "unavailable"]).nullable(),
  /** The documented issue that the next refund answers; `PENDING` lets it wait for an eCheck. */
  nextRefund: z.string().nullable(),
});

export type Settings = z.infer<typeof vSettings>;

export const vSettingsChange = vSettings.partial().strict();

export const DEFAULT_SETTINGS: Settings = {
  latencyMs: 0,
  webhookDelayMs: 0,
  webhookDrop: false,
  webhookDuplicates: 0,
  webhookRetryMs: 1_000,
  webhookMaxAttempts: 25,
  tokenLifetimeSeconds: 32_400,
  nextCapture: null,
  nextRefund: null,
};
