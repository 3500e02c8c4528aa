import { useFetcher } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { isTheme, type Theme } from "#app/lib/theme.ts";

const CHOICES = ["system", "light", "dark"] as const;

/** Three buttons of one form, so that it works without scripts; set on the server to avoid a flash. */
export function ThemeChoice({ theme }: { readonly theme: Theme | null }) {
  const t = useTranslations("account.theme");
  const fetcher = useFetcher({ key: "theme" });
  const sent = fetcher.formData?.get("theme");
  const current = sent === undefined ? (theme ?? "system") : isTheme(sent) ? sent : "system";
  return (
    <fetcher.Form method="post" action="/resources/theme">
      <input type="hidden" name="redirectTo" value="/account" />
      <fieldset>
        <legend className="mb-2 text-sm font-semibold">{t("legend")}</legend>
        <div className="inline-flex gap-0.5 rounded-md bg-sunken p-[3px]">
          {CHOICES.map((choice) => (
            <button
              key={choice}
              type="submit"
              name="theme"
              value={choice}
              aria-pressed={choice === current}
              className={classNames(
                "min-h-11 rounded-[7px] px-4 text-sm font-semibold text-ink-2 hover:text-ink",
                choice === current && "bg-raised text-ink shadow-[0_0_0_1px_rgb(var(--line))]",
              )}
            >
              {t(choice)}
            </button>
          ))}
        </div>
      </fieldset>
    </fetcher.Form>
  );
}
