import type { LoaderFunctionArgs } from "@remix-run/node";

const HIDDEN = ["/account", "/admin", "/cart", "/checkout", "/resources/", "/sign-in", "/register"];

export function loader({ context }: LoaderFunctionArgs) {
  const lines = [
    "User-agent: *",
    ...HIDDEN.map((path) => `Disallow: ${path}`),
    `Sitemap: ${context.settings.publicUrl}/sitemap.xml`,
  ];
  return new Response(`${lines.join("\n")}\n`, {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "public, max-age=3600",
    },
  });
}
