import { X } from "lucide-react";
import { useId, type ReactNode } from "react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { IconButton } from "./icon-button.tsx";
import { useModal } from "./modal.tsx";

/** A panel from the side over the page: 448 px wide, the full width on phones. */
export function Drawer({
  open,
  onClose,
  title,
  side = "right",
  footer,
  children,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly side?: "left" | "right";
  readonly footer?: ReactNode;
  readonly children: ReactNode;
}) {
  const t = useTranslations("ui");
  const ref = useModal(open, onClose);
  const titleId = useId();
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      className={classNames(
        "m-0 h-dvh max-h-none w-full max-w-full border-line bg-surface p-0 backdrop:bg-overlay/42 open:backdrop:animate-fade md:w-[448px]",
        side === "right"
          ? "ml-auto open:animate-drawer-in md:border-l"
          : "mr-auto open:animate-drawer-in-left md:border-r",
      )}
    >
      <div className="flex h-full flex-col">
        <header className="flex items-center justify-between border-b border-line py-4.5 pr-4 pl-5 md:pl-7">
          <h2 id={titleId} className="font-display text-h2">
            {title}
          </h2>
          <IconButton icon={X} label={t("close")} onClick={onClose} />
        </header>
        <div className="min-h-0 flex-1 overflow-auto overscroll-contain px-5 py-2 md:px-7">
          {children}
        </div>
        {footer !== undefined && (
          <footer className="border-t border-line px-5 pt-5 pb-[calc(1.75rem+env(safe-area-inset-bottom))] md:px-7">
            {footer}
          </footer>
        )}
      </div>
    </dialog>
  );
}
