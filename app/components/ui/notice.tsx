import { CircleCheck, Info, Tag, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";
import { Icon, type IconComponent } from "./icon.tsx";

export type NoticeTone = "accent" | "success" | "warning" | "danger" | "plain";

/** What changed, went well or went wrong, as a lasting part of the page. */
export function Notice({
  tone = "accent",
  icon,
  title,
  role,
  className,
  children,
}: {
  readonly tone?: NoticeTone;
  readonly icon?: IconComponent;
  readonly title?: ReactNode;
  /** `alert` for what must be heard at once, `status` for what appears in passing. */
  readonly role?: "alert" | "status";
  readonly className?: string | undefined;
  readonly children?: ReactNode;
}) {
  return (
    <div
      role={role}
      className={classNames(
        "flex gap-3 rounded-md px-4 py-3.5 text-sm",
        toneClass[tone],
        className,
      )}
    >
      <Icon as={icon ?? toneIcon[tone]} />
      <div className="min-w-0">
        {title !== undefined && <strong className="font-semibold">{title}</strong>}
        {title !== undefined && children !== undefined && " "}
        {children}
      </div>
    </div>
  );
}

const toneClass: Record<NoticeTone, string> = {
  accent: "bg-accent-soft text-on-accent-soft",
  success: "bg-success-soft text-success",
  warning: "bg-warning-soft text-warning",
  danger: "bg-danger-soft text-danger",
  plain: "bg-muted text-ink-2",
};

const toneIcon: Record<NoticeTone, IconComponent> = {
  accent: Tag,
  success: CircleCheck,
  warning: TriangleAlert,
  danger: TriangleAlert,
  plain: Info,
};
