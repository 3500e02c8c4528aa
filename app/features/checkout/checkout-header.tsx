import { useLocation } from "@remix-run/react";
import { Lock } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslations } from "use-intl";

import { Icon } from "#app/components/ui/icon.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";

/** The shop's name and the way back to the cart, and nothing that leads astray. */
export function CheckoutHeader({ isEncrypted }: { readonly isEncrypted: boolean }) {
  const t = useTranslations();
  const { pathname } = useLocation();
  const isDone = pathname.startsWith("/checkout/done/");
  useStepFocus(pathname);
  return (
    <>
      <a
        href="#main"
        className="absolute -top-15 left-4 z-skip rounded-md bg-inverse px-4 py-2.5 text-on-inverse focus:top-3"
      >
        {t("shop.skipToContent")}
      </a>
      <header className="border-b border-line">
        <div className="shell flex h-header-m items-center justify-between gap-4 md:h-header">
          <Logo />
          <div className="flex items-center gap-6 text-sm">
            {isEncrypted && (
              <p className="flex items-center gap-2.5 text-ink-2 max-md:hidden">
                <Icon as={Lock} size={16} /> {t("checkout.encrypted")}
              </p>
            )}
            {!isDone && (
              <TextLink to="/cart" className="py-2">
                {t("checkout.toCart")}
              </TextLink>
            )}
          </div>
        </div>
      </header>
    </>
  );
}

/** A step is another page without another document: the focus goes to its title. */
function useStepFocus(pathname: string): void {
  const shown = useRef(pathname);
  useEffect(() => {
    if (pathname === shown.current) return;
    shown.current = pathname;
    document.getElementById("step-title")?.focus();
  }, [pathname]);
}
