import * as z from "zod";

import { startResendStandin } from "./server.ts";

const vEnvironment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().default("127.0.0.1"),
  RESEND_API_KEY: z.string().min(1),
  RESEND_WEBHOOK_URL: z.url().optional(),
  RESEND_WEBHOOK_SECRET: z.string().startsWith("whsec_").optional(),
  RESEND_STANDIN_DATA_FILE: z.string().optional(),
});

const environment = vEnvironment.safeParse(process.env);
if (!environment.success) {
  console.error(z.prettifyError(environment.error));
  process.exit(1);
}
const values = environment.data;
const { RESEND_WEBHOOK_URL: webhookUrl, RESEND_WEBHOOK_SECRET: webhookSecret } = values;
const standin = await startResendStandin({
  port: values.PORT,
  host: values.HOST,
  apiKey: values.RESEND_API_KEY,
  ...(webhookUrl !== undefined &&
    webhookSecret !== undefined && { webhook: { url: webhookUrl, secret: webhookSecret } }),
  ...(values.RESEND_STANDIN_DATA_FILE !== undefined && {
    dataFile: values.RESEND_STANDIN_DATA_FILE,
  }),
  log: (line) => console.error(line),
});
console.log(`Mailbox: ${standin.url}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void standin.close().then(() => process.exit(0)));
}
