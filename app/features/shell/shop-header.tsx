import { Form, Link } from "@remix-run/react";
import { Search, ShoppingBag, User } from "lucide-react";
import type { FunctionReturnType } from "convex/server";
import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { Icon } from "#app/components/ui/icon.tsx";
import { IconLink } from "#app/components/ui/icon-button.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import type { api } from "#convex/_generated/api.js";

import { PhoneMenu } from "./phone-menu.tsx";

export type CategoryTree = FunctionReturnType<typeof api.shop.categories.list>;

type ShopHeaderProps = {
  readonly shopName: string;
  readonly announcement: string | null;
  readonly categories: CategoryTree;
  /** The slug of the main category one is in. */
  readonly section: string | null;
  readonly isSignedIn: boolean;
  readonly cartCount: number;
};

export function ShopHeader({
  shopName,
  announcement,
  categories,
  section,
  isSignedIn,
  cartCount,
}: ShopHeaderProps) {
  const t = useTranslations("shop");
  const pieceCount = categories.reduce((sum, category) => sum + category.productCount, 0);
  return (
    <>
      <header className="sticky top-0 z-header border-b border-line bg-canvas/94 backdrop-blur-md">
        <div className="shell flex h-header-m items-center gap-2 max-md:px-2 md:h-header lg:gap-8">
          <PhoneMenu categories={categories} isSignedIn={isSignedIn} />
          <Logo name={shopName} />
          <MainNav categories={categories} section={section} />
          <div className="ml-auto flex items-center gap-0.5">
            <SearchBox pieceCount={pieceCount} />
            <IconLink icon={Search} label={t("search")} to="/search" className="xl:hidden" />
            <IconLink
              icon={User}
              label={isSignedIn ? t("account") : t("signIn")}
              to={isSignedIn ? "/account/orders" : "/sign-in"}
              className="max-md:hidden"
            />
            <IconLink
              icon={ShoppingBag}
              label={t("cart", { count: cartCount })}
              count={cartCount}
              to="/cart"
            />
          </div>
        </div>
      </header>
      {announcement !== null && announcement !== "" && (
        <aside aria-label={t("announcement")} className="border-b border-line">
          <p className="shell flex min-h-10 items-center py-2 text-[0.84375rem] leading-5 text-balance text-ink-2 max-md:justify-center max-md:text-center">
            {announcement}
          </p>
        </aside>
      )}
    </>
  );
}

function MainNav({
  categories,
  section,
}: {
  readonly categories: CategoryTree;
  readonly section: string | null;
}) {
  const t = useTranslations("shop");
  return (
    <nav aria-label={t("mainNav")} className="hidden min-w-0 lg:block">
      <ul className="flex gap-5 text-ui font-medium xl:gap-6">
        {categories.map(({ slug, name }) => (
          <li key={slug}>
            <Link
              to={`/c/${slug}`}
              prefetch="intent"
              aria-current={slug === section ? "true" : undefined}
              className={classNames(
                "block py-2.5 whitespace-nowrap hover:text-ink",
                slug === section
                  ? "text-ink shadow-[inset_0_-2px_rgb(var(--accent))]"
                  : "text-ink-2",
              )}
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A plain form: it searches without scripts as well. */
function SearchBox({ pieceCount }: { readonly pieceCount: number }) {
  const t = useTranslations("shop");
  return (
    <Form
      role="search"
      aria-label={t("quickSearch")}
      action="/search"
      className="relative mr-1.5 hidden w-50 xl:block"
    >
      <Icon as={Search} className="pointer-events-none absolute top-3 left-3.5 text-ink-3" />
      <input
        type="search"
        name="q"
        aria-label={t("search")}
        placeholder={t("searchPlaceholder", { count: pieceCount })}
        maxLength={100}
        className="h-11 w-full rounded-md bg-muted pr-3 pl-11 text-ui placeholder:text-ink-3"
      />
    </Form>
  );
}
