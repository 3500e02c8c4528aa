import { join } from "node:path";

import * as z from "zod";

import { startPayPalStandin } from "../standins/paypal/server.ts";
import { startResendStandin } from "../standins/resend/server.ts";

/** Both stand-ins in one process; started by the launcher, ends with it. */

const environment = z
  .object({
    PAYPAL_STANDIN_PORT: z.coerce.number().int(),
    RESEND_STANDIN_PORT: z.coerce.number().int(),
    PAYPAL_CLIENT_ID: z.string(),
    PAYPAL_CLIENT_SECRET: z.string(),
    PAYPAL_MERCHANT_ID: z.string(),
    PAYPAL_WEBHOOK_ID: z.string(),
    PAYPAL_WEBHOOK_URL: z.url(),
    RESEND_API_KEY: z.string(),
    DATA_DIR: z.string(),
  })
  .parse(process.env);

const HOST = "127.0.0.1";
const log = (line: string) => console.error(line);

const payPal = await startPayPalStandin({
  port: environment.PAYPAL_STANDIN_PORT,
  host: HOST,
  clientId: environment.PAYPAL_CLIENT_ID,
  clientSecret: environment.PAYPAL_CLIENT_SECRET,
  merchantId: environment.PAYPAL_MERCHANT_ID,
  webhookId: environment.PAYPAL_WEBHOOK_ID,
  webhookUrl: environment.PAYPAL_WEBHOOK_URL,
  dataFile: join(environment.DATA_DIR, "paypal-standin.jsonl"),
  log,
});
const resend = await startResendStandin({
  port: environment.RESEND_STANDIN_PORT,
  host: HOST,
  apiKey: environment.RESEND_API_KEY,
  dataFile: join(environment.DATA_DIR, "resend-standin.jsonl"),
  log,
});

process.send?.({ type: "ready", payPalUrl: payPal.url, resendUrl: resend.url });

process.on("SIGTERM", () => void stop());

async function stop(): Promise<void> {
  await Promise.all([payPal.close(), resend.close()]);
  process.exit(0);
}
