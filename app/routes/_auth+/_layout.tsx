import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Logo } from "#app/components/ui/logo.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { Tile } from "#app/components/ui/tile.tsx";
import { type Live, useLive } from "#app/lib/live-query.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

export function loader(args: LoaderFunctionArgs) {
  return loadQueries(args, async (preload) => {
    const [home, cartCount, viewer] = await Promise.all([
      preload(api.shop.home.get),
      preload(api.shop.cart.count),
      preload(api.account.viewer.get),
    ]);
    return { home, cartCount, viewer };
  });
}

/** The form on the left, one product in the display case on the right; phones show the form alone. */
export default function AuthLayoutRoute() {
  const { home, cartCount, viewer } = useLoaderData<typeof loader>();
  const isGuest = useLive(viewer)?.kind === "guest";
  const t = useTranslations("auth");
  return (
    <div className="mx-auto grid min-h-dvh w-full max-w-[1440px] lg:grid-cols-2">
      <div className="flex flex-col px-5 py-4 md:px-10">
        <header className="flex items-center justify-between">
          <Logo />
          <TextLink to="/" className="text-sm">
            {t("backToShop")}
          </TextLink>
        </header>
        <main id="main" className="mx-auto my-auto w-full max-w-[400px] py-14">
          <Outlet />
        </main>
        <footer className="min-h-5 text-xs text-ink-3">
          {isGuest && <CartRemark cartCount={cartCount} />}
        </footer>
      </div>
      <DisplayCase home={home} />
    </div>
  );
}

function CartRemark({ cartCount }: { readonly cartCount: Live<typeof api.shop.cart.count> }) {
  const t = useTranslations("auth");
  const count = useLive(cartCount);
  return <p>{t("cartStays", { count })}</p>;
}

function DisplayCase({ home }: { readonly home: Live<typeof api.shop.home.get> }) {
  const { hero, justIn } = useLive(home);
  const product = hero?.tiles[0] ?? justIn[0];
  if (product === undefined) return null;
  return (
    <aside aria-hidden="true" className="hidden py-4 pr-4 lg:block">
      <Tile
        tint={product.tint}
        picture={product.picture}
        sizes="30vw"
        decorative
        className="sticky top-4 h-[calc(100dvh-2rem)] min-h-[480px] rounded-xl"
      >
        <div className="absolute inset-x-8 bottom-7 flex items-end justify-between gap-4">
          <div>
            <p className="font-semibold">{product.name}</p>
            <p className="text-sm text-ink-2">{product.brand}</p>
          </div>
          <Price price={product.price} from={product.priceVaries} />
        </div>
      </Tile>
    </aside>
  );
}
