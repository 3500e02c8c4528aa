import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, redirect, useNavigation } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { isUnavailable } from "#app/server/convex.server.ts";
import { unavailable } from "#app/server/preload.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import { translate } from "#app/server/translator.server.ts";

export const meta: MetaFunction = () => [{ title: pageTitle(messages.auth.signOut.meta) }];

export function loader({ context }: LoaderFunctionArgs) {
  return context.session.key === null ? redirect("/") : null;
}

export async function action({ context }: ActionFunctionArgs) {
  try {
    await context.session.signOut();
  } catch (error) {
    if (isUnavailable(error)) throw unavailable();
    throw error;
  }
  return redirectWithToast(context, "/", { tone: "success", text: translate("auth.signOut.done") });
}

export default function SignOutRoute() {
  const t = useTranslations("auth.signOut");
  const isBusy = useNavigation().state !== "idle";
  return (
    <>
      <h1 className="font-display text-display">{t("title")}</h1>
      <p className="mt-3 mb-8 text-ink-2">{t("body")}</p>
      <Form method="post" className="grid gap-3">
        <Button type="submit" variant="primary" size="large" wide busy={isBusy}>
          {t("submit")}
        </Button>
        <ButtonLink to="/" size="large" wide>
          {t("stay")}
        </ButtonLink>
      </Form>
    </>
  );
}
