import * as z from "zod";

import { seedDemo } from "./seed.ts";

/** Loads the demo shop; started by the launcher, ends when all of it is there. */

const environment = z
  .object({
    CONVEX_URL: z.url(),
    CONVEX_ADMIN_KEY: z.string(),
    DEMO_PASSWORDS: z.string(),
  })
  .parse(process.env);

const passwords = z
  .object({ manager: z.string(), agent: z.string(), client: z.string() })
  .parse(JSON.parse(environment.DEMO_PASSWORDS));

await seedDemo({
  url: environment.CONVEX_URL,
  adminKey: environment.CONVEX_ADMIN_KEY,
  passwords,
  log: (line) => console.log(`· ${line}`),
});
