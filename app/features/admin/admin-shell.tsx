import { Form, Link, NavLink } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { LogOut, Package, Store, Tag } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";

import { Avatar } from "#app/components/ui/avatar.tsx";
import { classNames } from "#app/components/ui/class-names.ts";
import { Icon, type IconComponent } from "#app/components/ui/icon.tsx";
import { IconButton } from "#app/components/ui/icon-button.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import { LogoMark } from "#app/components/ui/logo.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import type { api } from "#convex/_generated/api.js";
import type { Permission } from "#convex/domain/permissions.ts";

import { PermissionsProvider } from "./permissions.tsx";

type Viewer = NonNullable<FunctionReturnType<typeof api.account.viewer.get>>;

const PAGES = [
  { to: "/admin/orders", label: "orders", icon: Package, permission: "order:read:any" },
  { to: "/admin/products", label: "products", icon: Tag, permission: "product:read:any" },
] as const satisfies readonly { permission: Permission; [more: string]: unknown }[];

/** The pages that somebody with these permissions may open, the first one first. */
export function pagesFor(permissions: readonly Permission[]) {
  return PAGES.filter(({ permission }) => permissions.includes(permission));
}

/** A sidebar, a rail of icons on tablets, a bar with tabs on phones; beside it the page. */
export function AdminShell({
  viewer,
  shopName,
  toPack,
  children,
}: {
  readonly viewer: Viewer;
  readonly shopName: string;
  /** How many paid orders wait to be packed; null for somebody who may not know. */
  readonly toPack: number | null;
  readonly children: ReactNode;
}) {
  const t = useTranslations("shop");
  return (
    <PermissionsProvider value={viewer.permissions}>
      <a
        href="#main"
        className="absolute -top-15 left-4 z-skip rounded-md bg-inverse px-4 py-2.5 text-on-inverse focus:top-3"
      >
        {t("skipToContent")}
      </a>
      <div className="md:grid md:min-h-dvh md:grid-cols-[60px_minmax(0,1fr)] lg:grid-cols-[224px_minmax(0,1fr)]">
        <header className="z-header border-line bg-canvas max-md:sticky max-md:top-0 max-md:border-b md:border-r">
          <div className="flex md:sticky md:top-0 md:h-dvh md:flex-col md:items-center md:px-2 md:py-4 lg:items-stretch lg:px-3.5">
            <Link
              to="/admin"
              aria-label={shopName}
              className="flex min-h-14 items-center gap-2.5 px-4 font-display text-[1.375rem] leading-none font-bold tracking-[-0.035em] md:min-h-11 md:justify-center md:px-2 lg:justify-start"
            >
              <LogoMark />
              <span className="max-lg:hidden">{shopName}</span>
            </Link>
            <AdminNav viewer={viewer} toPack={toPack} />
            <Person viewer={viewer} />
          </div>
        </header>
        <main
          id="main"
          tabIndex={-1}
          className="min-w-0 px-4 pt-5 pb-24 outline-none md:px-6 md:pt-7 lg:px-8"
        >
          {children}
        </main>
      </div>
    </PermissionsProvider>
  );
}

function AdminNav({ viewer, toPack }: { readonly viewer: Viewer; readonly toPack: number | null }) {
  const t = useTranslations("admin.nav");
  return (
    <nav aria-label={t("label")} className="min-w-0 max-md:flex-1 md:mt-4">
      <ul className="flex max-md:h-full max-md:items-stretch md:flex-col md:gap-1">
        {pagesFor(viewer.permissions).map(({ to, label, icon }) => (
          <li key={to}>
            <NavLink to={to} className={navClass}>
              <NavLabel icon={icon}>{t(label)}</NavLabel>
              {label === "orders" && toPack !== null && toPack > 0 && (
                <span className="ml-auto text-xs whitespace-nowrap text-ink-2 max-lg:sr-only">
                  <LiveValue value={toPack}>{t("toPack", { count: toPack })}</LiveValue>
                </span>
              )}
            </NavLink>
          </li>
        ))}
        <li>
          <Link to="/" className={navClass({ isActive: false })}>
            <NavLabel icon={Store}>{t("toShop")}</NavLabel>
          </Link>
        </li>
      </ul>
    </nav>
  );
}

function NavLabel({
  icon,
  children,
}: {
  readonly icon: IconComponent;
  readonly children: ReactNode;
}) {
  return (
    <>
      <Icon as={icon} className="max-md:hidden" />
      <span className="md:max-lg:sr-only">{children}</span>
    </>
  );
}

function navClass({ isActive }: { isActive: boolean }): string {
  return classNames(
    "flex min-h-11 items-center gap-3 px-2.5 text-sm font-semibold max-md:h-full max-md:whitespace-nowrap md:rounded-md md:max-lg:size-11 md:max-lg:justify-center md:max-lg:px-0 lg:px-3",
    isActive
      ? "text-ink max-md:shadow-[inset_0_-2px_0_rgb(var(--ink))] md:bg-accent-soft md:text-on-accent-soft"
      : "text-ink-2 hover:text-ink md:hover:bg-muted",
  );
}

function Person({ viewer }: { readonly viewer: Viewer }) {
  const t = useTranslations("admin");
  return (
    <div className="flex items-center gap-2.5 max-md:pr-3 md:mt-auto lg:px-2">
      <Link
        to="/account"
        className="grid size-11 shrink-0 place-items-center rounded-full lg:hidden"
      >
        <VisuallyHidden>{t("nav.account")}</VisuallyHidden>
        <Avatar name={viewer.name} tint="sage" />
      </Link>
      <span className="max-lg:hidden">
        <Avatar name={viewer.name} tint="sage" />
      </span>
      <Link to="/account" className="min-w-0 flex-1 text-sm leading-[1.35] max-lg:hidden">
        <span className="block truncate font-semibold">{viewer.name}</span>
        <span className="block text-ink-2">{t(`roles.${viewer.role}`)}</span>
      </Link>
      <Form method="post" action="/sign-out" className="max-lg:hidden">
        <IconButton
          type="submit"
          icon={LogOut}
          iconSize={16}
          size="compact"
          label={t("nav.signOut")}
        />
      </Form>
    </div>
  );
}
