import { useId, type ReactNode } from "react";

import { useModal } from "./modal.tsx";

/**
 * Asks before something that cannot be undone. The buttons repeat the verb: "Cancel order" and
 * "Keep order", never "OK".
 */
export function Dialog({
  open,
  onClose,
  title,
  children,
  actions,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  readonly actions: ReactNode;
}) {
  const ref = useModal(open, onClose);
  const titleId = useId();
  const bodyId = useId();
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      aria-describedby={bodyId}
      className="m-auto w-[calc(100%-2rem)] max-w-[440px] rounded-dialog border border-line bg-surface p-0 shadow-pop backdrop:bg-overlay/42 open:animate-rise-in open:backdrop:animate-fade"
    >
      <div className="px-7 pt-6.5 pb-6">
        <h2 id={titleId} className="font-display text-h2 text-balance">
          {title}
        </h2>
        <div id={bodyId} className="mt-2.5 text-ink-2">
          {children}
        </div>
        <div className="mt-6 flex flex-wrap justify-end gap-3">{actions}</div>
      </div>
    </dialog>
  );
}
