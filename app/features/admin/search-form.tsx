import { Form } from "@remix-run/react";
import { Search } from "lucide-react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Icon } from "#app/components/ui/icon.tsx";

/** Searches a list; the words are in its address, and so is what was filtered already. */
export function SearchForm({
  query,
  label,
  placeholder,
  kept = {},
}: {
  readonly query: string;
  readonly label: string;
  readonly placeholder: string;
  readonly kept?: Readonly<Record<string, string>>;
}) {
  const t = useTranslations("admin.search");
  return (
    <Form role="search" aria-label={label} className="flex w-full max-w-md gap-2">
      {Object.entries(kept).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <div className="relative min-w-0 flex-1">
        <Icon
          as={Search}
          size={16}
          className="pointer-events-none absolute top-1/2 left-3.5 -translate-y-1/2 text-ink-3"
        />
        <input
          key={query}
          type="search"
          name="q"
          defaultValue={query}
          maxLength={100}
          aria-label={label}
          placeholder={placeholder}
          enterKeyHint="search"
          className="field-control !pl-10 md:!min-h-10 md:!rounded-[9px] md:!py-2 md:text-sm"
        />
      </div>
      <Button type="submit" size="compact">
        {t("submit")}
      </Button>
    </Form>
  );
}
