import { RefreshCw } from "lucide-react";
import { useTranslations } from "use-intl";

import { Icon } from "./icon.tsx";

/**
 * Says that what is shown may be a moment old. The page stays readable beneath; the region is
 * always in the document, so that its words are announced when they appear.
 */
export function ConnectionBanner({ connected }: { readonly connected: boolean }) {
  const t = useTranslations("ui");
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-4 bottom-[calc(1.5rem+var(--bottom-bar,0px)+env(safe-area-inset-bottom))] z-toast flex justify-center"
    >
      {!connected && <ConnectionNotice text={t("reconnecting")} />}
    </div>
  );
}

/** The notice by itself, as the component page shows it. */
export function ConnectionNotice({ text }: { readonly text: string }) {
  return (
    <p className="pointer-events-auto flex min-h-12 animate-rise-in items-center gap-3 rounded-thumb bg-inverse px-4 py-3 text-sm text-on-inverse shadow-pop">
      <Icon as={RefreshCw} />
      {text}
    </p>
  );
}
