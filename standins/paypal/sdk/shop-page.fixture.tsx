import { PayPalOneTimePaymentButton, PayPalProvider } from "@paypal/react-paypal-js/sdk-v6";
import { createRoot } from "react-dom/client";

type PresentationMode = "auto" | "popup" | "modal";

declare global {
  interface Window {
    /** What the SDK called, in order. */
    calls: unknown[][];
  }
}

const parameters = new URLSearchParams(location.search);
window.calls = [];

/** A shop's checkout with the official React library, unmodified. */
function Shop() {
  return (
    <PayPalProvider
      clientId={parameters.get("clientId") ?? ""}
      environment="sandbox"
      components={["paypal-payments"]}
      pageType="checkout"
    >
      <PayPalOneTimePaymentButton
        presentationMode={presentationMode()}
        createOrder={createOrder}
        onApprove={(data) => {
          window.calls.push(["approve", data]);
          return Promise.resolve();
        }}
        onCancel={(data) => window.calls.push(["cancel", data])}
        onError={(error) => window.calls.push(["error", error.message])}
        onComplete={(data) => window.calls.push(["complete", data.paymentSessionState])}
      />
    </PayPalProvider>
  );
}

function presentationMode(): PresentationMode {
  const mode = parameters.get("mode");
  return mode === "popup" || mode === "modal" ? mode : "auto";
}

async function createOrder(): Promise<{ orderId: string }> {
  const response = await fetch("/order", { method: "POST" });
  if (!response.ok) throw new Error("The shop made no order.");
  return (await response.json()) as { orderId: string };
}

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Shop />);
