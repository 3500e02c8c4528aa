import * as z from "zod";

import { startPayPalStandin } from "./server.ts";

const vEnvironment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().default("127.0.0.1"),
  PAYPAL_STANDIN_PUBLIC_URL: z.url().optional(),
  PAYPAL_CLIENT_ID: z.string().min(1),
  PAYPAL_CLIENT_SECRET: z.string().min(1),
  PAYPAL_MERCHANT_ID: z.string().min(1),
  PAYPAL_WEBHOOK_ID: z.string().min(1),
  PAYPAL_WEBHOOK_URL: z.url().optional(),
  PAYPAL_STANDIN_DATA_FILE: z.string().optional(),
});

const environment = vEnvironment.safeParse(process.env);
if (!environment.success) {
  console.error(z.prettifyError(environment.error));
  process.exit(1);
}
const values = environment.data;
const standin = await startPayPalStandin({
  port: values.PORT,
  host: values.HOST,
  ...(values.PAYPAL_STANDIN_PUBLIC_URL !== undefined && {
    publicUrl: values.PAYPAL_STANDIN_PUBLIC_URL,
  }),
  clientId: values.PAYPAL_CLIENT_ID,
  clientSecret: values.PAYPAL_CLIENT_SECRET,
  merchantId: values.PAYPAL_MERCHANT_ID,
  webhookUrl: values.PAYPAL_WEBHOOK_URL ?? null,
  webhookId: values.PAYPAL_WEBHOOK_ID,
  ...(values.PAYPAL_STANDIN_DATA_FILE !== undefined && {
    dataFile: values.PAYPAL_STANDIN_DATA_FILE,
  }),
  log: (line) => console.error(line),
});
console.log(`PayPal stand-in: ${standin.url}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void standin.close().then(() => process.exit(0)));
}
