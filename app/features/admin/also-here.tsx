import usePresence from "@convex-dev/presence/react";
import { useTranslations } from "use-intl";

import { Avatar } from "#app/components/ui/avatar.tsx";
import { api } from "#convex/_generated/api.js";

const MAX_NAMED = 2;

/**
 * Colleagues who have this page open too, so that no two pack one parcel. On phones only their
 * initials, which find room in the line: somebody's arrival moves nothing.
 */
export function AlsoHere({ room }: { readonly room: string }) {
  const t = useTranslations("admin");
  // The server knows who is asking; the name only keeps this page's session apart.
  const others = usePresence(api.admin.presence, room, "viewer") ?? [];
  const names = others.map(({ name }) => name ?? "");
  return (
    <div role="status" className="flex min-h-7 items-center">
      {names.length > 0 && (
        <span className="flex items-center gap-2 text-sm text-ink-2">
          <span className="flex -space-x-1.5">
            {names.slice(0, MAX_NAMED).map((name) => (
              <Avatar key={name} name={name} size="small" presence="live" />
            ))}
          </span>
          <span className="max-sm:sr-only">
            {t("alsoHere", {
              count: names.length,
              name: names[0] ?? "",
              others: names.length - 1,
            })}
          </span>
        </span>
      )}
    </div>
  );
}
