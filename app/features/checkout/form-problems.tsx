import { useTranslations } from "use-intl";

import { Notice } from "#app/components/ui/notice.tsx";

type Problem = {
  readonly id: string;
  readonly label: string;
  readonly message: string;
};

/** What to put right, above the form and with a link to each field; it takes the focus. */
export function FormProblems({
  problems,
  message,
}: {
  readonly problems: readonly Problem[];
  /** What belongs to no field. */
  readonly message: string | null;
}) {
  const t = useTranslations("checkout");
  if (problems.length === 0 && message === null) return null;
  return (
    <div tabIndex={-1} data-form-problem="" className="rounded-md">
      <Notice tone="danger" role="alert">
        {message ?? (
          <>
            <strong className="font-semibold">{t("problems", { count: problems.length })}</strong>
            <ul className="mt-1 grid gap-1">
              {problems.map(({ id, label, message: sentence }) => (
                <li key={id}>
                  <a href={`#${id}`} className="underline underline-offset-4">
                    {label}
                  </a>
                  : {sentence}
                </li>
              ))}
            </ul>
          </>
        )}
      </Notice>
    </div>
  );
}
