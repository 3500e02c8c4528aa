import { NavLink } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";

const PAGES = [
  { to: "/account/orders", label: "orders" },
  { to: "/account", label: "profile" },
] as const;

/** A list on the left; on phones and tablets tabs on top. */
export function AccountNav({ isStaff }: { readonly isStaff: boolean }) {
  const t = useTranslations("account.nav");
  return (
    <nav
      aria-label={t("label")}
      className="flex gap-1 max-lg:-mx-1 max-lg:border-b max-lg:border-line lg:flex-col"
    >
      {PAGES.map(({ to, label }) => (
        <NavLink key={to} to={to} end={to === "/account"} className={linkClass}>
          {t(label)}
        </NavLink>
      ))}
      {isStaff && (
        <NavLink to="/admin" className={linkClass}>
          {t("admin")}
        </NavLink>
      )}
    </nav>
  );
}

function linkClass({ isActive }: { isActive: boolean }): string {
  return classNames(
    "flex min-h-11 items-center px-3 font-semibold lg:rounded-md",
    isActive
      ? "text-ink max-lg:shadow-[inset_0_-2px_0_rgb(var(--ink))] lg:bg-muted"
      : "text-ink-2 hover:text-ink",
  );
}
