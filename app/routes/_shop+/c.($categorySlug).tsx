import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Breadcrumbs, type Crumb } from "#app/components/ui/breadcrumbs.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { FilterChip } from "#app/components/ui/filter-chip.tsx";
import { readListView } from "#app/features/catalog/list-view.ts";
import { ProductResults } from "#app/features/catalog/product-results.tsx";
import { SortForm } from "#app/features/catalog/sort-form.tsx";
import { NotFoundNotice, SectionError } from "#app/features/errors/page-error.tsx";
import { useLive, valueOf } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { readFromCursor } from "#app/server/list-cursor.server.ts";
import { loadQueries, notFound } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction<typeof loader> = ({ data }) => {
  if (data === undefined) return [{ title: pageTitle(messages.errorPages.notFound.title) }];
  return [
    { title: pageTitle(data.title) },
    { name: "description", content: data.description },
    { tagName: "link", rel: "canonical", href: data.canonical },
  ];
};

/** One category, or without a slug the whole shop. */
export function loader(args: LoaderFunctionArgs) {
  const slug = args.params["categorySlug"] ?? null;
  const url = new URL(args.request.url);
  const { sort, shown, after } = readListView(url.searchParams);
  return loadQueries(args, async (preload) => {
    const categoryHandle = slug === null ? null : await preload(api.shop.categories.get, { slug });
    const category = categoryHandle === null ? null : valueOf(categoryHandle);
    if (slug !== null && category === null) throw notFound();
    const [products, count] = await Promise.all([
      readFromCursor(args.request, () =>
        preload(api.shop.products.list, {
          category: slug,
          sort,
          paginationOpts: { numItems: shown, cursor: after },
        }),
      ),
      preload(api.shop.products.count, { category: slug }),
    ]);
    return {
      category: categoryHandle,
      products,
      count,
      sort,
      listKey: `${slug ?? ""}:${sort}:${after ?? ""}`,
      section: category?.breadcrumb[0]?.slug ?? null,
      title: category?.name ?? messages.catalog.everything,
      description: category?.description ?? messages.catalog.everythingDescription,
      canonical: `${args.context.settings.publicUrl}${url.pathname}`,
    };
  });
}

export default function CategoryRoute() {
  const data = useLoaderData<typeof loader>();
  const t = useTranslations("catalog");
  const products = useLive(data.products);
  const count = useLive(data.count);
  return (
    <div className="shell pb-section-m md:pb-24">
      {data.category === null ? (
        <ListHead title={t("everything")} description={t("everythingDescription")} above={[]} />
      ) : (
        <CategoryHead handle={data.category} />
      )}
      <div className="flex flex-wrap items-center justify-between gap-3 pb-6">
        <p className="text-sm text-ink-2 tabular-nums">{t("pieces", { count })}</p>
        <SortForm sort={data.sort} />
      </div>
      {products.page.length === 0 ? (
        <EmptyState
          title={t("emptyTitle")}
          body={t("emptyBody")}
          action={<ButtonLink to="/c">{t("emptyAction")}</ButtonLink>}
        />
      ) : (
        <ProductResults
          result={products}
          listKey={data.listKey}
          total={count}
          label={t("results")}
        />
      )}
    </div>
  );
}

type CategoryHandle = NonNullable<ReturnType<typeof useLoaderData<typeof loader>>["category"]>;

function CategoryHead({ handle }: { readonly handle: CategoryHandle }) {
  const category = useLive(handle);
  const [params] = useSearchParams();
  if (category === null) return <NotFoundNotice />;
  const sort = params.get("sort");
  return (
    <>
      <ListHead
        title={category.name}
        description={category.description}
        above={category.breadcrumb
          .slice(0, -1)
          .map(({ slug, name }) => ({ to: `/c/${slug}`, label: name }))}
      />
      {category.children.length > 0 && (
        <ul className="-mx-5 flex scrollbar-none gap-2.5 overflow-x-auto px-5 pb-5 md:mx-0 md:flex-wrap md:px-0">
          {category.children.map((child) => (
            <li key={child.slug}>
              <FilterChip
                to={`/c/${child.slug}${sort === null ? "" : `?sort=${sort}`}`}
                on={false}
                label={child.name}
              />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function ListHead({
  title,
  description,
  above,
}: {
  readonly title: string;
  readonly description: string;
  readonly above: readonly Crumb[];
}) {
  const t = useTranslations("catalog");
  return (
    <>
      <Breadcrumbs
        className="pt-4 md:pt-6"
        crumbs={[{ to: "/", label: t("home") }, ...above, { label: title }]}
      />
      <div className="pt-3 pb-5 md:pt-5 md:pb-7">
        <h1 className="font-display text-display">{title}</h1>
        <p className="mt-3 max-w-measure text-pretty text-ink-2">{description}</p>
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
