import type { ReactNode } from "react";

/** One family of components under a heading, states side by side. */
export function SpecimenSection({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <section className="grid gap-4 border-t border-line py-8 md:grid-cols-[176px_minmax(0,1fr)] md:gap-10">
      <h2 className="font-semibold">{title}</h2>
      <div className="flex flex-wrap items-start gap-x-6 gap-y-5">{children}</div>
    </section>
  );
}

/** One state, named below. */
export function Specimen({
  name,
  wide = false,
  children,
}: {
  readonly name: string;
  /** The full width of the section, for what fills its place. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={wide ? "grid w-full gap-2" : "flex max-w-full flex-col items-start gap-2"}>
      {children}
      <p className="text-xs text-ink-3">{name}</p>
    </div>
  );
}
