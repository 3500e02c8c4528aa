import { Clock } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { Icon } from "#app/components/ui/icon.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";

const SECOND_MS = 1000;
const WARN_SECONDS = 5 * 60;
const LAST_SECONDS = 60;
/** Clocks within this are taken for the same: what is left of it is the way over the network. */
const TOLERATED_MS = 10_000;

/**
 * How long the pieces stay held. The figure ticks silently; five minutes and one minute before the
 * end it is said aloud, and from then on the time can be prolonged.
 */
export function HoldCountdown({
  expiresAt,
  now,
  onExtend,
}: {
  readonly expiresAt: number;
  /** The shop's clock when the page was loaded: the visitor's own may be wrong. */
  readonly now: number;
  /** Gives the sentence of a refusal, or null. */
  readonly onExtend: () => Promise<string | null>;
}) {
  const t = useTranslations("checkout.hold");
  const seconds = useSecondsLeft(expiresAt, now);
  const [problem, setProblem] = useState<string | null>(null);
  const isOver = seconds === 0;
  return (
    <div className="mt-4 rounded-md bg-muted px-4 py-3.5 text-sm text-ink-2">
      <div className="flex gap-3">
        <Icon as={Clock} />
        <div>
          {isOver ? (
            <p>{t("over")}</p>
          ) : (
            <p>
              {t.rich("held", {
                left: formatTimeLeft(seconds),
                time: (chunks) => (
                  <strong role="timer" className="font-semibold text-ink tabular-nums">
                    {chunks}
                  </strong>
                ),
              })}
            </p>
          )}
          {seconds <= WARN_SECONDS && (
            <TextButton
              className="mt-1 text-ink"
              onClick={() => {
                void onExtend().then(setProblem);
              }}
            >
              {t("extend")}
            </TextButton>
          )}
          {problem !== null && (
            <p role="alert" className="mt-1 text-danger">
              {problem}
            </p>
          )}
        </div>
      </div>
      <p role="status" className="sr-only">
        {milestone(seconds, t)}
      </p>
    </div>
  );
}

/** "14:52". */
export function formatTimeLeft(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function milestone(seconds: number, t: ReturnType<typeof useTranslations<"checkout.hold">>) {
  if (seconds === 0) return t("over");
  if (seconds <= LAST_SECONDS) return t("oneMinute");
  return seconds <= WARN_SECONDS ? t("fiveMinutes") : "";
}

function useSecondsLeft(expiresAt: number, now: number): number {
  const [clock, setClock] = useState(now);
  useEffect(() => {
    const difference = now - Date.now();
    const skew = Math.abs(difference) > TOLERATED_MS ? difference : 0;
    const tick = () => setClock(Date.now() + skew);
    tick();
    const timer = setInterval(tick, SECOND_MS);
    return () => clearInterval(timer);
  }, [now]);
  return Math.max(0, Math.ceil((expiresAt - clock) / SECOND_MS));
}
