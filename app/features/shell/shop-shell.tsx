import { useLocation, useMatches } from "@remix-run/react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslations } from "use-intl";

import { type Live, useLive } from "#app/lib/live-query.ts";
import type { api } from "#convex/_generated/api.js";

import { ShopFooter } from "./shop-footer.tsx";
import { ShopHeader } from "./shop-header.tsx";

/** What the frame of every shop page is made of, from `loadShopShell`. */
export type ShopShellData = {
  readonly settings: Live<typeof api.shop.settings.get>;
  readonly categories: Live<typeof api.shop.categories.list>;
  readonly viewer: Live<typeof api.account.viewer.get>;
  readonly cartCount: Live<typeof api.shop.cart.count>;
};

/** Skip link, header, the page itself and the footer. */
export function ShopShell({
  data,
  children,
}: {
  readonly data: ShopShellData;
  readonly children: ReactNode;
}) {
  const t = useTranslations("shop");
  const settings = useLive(data.settings);
  const categories = useLive(data.categories);
  const viewer = useLive(data.viewer);
  const cartCount = useLive(data.cartCount);
  return (
    <>
      <a
        href="#main"
        className="absolute -top-15 left-4 z-skip rounded-md bg-inverse px-4 py-2.5 text-on-inverse focus:top-3"
      >
        {t("skipToContent")}
      </a>
      <ShopHeader
        shopName={settings.shopName}
        announcement={settings.announcement}
        categories={categories}
        section={useSection()}
        isSignedIn={viewer?.kind === "user"}
        cartCount={cartCount}
      />
      <main id="main" tabIndex={-1} className="outline-none">
        {children}
      </main>
      <ShopFooter
        shopName={settings.shopName}
        tagline={settings.tagline}
        categories={categories}
        isSignedIn={viewer?.kind === "user"}
        isStaff={viewer !== null && viewer.role !== "client"}
      />
      <RouteAnnouncer />
    </>
  );
}

/** The main category that the page belongs to, as its loader says in `section`. */
function useSection(): string | null {
  for (const { data } of useMatches()) {
    if (typeof data === "object" && data !== null && "section" in data) {
      return typeof data.section === "string" ? data.section : null;
    }
  }
  return null;
}

/** A step to another page changes no document, so its title is said aloud here. */
function RouteAnnouncer() {
  const { pathname } = useLocation();
  const [text, setText] = useState("");
  const [first] = useState(pathname);
  useEffect(() => {
    if (pathname !== first) setText(document.title);
  }, [pathname, first]);
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  );
}
