/** One measured figure as `npm run bench` reports it. */
export interface Row {
  readonly bench: string;
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The control's figure from the same run, in the same unit. */
  readonly control: number | null;
  /** `value / control`. */
  readonly ratio: number | null;
  /** What the figure should reach, in words; `null` when it is only for information. */
  readonly reach: string | null;
  readonly ok: boolean | null;
}

/** What a figure has to reach: an absolute one, one relative to the control, or both. */
export interface Reach {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly ratioAtLeast?: number;
  readonly ratioAtMost?: number;
  /** Overrides the words made from the numbers. */
  readonly words?: string;
}

export type Report = (row: Row) => void;

export function makeRow(
  figure: Pick<Row, "bench" | "case" | "metric" | "value" | "unit">,
  control: number | null = null,
  reach: Reach | null = null,
): Row {
  const ratio = control === null || control === 0 ? null : figure.value / control;
  return {
    ...figure,
    value: rounded(figure.value),
    control: control === null ? null : rounded(control),
    ratio: ratio === null ? null : rounded(ratio),
    reach: reach === null ? null : (reach.words ?? wordsOf(reach)),
    ok: reach === null ? null : isReached(figure.value, ratio, reach),
  };
}

/** The rows as a table for people. */
export function formatTable(rows: readonly Row[]): string {
  const header = ["bench", "case", "metric", "value", "control", "ratio", "reach", ""];
  const lines = rows.map((row) => [
    row.bench,
    row.case,
    row.metric,
    `${formatNumber(row.value)} ${row.unit}`,
    row.control === null ? "" : formatNumber(row.control),
    row.ratio === null ? "" : String(row.ratio),
    row.reach ?? "",
    row.ok === null ? "" : row.ok ? "ok" : "MISSED",
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = format(widths.map((width) => "-".repeat(width)));
  return [format(header), rule, ...lines.map(format)].join("\n");
}

function isReached(value: number, ratio: number | null, reach: Reach): boolean {
  return (
    value >= (reach.atLeast ?? -Infinity) &&
    value <= (reach.atMost ?? Infinity) &&
    (ratio ?? 0) >= (reach.ratioAtLeast ?? -Infinity) &&
    (ratio ?? Infinity) <= (reach.ratioAtMost ?? Infinity)
  );
}

function wordsOf({ atLeast, atMost, ratioAtLeast, ratioAtMost }: Reach): string {
  const words = [
    atLeast === undefined ? null : `≥ ${formatNumber(atLeast)}`,
    atMost === undefined ? null : `≤ ${formatNumber(atMost)}`,
    ratioAtLeast === undefined ? null : `≥ ${String(ratioAtLeast)} × control`,
    ratioAtMost === undefined ? null : `≤ ${String(ratioAtMost)} × control`,
  ];
  return words.filter((word) => word !== null).join(", ");
}

function rounded(value: number): number {
  if (Math.abs(value) >= 100) return Math.round(value);
  return Number(value.toPrecision(3));
}

function formatNumber(value: number): string {
  return rounded(value).toLocaleString("en-GB", { maximumFractionDigits: 3 });
}
