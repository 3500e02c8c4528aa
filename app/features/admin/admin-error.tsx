import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import { asAppError } from "#app/lib/errors.ts";
import { type Permission, ROLE_PERMISSIONS } from "#convex/domain/permissions.ts";

/** A page that is not for one's role says for which ones it is; `otherwise` is for other errors. */
export function AdminError({
  otherwise,
  framed = false,
}: {
  readonly otherwise: ReactNode;
  /** Where the frame of these pages is missing too: with the shop's name and the way home above. */
  readonly framed?: boolean;
}) {
  const t = useTranslations("admin.forbidden");
  const action = useTranslations("errorPages.forbidden");
  const error = useRouteError();
  const refusal = asAppError(isRouteErrorResponse(error) ? error.data : error);
  if (refusal?.code !== "FORBIDDEN") return <>{otherwise}</>;
  const notice = (
    <div className="py-section-m md:py-section">
      <EmptyState
        headingLevel="h1"
        tint="stone"
        icon={<Icon as={Lock} size={24} className="text-ink-2" />}
        title={t("title")}
        body={t("body", { role: lowestRoleWith(refusal.permission) })}
        action={<ButtonLink to="/">{action("action")}</ButtonLink>}
      />
    </div>
  );
  if (!framed) return notice;
  return (
    <>
      <header className="border-b border-line">
        <div className="shell flex h-header-m items-center md:h-header">
          <Logo />
        </div>
      </header>
      <main id="main" className="shell">
        {notice}
      </main>
    </>
  );
}

function lowestRoleWith(permission: Permission | null): "agent" | "manager" {
  if (permission === null || ROLE_PERMISSIONS.agent.includes(permission)) return "agent";
  return "manager";
}
