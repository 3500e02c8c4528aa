import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";

export type Column<Row> = {
  readonly key: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand right-aligned with tabular digits. */
  readonly numeric?: boolean;
  /** Left out below 768 px, where the three columns that matter remain. */
  readonly wide?: boolean;
};

/**
 * Rows of the same kind. A row that leads somewhere holds a real link with the class
 * `row-link`, which covers the whole row.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  empty,
}: {
  /** Says what the rows are; hidden from sight. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly empty?: ReactNode;
}) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    <table className="w-full border-collapse text-sm">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th
              key={column.key}
              scope="col"
              className={cellClass(
                column,
                "sticky top-0 z-sticky bg-surface py-2 text-xs font-medium text-ink-3",
              )}
            >
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr
            key={rowKey(row)}
            className="relative transition-colors duration-fast has-[.row-link:hover]:bg-sunken last:[&>td]:border-b-0"
          >
            {columns.map((column) => (
              <td key={column.key} className={cellClass(column, "py-[9px] align-middle")}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function cellClass(
  column: { readonly numeric?: boolean; readonly wide?: boolean },
  base: string,
): string {
  return classNames(
    "border-b border-line px-3 whitespace-nowrap first:pl-5 last:pr-5",
    column.numeric === true ? "text-right tabular-nums" : "text-left",
    column.wide === true && "max-md:hidden",
    base,
  );
}
