import { PayPalProvider, usePayPalOneTimePaymentSession } from "@paypal/react-paypal-js/sdk-v6";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";

import type { PayPalConfig } from "./paypal-checkout.tsx";
import type { PayPalFlow } from "./use-paypal-flow.ts";

type PayPalButtonProps = {
  readonly config: PayPalConfig;
  readonly flow: PayPalFlow;
  readonly label: string;
  readonly disabled: boolean;
  readonly onLoadAgain: () => void;
};

/** PayPal's session behind the shop's own button, so that the button can name the amount. */
export default function PayPalButton(props: PayPalButtonProps) {
  return (
    <PayPalProvider
      clientId={props.config.clientId}
      environment={props.config.environment}
      components={["paypal-payments"]}
      pageType="checkout"
    >
      <SessionButton {...props} />
    </PayPalProvider>
  );
}

function SessionButton({ flow, label, disabled, onLoadAgain }: PayPalButtonProps) {
  const t = useTranslations("checkout.payment");
  const { error, isPending, handleClick } = usePayPalOneTimePaymentSession({
    presentationMode: "auto",
    createOrder: flow.createOrder,
    onApprove: flow.approve,
    onCancel: flow.cancel,
    onError: flow.fail,
  });
  if (error !== null) {
    return (
      <Notice tone="warning" role="alert">
        {t("notLoaded")} <TextButton onClick={onLoadAgain}>{t("loadAgain")}</TextButton>
      </Notice>
    );
  }
  return (
    <Button
      variant="primary"
      size="large"
      wide
      busy={isPending || flow.isBusy}
      disabled={disabled}
      onClick={() => {
        // What goes wrong arrives at `onError`.
        void Promise.resolve(handleClick()).catch(flow.fail);
      }}
    >
      {label}
    </Button>
  );
}
