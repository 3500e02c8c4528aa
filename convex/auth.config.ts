import type { AuthConfig } from "convex/server";

/** Tokens are issued and checked by the same deployment. */
export default {
  providers: [
    {
      // eslint-disable-next-line @convex-dev/no-process-env -- read when the deployment is pushed
      domain: process.env["CONVEX_SITE_URL"] ?? "",
      applicationID: "convex",
    },
  ],
} satisfies AuthConfig;
