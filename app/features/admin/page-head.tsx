import type { ReactNode } from "react";
import { useTranslations } from "use-intl";

import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { useIsConnected } from "#app/lib/convex-connection.tsx";

/** The title of a page of the shop's staff, and whether what it shows moves by itself just now. */
export function PageHead({
  title,
  children,
}: {
  readonly title: ReactNode;
  readonly children?: ReactNode;
}) {
  const t = useTranslations("admin");
  const isConnected = useIsConnected();
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <h1 className="min-w-0 font-display text-h2 break-words md:text-h1">{title}</h1>
      <div className="flex items-center gap-4">
        {children}
        <p className="inline-flex items-center gap-2 text-sm text-ink-2">
          <LiveDot state={isConnected ? "live" : "off"} pulse />
          {isConnected ? t("live") : t("notLive")}
        </p>
      </div>
    </div>
  );
}
