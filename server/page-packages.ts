/**
 * All packages that the pages import, also those that only loaders use: in development Vite reads
 * both when it collects styles. Whichever it finds later than at its start makes it reload open pages.
 */
export const PAGE_PACKAGES: readonly string[] = [
  "@convex-dev/presence/react",
  "@paypal/react-paypal-js/sdk-v6",
  "@remix-run/node",
  "@remix-run/react",
  "convex/browser",
  "convex/react",
  "convex/server",
  "convex/values",
  "lucide-react",
  "react",
  "react-dom/client",
  "react-dom/server",
  "react-markdown",
  "rehype-sanitize",
  "use-intl",
  "zod",
];
