import { Form, Link, useNavigation, useSearchParams } from "@remix-run/react";
import { useState } from "react";
import { useTranslations } from "use-intl";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Dialog } from "#app/components/ui/dialog.tsx";
import { Panel } from "#app/components/ui/panel.tsx";

const ASKED = "cancel";

/** Ends an order after one more question: in a dialog, or without scripts on the page itself. */
export function CancelOrder({ number }: { readonly number: string }) {
  const t = useTranslations("orders.cancel");
  const [params] = useSearchParams();
  const [open, setOpen] = useState(false);
  const isBusy = useNavigation().state !== "idle";
  const confirm = (
    <Form method="post" action="?" onSubmit={() => setOpen(false)}>
      <input type="hidden" name="intent" value="cancel" />
      <Button type="submit" variant="dangerSolid" busy={isBusy}>
        {t("confirm")}
      </Button>
    </Form>
  );
  return (
    <div>
      {params.has(ASKED) ? (
        <Panel title={t("title")}>
          <p className="mb-5 text-ink-2">{t("body", { number })}</p>
          <div className="flex flex-wrap gap-3">
            {confirm}
            <ButtonLink to="?">{t("keep")}</ButtonLink>
          </div>
        </Panel>
      ) : (
        <Link
          to={`?${ASKED}=1`}
          role="button"
          className="inline-flex min-h-11 w-full items-center justify-center rounded-md border border-danger/40 px-5 text-ui font-semibold text-danger hover:border-danger hover:bg-danger-soft"
          onClick={(event) => {
            event.preventDefault();
            setOpen(true);
          }}
        >
          {t("open")}
        </Link>
      )}
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={t("title")}
        actions={
          <>
            <Button onClick={() => setOpen(false)}>{t("keep")}</Button>
            {confirm}
          </>
        }
      >
        {t("body", { number })}
      </Dialog>
    </div>
  );
}
