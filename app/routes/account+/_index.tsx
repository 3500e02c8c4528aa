import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { ThemeChoice } from "#app/features/account/theme-choice.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { readTheme } from "#app/server/theme.server.ts";
import { requireAccount } from "#app/server/visitor.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction = () => [{ title: pageTitle(messages.account.nav.profile) }];

export function loader(args: LoaderFunctionArgs) {
  return loadQueries(args, async (preload) => {
    const viewer = await preload(api.account.viewer.get);
    requireAccount(viewer, args.request);
    return { viewer, theme: await readTheme(args.context.cookies) };
  });
}

export default function AccountRoute() {
  const { viewer, theme } = useLoaderData<typeof loader>();
  const person = useLive(viewer);
  const t = useTranslations("account");
  const isBusy = useNavigation().formAction === "/sign-out";
  return (
    <>
      <h1 className="font-display text-h1">{t("nav.profile")}</h1>
      <dl className="mt-6 grid max-w-[28rem] grid-cols-[auto_1fr] gap-x-8 gap-y-2">
        <dt className="text-ink-3">{t("profile.name")}</dt>
        <dd>{person?.name}</dd>
        <dt className="text-ink-3">{t("profile.email")}</dt>
        <dd className="min-w-0 break-words">{person?.email}</dd>
      </dl>
      <div className="mt-10">
        <ThemeChoice theme={theme} />
      </div>
      <Form method="post" action="/sign-out" className="mt-10">
        <Button type="submit" busy={isBusy}>
          {t("profile.signOut")}
        </Button>
      </Form>
    </>
  );
}
