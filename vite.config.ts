import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { flatRoutes } from "remix-flat-routes";
import { defineConfig } from "vite";

import { PAGE_PACKAGES } from "./server/page-packages.ts";

export default defineConfig({
  plugins: [
    tailwindcss(),
    remix({
      future: {
        v3_fetcherPersist: true,
        v3_relativeSplatPath: true,
        v3_throwAbortReason: true,
        v3_lazyRouteDiscovery: true,
        v3_singleFetch: true,
      },
      ignoredRouteFiles: ["**/*"],
      routes: (defineRoutes) =>
        flatRoutes("routes", defineRoutes, { ignoredRouteFiles: ["**/*.test.{ts,tsx}"] }),
      serverModuleFormat: "esm",
    }),
  ],
  optimizeDeps: { include: [...PAGE_PACKAGES] },
  build: { target: "es2022", assetsInlineLimit: 0 },
});
