const WIDTH = 72;
const HEIGHT = 30;
const PADDING = 4;

/** The run of a figure, hidden from assistive technology: the words beside it say what matters. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  const points = toPoints(values);
  const end = points.at(-1);
  if (end === undefined) return null;
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="h-[30px] w-[72px] text-accent-text"
    >
      <polyline
        points={points.map((point) => `${point.x},${point.y}`).join(" ")}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx={end.x} cy={end.y} r="2.75" fill="currentColor" />
    </svg>
  );
}

function toPoints(values: readonly number[]): { x: number; y: number }[] {
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const step = values.length > 1 ? (WIDTH - 2 * PADDING) / (values.length - 1) : 0;
  return values.map((value, index) => ({
    x: round(PADDING + index * step),
    y: round(HEIGHT - PADDING - ((value - low) / range) * (HEIGHT - 2 * PADDING)),
  }));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
