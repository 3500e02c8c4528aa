import { Link } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Logo } from "#app/components/ui/logo.tsx";

import type { CategoryTree } from "./shop-header.tsx";

type FooterLink = { readonly to: string; readonly label: string };

export function ShopFooter({
  shopName,
  tagline,
  categories,
  isSignedIn,
  isStaff,
}: {
  readonly shopName: string;
  readonly tagline: string;
  readonly categories: CategoryTree;
  readonly isSignedIn: boolean;
  readonly isStaff: boolean;
}) {
  const t = useTranslations("shop");
  const main: FooterLink[] = categories.map(({ slug, name }) => ({
    to: `/c/${slug}`,
    label: name,
  }));
  const below: FooterLink[] = categories.flatMap(({ children }) =>
    children.map(({ slug, name }) => ({ to: `/c/${slug}`, label: name })),
  );
  const own: FooterLink[] = [
    { to: "/cart", label: t("footer.cart") },
    ...(isSignedIn
      ? [{ to: "/account/orders", label: t("footer.orders") }]
      : [{ to: "/sign-in", label: t("signIn") }]),
    { to: "/search", label: t("search") },
    ...(isStaff ? [{ to: "/admin", label: t("footer.admin") }] : []),
  ];
  return (
    <footer className="border-t border-line pt-14 pb-8 text-sm">
      <div className="shell">
        <div className="grid grid-cols-2 gap-x-6 gap-y-8 md:grid-cols-[2.2fr_1fr_1fr_1fr] md:gap-10">
          <div className="max-md:col-span-full">
            <Logo name={shopName} />
            <p className="mt-2 max-w-[26em] text-ink-2">{t("footer.about", { tagline })}</p>
          </div>
          <FooterColumn title={t("footer.shop")} links={main} />
          <FooterColumn
            title={t("footer.more")}
            links={[...below, { to: "/c?sort=newest", label: t("footer.newArrivals") }]}
          />
          <FooterColumn title={t("footer.you")} links={own} />
        </div>
        <p className="mt-12 flex flex-wrap gap-x-6 gap-y-1 text-xs text-ink-3">
          <span>{t("footer.legal", { shopName })}</span>
          <span>{t("footer.vat")}</span>
        </p>
      </div>
    </footer>
  );
}

function FooterColumn({
  title,
  links,
}: {
  readonly title: string;
  readonly links: readonly FooterLink[];
}) {
  return (
    <nav aria-label={title}>
      <h2 className="mb-2.5 text-sm leading-[1.4] font-semibold">{title}</h2>
      <ul>
        {links.map(({ to, label }) => (
          <li key={to}>
            <Link to={to} className="block py-1 text-ink-2 hover:text-ink max-md:py-2">
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
