import { Link, useLocation } from "@remix-run/react";
import { Menu } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { Drawer } from "#app/components/ui/drawer.tsx";
import { IconButton, IconLink } from "#app/components/ui/icon-button.tsx";

import type { CategoryTree } from "./shop-header.tsx";

/** The categories in a drawer. Until scripts run, the button is a link to all of them. */
export function PhoneMenu({
  categories,
  isSignedIn,
}: {
  readonly categories: CategoryTree;
  readonly isSignedIn: boolean;
}) {
  const t = useTranslations("shop");
  const { pathname } = useLocation();
  const [hydrated, setHydrated] = useState(false);
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  useEffect(() => {
    setHydrated(true);
  }, []);
  useEffect(() => {
    setOpen(false);
  }, [pathname]);

  if (!hydrated) {
    return <IconLink icon={Menu} iconSize={24} label={t("menu")} to="/c" className="lg:hidden" />;
  }
  return (
    <div className="lg:hidden">
      <IconButton
        icon={Menu}
        iconSize={24}
        label={t("menu")}
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
        }}
      />
      <Drawer open={open} onClose={close} title={t("menu")} side="left">
        <nav aria-label={t("mainNav")}>
          <ul className="py-2">
            {categories.map((category) => (
              <li key={category.slug} className="border-b border-line py-2">
                <MenuLink to={`/c/${category.slug}`} strong onFollow={close}>
                  {category.name}
                </MenuLink>
                {category.children.length > 0 && (
                  <ul>
                    {category.children.map((child) => (
                      <li key={child.slug}>
                        <MenuLink to={`/c/${child.slug}`} onFollow={close}>
                          {child.name}
                        </MenuLink>
                      </li>
                    ))}
                  </ul>
                )}
              </li>
            ))}
            <li className="border-b border-line py-2">
              <MenuLink to="/c" strong onFollow={close}>
                {t("allCategories")}
              </MenuLink>
            </li>
            <li className="py-2">
              <MenuLink to={isSignedIn ? "/account/orders" : "/sign-in"} strong onFollow={close}>
                {isSignedIn ? t("footer.orders") : t("signIn")}
              </MenuLink>
            </li>
          </ul>
        </nav>
      </Drawer>
    </div>
  );
}

function MenuLink({
  to,
  strong = false,
  onFollow,
  children,
}: {
  readonly to: string;
  readonly strong?: boolean;
  readonly onFollow: () => void;
  readonly children: string;
}) {
  return (
    <Link
      to={to}
      onClick={onFollow}
      className={
        strong
          ? "flex min-h-11 items-center text-lg font-semibold"
          : "flex min-h-11 items-center text-ink-2"
      }
    >
      {children}
    </Link>
  );
}
