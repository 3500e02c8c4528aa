import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { TextareaField, TextField } from "#app/components/ui/field.tsx";
import { Panel } from "#app/components/ui/panel.tsx";

import { FormMessage } from "./form-message.tsx";
import type { AdminOrder } from "./order-steps.ts";
import { useStaffForm } from "./use-staff-form.ts";

type Step = "startProcessing" | "deliver" | "confirmTransfer";

const CARRIERS = ["DHL", "DPD", "GLS", "Hermes", "UPS"];

/** What may be done with the order now; every button is a form that works without scripts too. */
export function OrderActions({ order }: { readonly order: AdminOrder }) {
  const t = useTranslations("admin.order");
  const { can } = order;
  const steps = (["confirmTransfer", "startProcessing", "deliver"] as const).filter(
    (step) => can[step],
  );
  return (
    <Panel title={t("next")}>
      <div className="grid gap-4">
        <RefusedStep />
        {steps.map((step) => (
          <StepForm key={step} step={step} />
        ))}
        {can.ship && <ShipForm />}
        {steps.length === 0 && !can.ship && (
          <p className="text-sm text-ink-2">{t(`nothing.${order.state}`)}</p>
        )}
        {can.cancel && <CancelForm />}
      </div>
    </Panel>
  );
}

/** The form of a step may be gone by the time of the answer; the words about it stay. */
function RefusedStep() {
  const refusals = [
    useStepMessage("startProcessing"),
    useStepMessage("deliver"),
    useStepMessage("confirmTransfer"),
    useStepMessage("ship"),
    useStepMessage("cancel"),
  ];
  return <FormMessage text={refusals.find((text) => text !== null) ?? null} />;
}

const NO_FIELDS = [] as const;
const KNOWN_FIELDS: Record<string, readonly string[]> = {
  ship: ["carrier", "trackingNumber"],
  cancel: ["reason"],
};

function useStepMessage(intent: Step | "ship" | "cancel"): string | null {
  const t = useTranslations("admin.order");
  const { refusal, message, busy } = useStaffForm(intent, { fields: KNOWN_FIELDS[intent] ?? [] });
  if (busy) return null;
  if (refusal !== null && refusal !== "unavailable" && refusal.code === "ORDER_TRANSITION") {
    return t("refused", { from: refusal.from, to: refusal.to });
  }
  return message;
}

function StepForm({ step }: { readonly step: Step }) {
  const t = useTranslations("admin.order");
  const form = useStaffForm(step, { fields: NO_FIELDS, announces: false });
  return (
    <form.Form method="post">
      <input type="hidden" name="intent" value={step} />
      <Button type="submit" variant="primary" size="compact" wide busy={form.busy}>
        {t(step)}
      </Button>
    </form.Form>
  );
}

function ShipForm() {
  const t = useTranslations("admin.order");
  const form = useStaffForm<"carrier" | "trackingNumber">("ship", {
    fields: ["carrier", "trackingNumber"],
    announces: false,
  });
  return (
    <form.Form ref={form.formRef} method="post" noValidate className="grid gap-3">
      <input type="hidden" name="intent" value="ship" />
      <TextField
        compact
        label={t("carrier")}
        name="carrier"
        list="carriers"
        maxLength={60}
        autoComplete="off"
        defaultValue={form.valueOf("carrier")}
        error={form.problemOf("carrier")}
      />
      <datalist id="carriers">
        {CARRIERS.map((carrier) => (
          <option key={carrier} value={carrier} />
        ))}
      </datalist>
      <TextField
        compact
        label={t("trackingNumber")}
        name="trackingNumber"
        maxLength={60}
        autoComplete="off"
        defaultValue={form.valueOf("trackingNumber")}
        error={form.problemOf("trackingNumber")}
      />
      <Button type="submit" variant="primary" size="compact" wide busy={form.busy}>
        {t("ship")}
      </Button>
    </form.Form>
  );
}

/** Behind a step of its own, because it cannot be undone. */
function CancelForm() {
  const t = useTranslations("admin.order");
  const form = useStaffForm<"reason">("cancel", { fields: ["reason"], announces: false });
  const problem = form.problemOf("reason");
  return (
    <details open={problem !== null || undefined} className="border-t border-line pt-3">
      <summary className="inline-flex min-h-11 cursor-pointer items-center text-sm font-medium text-danger underline decoration-1 underline-offset-4 md:min-h-9">
        {t("cancelTitle")}
      </summary>
      <form.Form ref={form.formRef} method="post" noValidate className="mt-2 grid gap-3">
        <input type="hidden" name="intent" value="cancel" />
        <p className="text-sm text-ink-2">{t("cancelBody")}</p>
        <TextareaField
          compact
          label={t("reason")}
          hint={t("reasonHint")}
          name="reason"
          rows={2}
          maxLength={500}
          defaultValue={form.valueOf("reason")}
          error={problem}
        />
        <Button type="submit" variant="danger" size="compact" wide busy={form.busy}>
          {t("cancel")}
        </Button>
      </form.Form>
    </details>
  );
}
