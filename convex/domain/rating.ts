/** Reviews in numbers; `distribution[0]` counts one star and `distribution[4]` five. */
export type RatingSummary = { count: number; sum: number; distribution: number[] };

const PRIOR_COUNT = 5;
const PRIOR_AVERAGE = 3.5;

export function isRating(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 5;
}

export function addRating(summary: RatingSummary | null, rating: number): RatingSummary {
  const before = summary ?? { count: 0, sum: 0, distribution: [0, 0, 0, 0, 0] };
  return {
    count: before.count + 1,
    sum: before.sum + rating,
    distribution: before.distribution.map((count, index) =>
      index === rating - 1 ? count + 1 : count,
    ),
  };
}

/** To one decimal, as it is shown. */
export function averageRating(summary: RatingSummary): number {
  return Math.round((summary.sum / summary.count) * 10) / 10;
}

/** For sorting: a single five-star review must not beat forty that average 4.8. */
export function ratingScore(summary: RatingSummary | null): number {
  const { count, sum } = summary ?? { count: 0, sum: 0 };
  return (sum + PRIOR_COUNT * PRIOR_AVERAGE) / (count + PRIOR_COUNT);
}
