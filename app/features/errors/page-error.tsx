import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { CloudOff, Lock, PackageOpen, Unplug } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { useTranslations } from "use-intl";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon, type IconComponent } from "#app/components/ui/icon.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import { isAppError } from "#app/lib/errors.ts";

const ASK_AGAIN_MS = 3000;

/** An error that took the whole page, with the shop's name above it and the way home. */
export function PageError() {
  return (
    <>
      <header className="border-b border-line">
        <div className="shell flex h-header-m items-center md:h-header">
          <Logo />
        </div>
      </header>
      <main id="main">
        <SectionError />
      </main>
    </>
  );
}

/** What went wrong, inside a page whose header still stands. */
export function SectionError() {
  const error = useRouteError();
  if (isRouteErrorResponse(error)) {
    switch (error.status) {
      case 404:
        return <NotFoundNotice />;
      case 403:
        return <ForbiddenNotice permission={permissionOf(error.data)} />;
      case 503:
        return <UnavailableNotice />;
    }
  }
  return <FailureNotice />;
}

/** Nothing lives at this address; below it, whatever the page has to offer instead. */
export function NotFoundNotice({
  body,
  children,
}: {
  readonly body?: string;
  readonly children?: ReactNode;
}) {
  const t = useTranslations("notFound");
  return (
    <>
      <ErrorNotice
        icon={PackageOpen}
        title={t("title")}
        body={body ?? t("body")}
        action={
          <div className="flex flex-wrap justify-center gap-3">
            <ButtonLink to="/c?sort=newest" variant="primary">
              {t("arrivals")}
            </ButtonLink>
            <ButtonLink to="/search">{t("search")}</ButtonLink>
          </div>
        }
      />
      {children}
    </>
  );
}

function ForbiddenNotice({ permission }: { readonly permission: string | null }) {
  const t = useTranslations("failure");
  const body =
    permission === null
      ? t("forbiddenBody")
      : `${t("forbiddenBody")} ${t("forbiddenPermission", { permission })}`;
  return (
    <ErrorNotice
      icon={Lock}
      title={t("forbiddenTitle")}
      body={body}
      action={<ButtonLink to="/">{t("home")}</ButtonLink>}
    />
  );
}

/** The deployment cannot be reached; the page asks again by itself. */
function UnavailableNotice() {
  const t = useTranslations("failure");
  useEffect(() => {
    const timer = setTimeout(reload, ASK_AGAIN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return (
    <ErrorNotice
      icon={Unplug}
      title={t("unavailableTitle")}
      body={t("unavailableBody")}
      action={<Button onClick={reload}>{t("retry")}</Button>}
    />
  );
}

function FailureNotice() {
  const t = useTranslations("failure");
  return (
    <ErrorNotice
      icon={CloudOff}
      title={t("title")}
      body={t("body")}
      action={
        <Button variant="primary" onClick={reload}>
          {t("retry")}
        </Button>
      }
    />
  );
}

function ErrorNotice({
  icon,
  title,
  body,
  action,
}: {
  readonly icon: IconComponent;
  readonly title: string;
  readonly body: string;
  readonly action: ReactNode;
}) {
  return (
    <div className="shell py-section-m md:py-section">
      <EmptyState
        headingLevel="h1"
        tint="stone"
        icon={<Icon as={icon} size={24} className="text-ink-2" />}
        title={title}
        body={body}
        action={action}
      />
    </div>
  );
}

function permissionOf(data: unknown): string | null {
  return isAppError(data) && data.code === "FORBIDDEN" ? data.permission : null;
}

function reload() {
  window.location.reload();
}
