import type { AppContext } from "#app/server/app-context.server.ts";

declare module "@remix-run/server-runtime" {
  interface Future {
    v3_singleFetch: true;
  }
  interface AppLoadContext extends AppContext {}
}
