import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon, type IconComponent } from "#app/components/ui/icon.tsx";

/** In the place of a table that has no rows, or none that were searched for. */
export function NoRows({
  title,
  body,
  icon,
}: {
  readonly title: string;
  readonly body: string;
  readonly icon: IconComponent;
}) {
  return (
    <div className="px-4 py-10">
      <EmptyState
        title={title}
        body={body}
        icon={<Icon as={icon} size={24} className="text-ink-2" />}
      />
    </div>
  );
}
