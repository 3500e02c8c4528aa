import { Form, useSubmit } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";

import { type Sort, sorts } from "./list-view.ts";

/** The order of a list, kept in its address. Without scripts a button sends the choice. */
export function SortForm({ sort }: { readonly sort: Sort }) {
  const t = useTranslations("catalog");
  const submit = useSubmit();
  return (
    <Form method="get" className="flex items-center gap-2">
      <label htmlFor="sort" className="sr-only">
        {t("sortLabel")}
      </label>
      <select
        key={sort}
        id="sort"
        name="sort"
        defaultValue={sort}
        className="select-control field-control !min-h-11 !w-auto border-line-strong/55 !py-1.5 text-sm font-semibold md:!min-h-10 md:!rounded-full"
        onChange={(event) => {
          submit(event.currentTarget.form, { preventScrollReset: true });
        }}
      >
        {sorts.map((candidate) => (
          <option key={candidate} value={candidate}>
            {t(`sort.${candidate}`)}
          </option>
        ))}
      </select>
      <noscript>
        <Button type="submit">{t("sortApply")}</Button>
      </noscript>
    </Form>
  );
}
