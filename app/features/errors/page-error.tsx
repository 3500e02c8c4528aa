import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { CloudOff, Lock, PackageOpen, Unplug } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { useTranslations } from "use-intl";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon, type IconComponent } from "#app/components/ui/icon.tsx";
import { Logo } from "#app/components/ui/logo.tsx";
import { asAppError, needsSignIn } from "#app/lib/errors.ts";
import { useRequestId } from "#app/lib/render-context.ts";

const ASK_AGAIN_MS = 3000;

export type ErrorKind = "notFound" | "forbidden" | "unavailable" | "unexpected";

/** Which of the few error pages belongs to what a loader, an action or a component threw. */
export function kindOfError(error: unknown): ErrorKind {
  if (!isRouteErrorResponse(error)) return kindOfRefusal(error);
  switch (error.status) {
    case 404:
      return "notFound";
    case 403:
      return "forbidden";
    case 503:
      return "unavailable";
    default:
      return "unexpected";
  }
}

/** A live query may be refused later on: the right was taken away, or the thing itself. */
function kindOfRefusal(error: unknown): ErrorKind {
  const refusal = asAppError(error);
  if (refusal?.code === "NOT_FOUND") return "notFound";
  return refusal?.code === "FORBIDDEN" ? "forbidden" : "unexpected";
}

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
  const refusal = asAppError(error);
  if (refusal !== null && needsSignIn(refusal)) return <SignInAgain />;
  const kind = kindOfError(error);
  switch (kind) {
    case "notFound":
      return <NotFoundNotice />;
    case "forbidden":
      return <ErrorNotice kind={kind} icon={Lock} action={<HomeLink />} />;
    case "unavailable":
      return <UnavailableNotice />;
    case "unexpected":
      return <UnexpectedNotice />;
  }
}

/** Nothing lives at this address; what the page offers instead comes as children. */
export function NotFoundNotice({
  body,
  children,
}: {
  readonly body?: string;
  readonly children?: ReactNode;
}) {
  const t = useTranslations("errorPages.notFound");
  return (
    <>
      <ErrorNotice
        kind="notFound"
        icon={PackageOpen}
        body={body}
        action={
          <div className="flex flex-wrap justify-center gap-3">
            <ButtonLink to="/c?sort=newest" variant="primary">
              {t("arrivals")}
            </ButtonLink>
            <ButtonLink to="/search">{t("search")}</ButtonLink>
          </div>
        }
      />
      {children !== undefined && <div className="shell pb-section-m md:pb-section">{children}</div>}
    </>
  );
}

/** The session ended under an open page: loaded anew, it leads to the sign-in page and back. */
function SignInAgain() {
  useEffect(reload, []);
  return null;
}

/** The deployment cannot be reached; the page asks again by itself. */
function UnavailableNotice() {
  useEffect(() => {
    const timer = setTimeout(reload, ASK_AGAIN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return (
    <ErrorNotice kind="unavailable" icon={Unplug} action={<RetryButton kind="unavailable" />} />
  );
}

function UnexpectedNotice() {
  const t = useTranslations("errorPages.unexpected");
  const requestId = useRequestId();
  return (
    <ErrorNotice kind="unexpected" icon={CloudOff} action={<RetryButton kind="unexpected" />}>
      {requestId !== undefined && (
        <p className="mt-6 text-center text-xs text-ink-3">{t("reference", { id: requestId })}</p>
      )}
    </ErrorNotice>
  );
}

function ErrorNotice({
  kind,
  icon,
  body,
  action,
  children,
}: {
  readonly kind: ErrorKind;
  readonly icon: IconComponent;
  readonly body?: string | undefined;
  readonly action: ReactNode;
  readonly children?: ReactNode;
}) {
  const t = useTranslations("errorPages");
  return (
    <div className="shell py-section-m md:py-section">
      <EmptyState
        headingLevel="h1"
        tint="stone"
        icon={<Icon as={icon} size={24} className="text-ink-2" />}
        title={t(`${kind}.title`)}
        body={body ?? t(`${kind}.body`)}
        action={action}
      />
      {children}
    </div>
  );
}

function HomeLink() {
  const t = useTranslations("errorPages.forbidden");
  return <ButtonLink to="/">{t("action")}</ButtonLink>;
}

function RetryButton({ kind }: { readonly kind: "unavailable" | "unexpected" }) {
  const t = useTranslations("errorPages");
  return (
    <Button variant="primary" onClick={reload}>
      {t(`${kind}.action`)}
    </Button>
  );
}

function reload() {
  window.location.reload();
}
