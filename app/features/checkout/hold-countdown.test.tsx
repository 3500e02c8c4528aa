import { act } from "react";
import { beforeEach, expect, test, vi } from "vitest";

import { button, only, render } from "#tests/support/render.tsx";

import { HoldCountdown } from "./hold-countdown.tsx";

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  return () => vi.useRealTimers();
});

test("the time left ticks down without being said aloud", () => {
  const page = render(<Countdown minutes={15} />);
  expect(timer(page)).toBe("15:00");

  pass(8_000);

  expect(timer(page)).toBe("14:52");
  expect(said(page)).toBe("");
});

test("five minutes and one minute before the end are said, each once", () => {
  const page = render(<Countdown minutes={15} />);

  pass(10 * MINUTE_MS - 1_000);
  expect(said(page)).toBe("");
  pass(1_000);
  expect(said(page)).toBe("Your pieces are held for 5 more minutes.");
  pass(3 * MINUTE_MS);
  expect(said(page)).toBe("Your pieces are held for 5 more minutes.");
  pass(MINUTE_MS);
  expect(said(page)).toBe("Your pieces are held for 1 more minute.");
});

test("a hold whose time is over says so and can be taken anew", async () => {
  const extend = vi.fn(() => Promise.resolve(null));
  const page = render(<Countdown minutes={1} onExtend={extend} />);
  pass(MINUTE_MS);

  expect(page.querySelector("[role=timer]")).toBeNull();
  expect(said(page)).toContain("The time is over");
  await act(async () => button(page, "Hold for 15 more minutes").click());

  expect(extend).toHaveBeenCalledOnce();
});

test("it cannot be prolonged while there is plenty of time", () => {
  const page = render(<Countdown minutes={15} />);

  expect(page.querySelectorAll("button")).toHaveLength(0);
});

test("a refusal to prolong is said beside it", async () => {
  const page = render(
    <Countdown minutes={2} onExtend={() => Promise.resolve("Solo radio is sold out.")} />,
  );

  await act(async () => button(page, "Hold for 15 more minutes").click());

  expect(only(page, "[role=alert]").textContent).toBe("Solo radio is sold out.");
});

test("a visitor whose clock is an hour ahead still has the whole time", () => {
  vi.setSystemTime(NOW + 60 * MINUTE_MS);
  const page = render(<Countdown minutes={15} />);

  pass(1_000);

  expect(timer(page)).toBe("14:59");
});

function Countdown({
  minutes,
  onExtend = () => Promise.resolve(null),
}: {
  readonly minutes: number;
  readonly onExtend?: () => Promise<string | null>;
}) {
  return <HoldCountdown expiresAt={NOW + minutes * MINUTE_MS} now={NOW} onExtend={onExtend} />;
}

function pass(ms: number): void {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
}

function timer(page: HTMLElement): string | null {
  return only(page, "[role=timer]").textContent;
}

function said(page: HTMLElement): string | null {
  return only(page, "[role=status]").textContent;
}
