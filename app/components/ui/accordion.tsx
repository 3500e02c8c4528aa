import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";

import { Icon } from "./icon.tsx";

/** Sections under hairlines that open one by one; native, so they work without scripts. */
export function Accordion({ children }: { readonly children: ReactNode }) {
  return <div className="border-b border-line">{children}</div>;
}

export function AccordionItem({
  title,
  open = false,
  children,
}: {
  readonly title: string;
  readonly open?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <details open={open} className="group/item border-t border-line">
      <summary className="flex min-h-14 list-none items-center justify-between gap-4 py-3 font-semibold hover:text-accent-text">
        <h2>{title}</h2>
        <Icon
          as={ChevronDown}
          className="transition-transform duration-base group-open/item:rotate-180"
        />
      </summary>
      <div className="pt-1 pb-6">{children}</div>
    </details>
  );
}
