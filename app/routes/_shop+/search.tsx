import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { Search } from "lucide-react";
import { useTranslations } from "use-intl";

import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { readListView } from "#app/features/catalog/list-view.ts";
import { ProductResults } from "#app/features/catalog/product-results.tsx";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { readFromCursor } from "#app/server/list-cursor.server.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

const MAX_QUERY_LENGTH = 100;

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: pageTitle(data?.query ? `“${data.query}”` : messages.search.title) },
  { name: "robots", content: "noindex, follow" },
];

export function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url);
  const query = (searchParams.get("q") ?? "").trim().slice(0, MAX_QUERY_LENGTH);
  const { shown, after } = readListView(searchParams);
  return loadQueries(args, async (preload) => ({
    query,
    listKey: `${query}:${after ?? ""}`,
    results: await readFromCursor(args.request, () =>
      preload(api.shop.products.search, {
        query,
        paginationOpts: { numItems: shown, cursor: after },
      }),
    ),
  }));
}

export default function SearchRoute() {
  const { query, listKey, results: handle } = useLoaderData<typeof loader>();
  const t = useTranslations("search");
  const results = useLive(handle);
  const found = results.page.length;
  return (
    <div className="shell pb-section-m md:pb-24">
      <Breadcrumbs
        className="pt-4 md:pt-6"
        crumbs={[{ to: "/", label: t("home") }, { label: t("title") }]}
      />
      <h1 className="pt-3 font-display text-display text-balance break-words md:pt-5">
        {query === "" ? t("title") : t("titleFor", { query })}
      </h1>
      <SearchForm query={query} />
      {query === "" && <p className="text-ink-2">{t("hint")}</p>}
      {query !== "" && (
        <p role="status" className="pb-6 text-sm text-ink-2 tabular-nums">
          {results.isDone ? t("results", { count: found }) : t("resultsMore", { count: found })}
        </p>
      )}
      {query !== "" && found === 0 && (
        <EmptyState
          title={t("emptyTitle", { query })}
          body={t("emptyBody")}
          icon={<Icon as={Search} size={24} className="text-ink-2" />}
          action={<ButtonLink to="/c">{t("emptyAction")}</ButtonLink>}
        />
      )}
      {found > 0 && (
        <ProductResults result={results} listKey={listKey} total={null} label={t("resultsLabel")} />
      )}
    </div>
  );
}

function SearchForm({ query }: { readonly query: string }) {
  const t = useTranslations("search");
  return (
    <Form role="search" aria-label={t("label")} className="flex max-w-xl gap-3 pt-5 pb-7">
      <div className="relative flex-1">
        <Icon as={Search} className="pointer-events-none absolute top-[17px] left-4 text-ink-3" />
        <input
          key={query}
          type="search"
          name="q"
          defaultValue={query}
          maxLength={MAX_QUERY_LENGTH}
          aria-label={t("label")}
          placeholder={t("placeholder")}
          enterKeyHint="search"
          className="field-control !min-h-[54px] !pl-12"
        />
      </div>
      <Button type="submit" variant="primary" size="large" className="max-sm:px-5">
        {t("submit")}
      </Button>
    </Form>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
