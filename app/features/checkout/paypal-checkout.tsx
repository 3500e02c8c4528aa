import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";

import type { PayPalFlow } from "./use-paypal-flow.ts";

export type PayPalConfig = {
  readonly clientId: string;
  readonly environment: "sandbox" | "production";
  /** A script that takes the place of PayPal's; null for PayPal's own. */
  readonly sdkUrl: string | null;
};

// Only browsers pay: the server never loads PayPal's library.
const PayPalButton = lazy(() => import("./paypal-button.tsx"));

/** The button that pays by PayPal, with what happens meanwhile in words below it. */
export function PayPalCheckout({
  config,
  flow,
  label,
  disabled = false,
}: {
  readonly config: PayPalConfig;
  readonly flow: PayPalFlow;
  readonly label: string;
  readonly disabled?: boolean;
}) {
  const t = useTranslations("checkout.payment");
  const [attempt, setAttempt] = useState(0);
  const script = useSdkScript(config.sdkUrl, attempt);
  const loadAgain = () => setAttempt(attempt + 1);
  const waiting = (
    <Button variant="primary" size="large" wide busy aria-label={t("loading")}>
      {label}
    </Button>
  );
  return (
    <div>
      {script === "failed" && (
        <Notice tone="warning" role="alert">
          {t("notLoaded")} <TextButton onClick={loadAgain}>{t("loadAgain")}</TextButton>
        </Notice>
      )}
      {script === "loading" && waiting}
      {script === "ready" && (
        <Suspense fallback={waiting}>
          <PayPalButton
            key={attempt}
            config={config}
            flow={flow}
            label={label}
            disabled={disabled}
            onLoadAgain={loadAgain}
          />
        </Suspense>
      )}
      <p role="status" className="mt-3 text-center text-xs text-ink-3">
        {t(flow.phase === "idle" ? "safe" : flow.phase)}
      </p>
    </div>
  );
}

/** PayPal's loader uses a script that is there already and else fetches PayPal's own. */
function useSdkScript(url: string | null, attempt: number): "loading" | "ready" | "failed" {
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useEffect(() => {
    if (url === null) {
      setState("ready");
      return undefined;
    }
    setState("loading");
    const ended = new AbortController();
    const script = findScript(url) ?? addScript(url);
    const settle = (isLoaded: boolean) => {
      script.dataset["state"] = isLoaded ? "ready" : "failed";
      if (!isLoaded) script.remove();
      setState(isLoaded ? "ready" : "failed");
    };
    if (script.dataset["state"] === "ready") settle(true);
    script.addEventListener("load", () => settle(true), ended);
    script.addEventListener("error", () => settle(false), ended);
    return () => ended.abort();
  }, [url, attempt]);
  return state;
}

function findScript(url: string): HTMLScriptElement | undefined {
  return [...document.scripts].find(({ src }) => src === url);
}

function addScript(url: string): HTMLScriptElement {
  const script = document.createElement("script");
  script.src = url;
  document.head.append(script);
  return script;
}
